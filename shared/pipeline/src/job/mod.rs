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

mod answered;
mod context;
mod dependency;
mod effects;
mod failure;
mod handler;
mod newest;
mod payload;
mod registry;
mod results;
mod scoped;
mod shared;
mod steps;

pub use answered::accepted;
pub use context::{Context, Limits};
pub use dependency::{Breakers, Dependency};
pub use effects::Effects;
pub(crate) use failure::recorded;
pub use failure::{ErrorClass, Failure, Recovery};
pub use handler::{Handler, JobResult, Outcome};
pub use newest::{FURTHEST_AHEAD, Newest};
pub(crate) use payload::opened;
pub use payload::{Body, Delivery, Json, Payload, UnusableDelivery};
pub use registry::{Job, On, Registry};
pub use results::{LARGEST_INLINE_BYTES, LARGEST_RESULT_BYTES, result_document};
pub use scoped::{AcrossTenants, ScopedDocuments, ScopedRecords};
pub use shared::Shared;
pub use steps::{Begun, EffectKey, Journal, LARGEST_RESULTS_BYTES, MOST_STEPS, Step};
