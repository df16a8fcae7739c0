//! What is recorded of events and runs, and the state machine of a run.
//!
//! ```text
//!            claim                    settle
//!   (none) ---------> running(lease) ---------> done | ignored
//!                      ^   |    |
//!       lease ran out  |   |    +-------------> dead --- buried ---> dead
//!       or not_before  |   v                     |
//!       has come       +-- retrying              | a message of a later generation
//!                      ^                         | (a dead letter that was moved back)
//!                      +-------------------------+
//! ```
//!
//! Every move is computed here, without I/O, from the run as it was read; the store writes the
//! result only if the run still carries the same [`Fence`]. So an illegal move cannot be written,
//! and the late write of a worker that lost its lease is refused.

mod event;
mod item;
mod run;

use std::time::Duration;

pub use event::{EventRecord, EventRef, Sighting};
pub use item::{AttemptItem, EventItem, RunItem, UnreadableItem};
pub use run::{
    Attempt, AttemptFailure, Claim, DeadReason, Ending, Fence, Run, RunId, RunState, Settlement,
    Unclaimable,
};

/// How long records live: longer than any provider retries, and than a message can stay in the
/// queue and the dead-letter queue together.
pub const RECORD_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
