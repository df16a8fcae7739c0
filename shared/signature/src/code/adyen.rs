//! Adyen's payment webhooks: every item of a batch is signed by itself, in eight of
//! its fields.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde_json::value::RawValue;

use super::claim::{Claim, Each, signature, text};
use crate::Rejection;
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::parse::json;

const ITEMS: &str = "notificationItems";
const ITEM: &str = "NotificationRequestItem";
const SIGNATURE: [&str; 2] = ["additionalData", "hmacSignature"];
const FIELDS: [&[&str]; 8] = [
    &["pspReference"],
    &["originalReference"],
    &["merchantAccountCode"],
    &["merchantReference"],
    &["amount", "value"],
    &["amount", "currency"],
    &["eventCode"],
    &["success"],
];

const DIGEST: Digest = Digest::Sha256;

pub(super) fn claims(lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
    let missing = || Rejection::MissingField { name: ITEMS.to_owned() };
    let items = json::member(lookup.body_as_json()?, ITEMS).ok_or_else(missing)?;
    let mut outcome = Err(missing());
    json::elements(items, |item| {
        outcome = claim(item, DIGEST).map(|claim| each(&claim));
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    outcome
}

fn claim(item: &RawValue, digest: Digest) -> Result<Claim<'_>, Rejection> {
    let missing = |name: &str| Rejection::MissingField { name: name.to_owned() };
    let item = json::member(item, ITEM).ok_or_else(|| missing(ITEM))?;
    let stated = json::within(item, &SIGNATURE).and_then(json::string);
    let stated = stated.ok_or_else(|| missing(&SIGNATURE.join(".")))?;
    let stated = signature(&stated, Encoding::Base64, digest)
        .ok_or_else(|| Rejection::MalformedField { name: SIGNATURE.join(".") })?;
    let mut message = Vec::new();
    for (index, path) in FIELDS.into_iter().enumerate() {
        message.extend([text(if index == 0 { "" } else { ":" }), text(field(item, path)?)]);
    }
    Ok(Claim { signatures: vec![stated], messages: vec![message] })
}

/// A field that is missing is signed as an empty one.
fn field<'a>(item: &'a RawValue, path: &[&str]) -> Result<Cow<'a, str>, Rejection> {
    match json::within(item, path).filter(|value| !json::is_null(value)) {
        None => Ok(Cow::Borrowed("")),
        Some(value) => {
            json::scalar(value).ok_or_else(|| Rejection::MalformedField { name: path.join(".") })
        }
    }
}
