#![doc = include_str!("../README.md")]
#![warn(clippy::missing_errors_doc, clippy::missing_panics_doc)]
// Numbers in here are chosen by the sender of the request.
#![deny(clippy::arithmetic_side_effects)]

mod headers;
mod rejection;
mod request;
mod request_view;
mod secret;
mod time;

pub mod catalog;
mod definition;
pub mod describe;

mod code;
mod compare;
mod encoding;
mod events;
mod handshake;
mod hosts;
mod key_text;
mod keys;
mod lookup;
mod parse;
mod presented;
mod sign;
mod verify;

pub use definition::{
    Citation, Class, Control, DefinitionError, Delivery, Handshake, ItemPlace, Items, Provider,
    Response, ResponseHeader, Scheme, SecretNotes, Selector, Setting, Trust, TrustMarks,
    UnknownSetting, Weakness,
};
pub use events::items::{Found, Item, Sought, item_at};
pub use events::select::{SelectError, Selected};
pub use handshake::answer::{Answer, Exchange, HandshakeRefusal, RefusedHandshake};
pub use handshake::handshake;
pub use headers::{Headers, Repeated};
pub use keys::error::UnusableKeys;
pub use keys::key::{Key, KeySet, Keys};
pub use keys::key_requests;
pub use keys::request::{Credentials, Hidden, KeyRequest, KeySource};
pub use rejection::Rejection;
pub use request::Request;
pub use request_view::RequestView;
pub use secret::{EmptySecret, Secret};
pub use sign::{SignError, sign, sign_with};
pub use time::{EpochMillis, EpochSeconds};
pub use verify::{Proof, secret_fits, verify, verify_with};
