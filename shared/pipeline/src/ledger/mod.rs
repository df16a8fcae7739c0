//! What is recorded of events and runs, and the state machine of a run.
//!
//! ```text
//!            claim                    settle
//!   (none) ---------> running(lease) ---------> done | ignored
//!                      ^   |  ^ |
//!       lease ran out  |   |  | +--- steps: begun, saved
//!       or not_before  |   |  |
//!       has come       |   |  +-----------------> dead --- dead-lettered ---> dead
//!                      |   v                       |
//!                      +-- retrying | waiting      | a message of a later generation
//!                      ^                           | (a dead letter that was moved back)
//!                      +---------------------------+
//! ```
//!
//! A person moves a run as well: `dead` to `dismissed` and back, and a run that retries or waits
//! to the same state, due now.
//!
//! A run whose job is not registered, or that a person holds, is moved without a claim: from any state in which it is due
//! to `waiting`, and at the end of its time to `dead`. One that waits for longer than a message is
//! hidden has a [`Wake`] besides: its message is gone.
//!
//! Every move is computed here, without I/O, from the run as it was read; the store writes the
//! result only if the run still carries the same [`Fence`]. So an illegal move cannot be written,
//! and the late write of a worker that lost its lease is refused. A run holds its steps, so a
//! claim brings all that was saved along, and one condition guards them.

pub mod breaker;
pub mod dead_letter;
mod effect_key;
pub mod entity;
mod event;
mod history;
mod hold;
mod item;
mod run;
mod run_acts;
mod run_claim;
mod run_steps;
mod run_wake;
mod state;
mod step;
mod stored;
mod wake;

pub use effect_key::EffectKey;
pub use event::{Dedupe, DeliveryRecord, EventRecord, EventRef, Packed, Recorded};
pub use history::History;
pub use hold::{HOLDS_READ_EVERY, Hold, HoldScope, Holds, MOST_HOLDS};
pub use item::RunItem;
pub use run::{Claim, Fence, Run, RunId, Unclaimable};
pub use state::{
    Attempt, AttemptFailure, AttemptResult, DeadReason, Ending, JOB_UNREGISTERED, RunState,
    Settlement,
};
pub use step::{Saved, StepRecord, StepResult};
pub use stored::RECORD_LIFE;
pub use wake::{LONGEST_HIDDEN, Shard, Wake};
