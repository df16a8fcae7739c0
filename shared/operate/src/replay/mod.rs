//! Many runs set going again: what is meant is counted and frozen first, then sent at a pace.
//!
//! ```text
//!            run                    the first is done
//!   planned -----> canary -----------------------------> running -----> finished
//!      |             |  ^                                 |   ^
//!      |       pause |  | continue                  pause |   | continue
//!      |             +--+---------> paused <--------------+---+
//!      |                              | cancel
//!      +------------------------------+--------------------------------> cancelled
//! ```
//!
//! Nothing here runs by itself. Whoever drives an operation calls [`Operator::drive`] each second,
//! and may die at any moment: what is sent is marked before, and what became of it is written
//! before it is forgotten. A mark whose message was never sent is sent again, with the same
//! generation, so the run is set going once.
//!
//! [`Operator::drive`]: crate::Operator::drive

mod books;
mod count;
mod drive;
mod judge;
mod plan;
mod send;
mod state;
mod turn;

pub use books::ReportLine;
pub use plan::{Plan, PlanOrder};
pub use state::{Pace, Phase, Progress};
pub use turn::{Turn, TurnOrder};
