//! What an operator looks at and does, over ports.
//!
//! The pipeline decides what becomes of a webhook; this crate is for the person who asks what did,
//! and who acts on it. It does no I/O of its own, has no clock, and knows no AWS type:
//! `hookdock-embedded` and `hookdock-aws` implement its [`ports`], and `hookdock-console` serves it
//! as JSON over HTTP.

mod account;
mod act;
mod beginning;
mod body;
mod dead;
mod diff;
mod list;
mod name;
mod operator;
mod page;
pub mod ports;
mod pretty;
mod redact;
mod selection;
mod short;
mod show;
mod status;
mod trouble;

pub use account::{
    AttemptAccount, Event, ItemAccount, Next, Received, RunAccount, State, StepAccount, StepState,
    VERSION,
};
pub use act::{Act, Item, Operation, Order, Outcome, Seen};
pub use beginning::Beginning;
pub use body::{Header, Headers, View};
pub use dead::{By, Dead, DeadLetterAccount, Group};
pub use diff::{Change, Diff};
pub use name::{Name, Target};
pub use operator::{Configured, Operator};
pub use page::{Looked, Page, Paging};
pub use selection::{Filters, Selection};
pub use status::{EndpointAccount, Status};
pub use trouble::{Code, Trouble};
