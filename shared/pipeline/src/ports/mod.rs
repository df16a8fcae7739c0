//! What the use cases and the jobs ask of the world. Each port is as wide as its caller needs.
//!
//! The futures of the ports that a job meets are boxed, because it meets them behind `dyn`: its
//! author writes plain functions without type parameters.
//!
//! `hookdock-aws` and `hookdock-embedded` implement all of them, and one suite of contract tests
//! holds both to the same behaviour.

mod archive;
mod cells;
mod conditional;
mod documents;
mod endpoints;
mod intake;
mod ledger;
mod mail;
mod model;
mod notices;
mod queue;
mod records;
mod web;

pub use archive::{Archive, Deliveries, Packs};
pub use cells::{Cell, CellItem, Cells};
pub use conditional::Conditional;
pub use documents::{Document, DocumentName, Documents};
pub use endpoints::{Captured, Captures, Endpoints, Providers};
pub use intake::{ArchiveThenQueue, Intake};
pub use ledger::{CommitRefused, DueRuns, Histories, Ledger};
pub use mail::{Email, Mail};
pub use model::{Answer, AnswerForm, Model, Prompt, Usage};
pub use notices::{Notice, Notices};
pub use queue::{MOST_AT_ONCE, Messages, WorkQueue};
pub use records::{Record, Records};
pub use web::Web;
