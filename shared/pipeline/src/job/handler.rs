//! What counts as a job: an async function of a context and a payload.

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use hookdock_signature::EpochMillis;

use crate::job::context::Context;
use crate::job::payload::{Delivery, Payload};
use crate::model::failure::Failure;

/// How a job ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done.
    Done,
    /// There was nothing to do, for this reason; 500 characters of it are recorded.
    Ignored(String),
    /// It is too early: the job runs again then, and this attempt does not count.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hookdock_pipeline::job::{Context, JobResult, Outcome};
    /// async fn remind(cx: Context, (): ()) -> JobResult {
    ///     let due = cx.received_at().plus(Duration::from_secs(60 * 60));
    ///     if cx.started_at() < due {
    ///         return Ok(Outcome::Defer { until: due, cause: "an hour later".to_owned() });
    ///     }
    ///     Ok(Outcome::Done)
    /// }
    /// ```
    Defer {
        /// The time before which it makes no sense.
        until: EpochMillis,
        /// What it waits for; 500 characters of it are recorded.
        cause: String,
    },
}

/// How a job ended.
pub type JobResult = Result<Outcome, Failure>;

/// An async function that can be registered as a job.
///
/// Implemented for every `async fn(Context, P) -> JobResult` whose `P` is a [`Payload`].
pub trait Handler<P>: Send + Sync + 'static {
    /// Takes the payload and runs the function.
    fn call(&self, cx: Context, delivery: &Delivery) -> BoxFuture<'static, JobResult>;
}

impl<F, P, R> Handler<P> for F
where
    F: Fn(Context, P) -> R + Send + Sync + 'static,
    P: Payload + 'static,
    R: Future<Output = JobResult> + Send + 'static,
{
    fn call(&self, cx: Context, delivery: &Delivery) -> BoxFuture<'static, JobResult> {
        match P::of(delivery) {
            Ok(payload) => self(cx, payload).boxed(),
            Err(failure) => ready(Err(failure)).boxed(),
        }
    }
}
