//! Jobs: the business logic that runs for an event.
//!
//! A job is a plain async function of a [`Context`] and a typed payload. A [`Registry`] says
//! which events it runs for:
//!
//! ```
//! use hookdock_pipeline::job::{Context, JobResult, Json, On, Outcome, Registry};
//!
//! #[derive(serde::Deserialize)]
//! struct Push {
//!     after: String,
//! }
//!
//! async fn build(cx: Context, Json(push): Json<Push>) -> JobResult {
//!     tracing::info!(commit = push.after, run.attempt = cx.attempt(), "building");
//!     Ok(Outcome::Done)
//! }
//!
//! let registry = Registry::new().job("build", On::provider("github").event("push"), build);
//! # assert_eq!(registry.jobs().count(), 1);
//! ```
//!
//! Delivery is at least once: a job runs again when its attempt failed, timed out or died, also
//! after its last line. It must write conditionally, or hand its target a key that stays the same.

mod breakers;
mod cell;
mod context;
mod dependency;
mod effects;
mod handler;
mod http_answer;
mod ordered;
mod payload;
mod reach;
mod registry;
mod results;
mod scoped;
mod steps;
mod unconfirmed;
mod worker;

pub use breakers::Breakers;
pub use context::{Context, Limits};
pub use dependency::Dependency;
pub use effects::Effects;
pub use handler::{Handler, JobResult, Outcome};
pub use http_answer::accepted;
pub use ordered::{FURTHEST_AHEAD, Ordered};
pub(crate) use payload::opened;
pub use payload::{Body, Delivery, Json, Payload, UnusableDelivery};
pub use registry::{Job, On, Registry};
pub use results::{LARGEST_INLINE_BYTES, LARGEST_RESULT_BYTES, result_document};
pub use scoped::{AcrossTenants, ScopedDocuments, ScopedRecords};
pub use steps::{LARGEST_RESULTS_BYTES, MOST_STEPS, Step};
pub use unconfirmed::Unconfirmed;
pub use worker::{StepStart, WorkerContext};

pub use crate::ledger::EffectKey;
pub use crate::model::failure::{ErrorClass, Failure, Recovery};
