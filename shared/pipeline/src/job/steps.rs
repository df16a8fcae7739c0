//! Steps: named parts of a run whose results are saved, so that a retry does not repeat them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::job::context::Context;
use crate::job::handler::{JobResult, Outcome};
use crate::job::scoped::within;
use crate::job::worker::StepStart;
use crate::ledger::EffectKey;
use crate::model::failure::{ErrorClass, Failure};
use crate::model::names::StepName;
use crate::model::scope::Scope;
use crate::ports::{Conditional, Record};

/// How much of results a run can hold. A run is one item, an item holds 400 KB (DynamoDB
/// quotas, read 2026-11), and its end must still fit in.
pub const LARGEST_RESULTS_BYTES: usize = 256 * 1024;

/// How many steps a run can have.
pub const MOST_STEPS: usize = 200;

/// A step under way.
#[derive(Debug, Clone)]
pub struct Step {
    effect_key: EffectKey,
}

impl Step {
    /// The key to hand to the target, such as Stripe's `Idempotency-Key`: whoever honours it
    /// makes the step's effect happen once, however often the step runs.
    #[must_use]
    pub fn effect_key(&self) -> &EffectKey {
        &self.effect_key
    }
}

impl Context {
    /// Does the work of a step, unless an earlier attempt has: then its result is returned.
    ///
    /// ```
    /// # use bytes::Bytes;
    /// # use hookdock_pipeline::job::{Context, JobResult, Outcome, accepted};
    /// # use http::Request;
    /// # async fn charge(cx: Context) -> JobResult {
    /// let charged = cx.step("charge", async |step| {
    ///     let request = Request::post("https://pay.example.com/charges")
    ///         .header("Idempotency-Key", step.effect_key().as_str())
    ///         .body(Bytes::from_static(b"amount=4200"))
    ///         .expect("a request");
    ///     let answer = accepted("charge the customer", cx.web()?.call(request).await?)?;
    ///     Ok(String::from_utf8_lossy(&answer).into_owned())
    /// });
    /// let receipt: String = charged.await?;
    /// # drop(receipt);
    /// # Ok(Outcome::Done)
    /// # }
    /// ```
    ///
    /// A worker can die between the work and the save, so the work may run again. Hand its target
    /// [`Step::effect_key`], use [`Context::checked_step`], or, for a business record,
    /// [`Context::commit`].
    ///
    /// A result is JSON of at most [`LARGEST_RESULT_BYTES`](super::LARGEST_RESULT_BYTES); what is
    /// over [`LARGEST_INLINE_BYTES`](super::LARGEST_INLINE_BYTES) is kept as a document, and needs
    /// documents to be set up.
    ///
    /// A step is found by its name. Steps may change places between deployments, be added and be
    /// left out; one with a new name is a new step and runs.
    ///
    /// # Errors
    ///
    /// What the work says; or the run's record is unavailable, belongs to another worker by
    /// now, or cannot take the result.
    pub async fn step<T, F, R>(&self, name: &str, work: F) -> Result<T, Failure>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce(Step) -> R,
        R: Future<Output = Result<T, Failure>>,
    {
        self.checked_step(name, async |_| Ok(None), work).await
    }

    /// Like [`Context::step`], for work that must not be repeated and whose target takes no key.
    /// Where the step began before and saved nothing, `check` looks whether the work happened:
    /// `Some` is then the step's result, and `None` lets the work run.
    ///
    /// ```
    /// # use hookdock_pipeline::job::{Context, Failure};
    /// # async fn found() -> Result<Option<u64>, Failure> { Ok(None) }
    /// # async fn create() -> Result<u64, Failure> { Ok(1) }
    /// # async fn ticket(cx: Context) -> Result<u64, Failure> {
    /// // `found` asks the target for a ticket with our reference, and `create` makes one.
    /// cx.checked_step("create-ticket", async |_| found().await, async |_| create().await).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Context::step`], and what the check says.
    pub async fn checked_step<T, C, Q, F, R>(
        &self,
        name: &str,
        check: C,
        work: F,
    ) -> Result<T, Failure>
    where
        T: Serialize + DeserializeOwned,
        C: FnOnce(Step) -> Q,
        Q: Future<Output = Result<Option<T>, Failure>>,
        F: FnOnce(Step) -> R,
        R: Future<Output = Result<T, Failure>>,
    {
        let name = step_name(name)?;
        let step = Step { effect_key: self.effect_key(&name) };
        let happened = match self.worker().begin(&name).await? {
            StepStart::Saved(result) => return self.restored(&name, &result).await,
            StepStart::Lost => return Err(lost()),
            StepStart::Full => return Err(full(&name)),
            StepStart::First => None,
            StepStart::Again => check(step.clone()).await?,
        };
        let result = match happened {
            Some(result) => result,
            None => work(step).await?,
        };
        let saved = self.worker().save(&name, &self.kept(&name, &result).await?).await?;
        if saved { Ok(result) } else { Err(lost()) }
    }

    /// Like [`Context::step`], for the step that a job ends with: the write that ends the run saves
    /// it too, and the step costs one write instead of two.
    ///
    /// A job returns what this returns, and does nothing after it: a worker that died over that
    /// would leave the step unknown, and its work would be done again.
    ///
    /// ```
    /// # use hookdock_pipeline::job::{Context, EffectKey, Failure, JobResult};
    /// # async fn tell(_: &EffectKey) -> Result<(), Failure> { Ok(()) }
    /// async fn notify(cx: Context, (): ()) -> JobResult {
    ///     cx.last_step("notify", async |step| tell(step.effect_key()).await).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Context::step`].
    pub async fn last_step<F, R>(&self, name: &str, work: F) -> JobResult
    where
        F: FnOnce(Step) -> R,
        R: Future<Output = Result<(), Failure>>,
    {
        let name = step_name(name)?;
        match self.worker().begin(&name).await? {
            StepStart::Saved(_) => return Ok(Outcome::Done),
            StepStart::Lost => return Err(lost()),
            StepStart::Full => return Err(full(&name)),
            StepStart::First | StepStart::Again => {}
        }
        work(Step { effect_key: self.effect_key(&name) }).await?;
        let saved = self.worker().save_last(&name).await?;
        if saved { Ok(Outcome::Done) } else { Err(lost()) }
    }

    /// Inserts a business record as a step: the record and the step's completion are written in
    /// one transaction, so the run that inserts it knows for ever that it did.
    /// [`Conditional::Refused`]: another run of the same tenant has written a record of that id,
    /// which has this content.
    ///
    /// ```
    /// # use hookdock_pipeline::job::{Context, JobResult, Outcome};
    /// # use hookdock_pipeline::ports::{Conditional, Record};
    /// # use serde_json::json;
    /// # async fn order(cx: Context) -> JobResult {
    /// let order = Record {
    ///     collection: "orders".to_owned(),
    ///     id: "cs_1".to_owned(),
    ///     body: json!({ "amount": 4200 }),
    /// };
    /// match cx.commit("create-order", order).await? {
    ///     Conditional::Written => Ok(Outcome::Done),
    ///     Conditional::Refused(_) => Ok(Outcome::Ignored("the order is there".to_owned())),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The records are unavailable, the id is longer than
    /// [`LONGEST_ID_BYTES`](crate::model::scope::LONGEST_ID_BYTES), or the run belongs to another worker
    /// by now.
    pub async fn commit(&self, name: &str, record: Record) -> Result<Conditional<Value>, Failure> {
        self.commit_in(self.scope(), name, record).await
    }

    pub(super) async fn commit_in(
        &self,
        scope: &Scope,
        name: &str,
        record: Record,
    ) -> Result<Conditional<Value>, Failure> {
        let (name, record) = (step_name(name)?, within(scope, record)?);
        self.worker().commit(&name, &record).await?.ok_or_else(lost)
    }
}

fn step_name(name: &str) -> Result<StepName, Failure> {
    name.parse().map_err(|error| Failure::permanent(ErrorClass::Bug, format!("step: {error}")))
}

/// Before the work and not after it, which would then be done again and again.
fn full(name: &StepName) -> Failure {
    let message = format!(
        "step {name} cannot be saved: a run has {MOST_STEPS} steps and \
         {LARGEST_RESULTS_BYTES} bytes of results at most"
    );
    Failure::permanent(ErrorClass::Bug, message)
}

fn lost() -> Failure {
    Failure::transient(ErrorClass::TimedOut, "another worker has claimed the run")
}
