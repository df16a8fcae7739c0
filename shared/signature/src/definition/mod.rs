//! A provider's definition: data, and how it is read from a file. Everything else imports it, and
//! it imports nothing.

pub(crate) mod algorithm;
mod check;
mod class;
pub(crate) mod control;
mod delivery;
mod error;
mod file;
pub(crate) mod handshake;
pub(crate) mod items;
pub(crate) mod jwt;
pub(crate) mod keys;
pub(crate) mod module;
pub(crate) mod operator_text;
pub(crate) mod path;
mod placeholder;
mod provider;
pub(crate) mod reply;
pub(crate) mod scheme;
pub(crate) mod selector;
pub(crate) mod signature;
pub(crate) mod sns;
pub(crate) mod template;
mod unproven;
mod weakness;
mod windows;

pub use class::Class;
pub use control::Control;
pub use delivery::{Citation, Delivery, Response, ResponseHeader, SecretNotes, Trust, TrustMarks};
pub use error::{DefinitionError, UnknownSetting};
pub use handshake::Handshake;
pub use items::{ItemPlace, Items};
pub use provider::{Provider, Setting};
pub use scheme::Scheme;
pub use selector::Selector;
pub use weakness::Weakness;
