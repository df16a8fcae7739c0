//! What an operator looks at and does, over ports.
//!
//! The pipeline decides what becomes of a webhook; this crate is for the person who asks what did,
//! and who acts on it. It does no I/O of its own, has no clock, and knows no AWS type:
//! `hookdock-embedded` and `hookdock-aws` implement its [`ports`], and `hookdock-console` serves it
//! as JSON over HTTP.

mod account;
mod act;
mod audit;
mod beginning;
mod body;
mod dead;
mod diff;
mod hold;
mod list;
mod name;
mod operator;
mod outcome;
mod page;
pub mod ports;
mod pretty;
mod redact;
mod replay;
mod selection;
mod short;
mod show;
mod status;
mod trouble;

pub use account::{
    AttemptAccount, Event, ItemAccount, Next, Received, RunAccount, State, StepAccount, StepState,
    VERSION,
};
pub use act::{Act, Item, Operation, Order, Seen};
pub use audit::{Audit, AuditOrder, AuditedHour};
pub use beginning::Beginning;
pub use body::{Header, Headers, View};
pub use dead::{By, Dead, DeadLetterAccount, Group};
pub use diff::{Change, Diff};
pub use hold::{HoldAccount, HoldOrder};
pub use name::{Name, Target};
pub use operator::{Configured, Operator};
pub use outcome::Outcome;
pub use page::{Looked, Page, Paging};
pub use replay::{Pace, Phase, Plan, PlanOrder, Progress, ReportLine, Turn, TurnOrder};
pub use selection::{Filters, Selection};
pub use status::{EndpointAccount, Status};
pub use trouble::{Code, Trouble};
