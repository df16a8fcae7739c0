//! What Amazon SNS signs: the fields of a message that are there, each as its name and its value
//! on lines of their own ("Verifying the signatures of Amazon SNS messages", and npm
//! sns-validator 0.3.5, read 2026-11).
//!
//! The fields are told apart by nothing but newlines, and the first one, the message, is free
//! text. So no other value may hold a newline, and the type has to be one of the three: then the
//! text can be read from its end in one way only, and nobody who publishes to one topic can have
//! it read as a message of another.

use std::borrow::Cow;

use crate::Rejection;
use crate::definition::sns::{FIELDS, TYPES};
use crate::lookup::Lookup;
use crate::parse::json;

/// The message, in the pieces of which it consists.
pub(crate) fn message<'a>(lookup: &Lookup<'a>) -> Result<Vec<Cow<'a, str>>, Rejection> {
    let body = lookup.body_as_json()?;
    let mut pieces = Vec::new();
    for (name, needed) in FIELDS {
        let malformed = || Rejection::MalformedField { name: name.to_owned() };
        let value = match json::member(body, name).filter(|value| !json::is_null(value)) {
            None if needed => return Err(Rejection::MissingField { name: name.to_owned() }),
            None => continue,
            Some(value) => json::string(value).ok_or_else(malformed)?,
        };
        if (name != "Message" && value.contains('\n'))
            || (name == "Type" && !TYPES.contains(&&*value))
        {
            return Err(malformed());
        }
        pieces.extend([Cow::Borrowed(name), Cow::Borrowed("\n"), value, Cow::Borrowed("\n")]);
    }
    Ok(pieces)
}
