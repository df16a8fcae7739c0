//! One request, what it carries, and its written forms.

mod content_encoding;
pub mod events;
pub mod identity;
pub mod incoming;
pub mod message;
pub mod object_key;
pub mod pack;
pub mod part;
pub mod raw;
pub mod recipient;
pub mod reference;
pub mod sealed;
pub mod stored;
pub mod verified;
