//! Whether a job keeps its promises when it is interrupted: a test to run on one's own jobs.
//!
//! [`Conformance`] runs the jobs for an example once, undisturbed, and learns what they write and
//! what they do outside. Then it runs them again in a fresh world for each of these calls, and
//! lets the worker die right after it, or lets the call fail, or lets its answer get lost. A next
//! attempt goes on undisturbed. What it says in the end is in [`Report`]:
//!
//! - an effect that happened more often than undisturbed, or, after a death, never;
//! - a step whose work was done again although its result was saved;
//! - a step that is called something else by a later attempt, or yields something else;
//! - a job that ends otherwise, panics, gives up, or does not come to an end;
//! - a job that already fails when nothing disturbs it, also because a result is too large.
//!
//! ```
//! # use hookdock_pipeline::job::{Effects, Registry};
//! # use hookdock_pipeline::ports::Ledger;
//! # use hookdock_pipeline::testing::{Conformance, Example, Report};
//! # async fn check<L: Ledger>(registry: Registry, world: impl Fn() -> (L, Effects)) -> Result<(), Report> {
//! let example = Example::of("stripe", "invoice.paid", r#"{"id": "evt_1"}"#);
//! let passed = Conformance::of(registry, example).check(world).await?;
//! assert!(passed.interruptions > 0);
//! # Ok(())
//! # }
//! ```
//!
//! `world` makes a fresh ledger and fresh effects, each time that it is called; those of
//! `hookdock-embedded` are made for it. Time does not pass by itself, so nothing is cut off.
//!
//! What counts as an effect: a record or a document that is new, by its name; an e-mail, a notice
//! and a question to a model, each time; an HTTP call that is answered 2xx and is no GET, HEAD or
//! OPTIONS: by its `Idempotency-Key` if it has one, by its URL if it is a PUT or a DELETE, each
//! time otherwise. SES, Slack and most models know no keys: a step that calls them does so again
//! when its worker dies before the save. [`Conformance::may_repeat`] is for those, and says why.

mod compare;
mod example;
mod exceptions;
#[expect(unused_parens, reason = "macros take the parentheses around a type for its group")]
mod intercepted;
mod report;
mod stubs;
mod trial;
mod watch;
mod watched;

pub use example::Example;
pub use intercepted::{Answered, Call, Intercepted, Interceptor, Invocation};
pub use report::{Fault, Finding, Interruption, Passed, Report, Trouble};

use crate::job::{Effects, Registry};
use crate::ports::Ledger;
use crate::testing::compare::Findings;
use crate::testing::exceptions::Exceptions;
use crate::testing::trial::Bench;
use crate::testing::watch::Plan;

/// A check of the jobs that run for an example.
#[derive(Debug)]
pub struct Conformance {
    registry: Registry,
    example: Example,
    exceptions: Exceptions,
}

impl Conformance {
    /// Checks the jobs of the registry that run for the example.
    #[must_use]
    pub fn of(registry: Registry, example: Example) -> Self {
        Self { registry, example, exceptions: Exceptions::default() }
    }

    /// The effects of that step may happen more than once, for this reason. A step that never
    /// makes use of it is reported.
    ///
    /// ```
    /// # use hookdock_pipeline::job::Registry;
    /// # use hookdock_pipeline::testing::{Conformance, Example};
    /// # fn check(registry: Registry, example: Example) -> Conformance {
    /// Conformance::of(registry, example)
    ///     .may_repeat("send-invoice", "SES knows no idempotency keys")
    ///     .may_differ("ask-model", "a model words its answer as it likes")
    /// # }
    /// ```
    #[must_use]
    pub fn may_repeat(mut self, step: &'static str, why: &'static str) -> Self {
        self.exceptions.repeats.insert(step, why);
        self
    }

    /// That step may yield something else each time that it runs, for this reason. A step that
    /// never makes use of it is reported.
    #[must_use]
    pub fn may_differ(mut self, step: &'static str, why: &'static str) -> Self {
        self.exceptions.differs.insert(step, why);
        self
    }

    /// Runs the jobs, undisturbed and then disturbed at each call in turn. `world` makes a fresh
    /// ledger and fresh effects.
    ///
    /// # Errors
    ///
    /// What the jobs do that they must not.
    pub async fn check<L: Ledger>(
        self,
        world: impl Fn() -> (L, Effects),
    ) -> Result<Passed, Report> {
        let mut bench = Bench::new(self.registry, &self.example);
        let usual = bench.run(world(), None).await;
        let mut findings = Findings::undisturbed(self.exceptions, &usual);
        // A job that fails by itself leaves nothing to compare with.
        let calls = if findings.is_empty() { usual.seen.calls } else { 0 };
        for call in 0..calls {
            for trouble in Trouble::ALL {
                let trial = bench.run(world(), Some(Plan { call, trouble })).await;
                findings.disturbed(&usual, &trial);
            }
        }
        findings.into_result(&usual, calls.saturating_mul(Trouble::ALL.len()))
    }
}
