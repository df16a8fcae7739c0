//! Adyen's payment webhooks: every item of a batch is signed by itself, in eight of
//! its fields.

use serde_json::Value;

use super::{Claim, Module, signature, text};
use crate::Rejection;
use crate::input::Input;
use crate::parse::path::scalar;
use crate::spec::scheme::{Digest, Encoding, KeyFormat, KeyRule};

const ITEMS: &str = "notificationItems";
const ITEM: &str = "NotificationRequestItem";
const SIGNATURE: &str = "additionalData.hmacSignature";
const FIELDS: [&str; 8] = [
    "/pspReference",
    "/originalReference",
    "/merchantAccountCode",
    "/merchantReference",
    "/amount/value",
    "/amount/currency",
    "/eventCode",
    "/success",
];

pub(super) struct Adyen;

impl Module for Adyen {
    fn name(&self) -> &'static str {
        "adyen"
    }

    fn digest(&self) -> Digest {
        Digest::Sha256
    }

    fn key(&self) -> KeyRule {
        KeyRule { format: KeyFormat::Hex, ..KeyRule::default() }
    }

    fn claims<'a>(&self, input: &Input<'a>) -> Result<Vec<Claim<'a>>, Rejection> {
        let items = input.body_as_json()?.get(ITEMS).and_then(Value::as_array);
        let items = items.filter(|items| !items.is_empty());
        let items = items.ok_or_else(|| Rejection::MissingField { name: ITEMS.to_owned() })?;
        let claims = items.iter().map(|item| claim(item, self.digest()));
        claims.collect()
    }
}

fn claim<'a>(item: &Value, digest: Digest) -> Result<Claim<'a>, Rejection> {
    let item = item.get(ITEM).ok_or_else(|| Rejection::MissingField { name: ITEM.to_owned() })?;
    let stated = item.pointer("/additionalData/hmacSignature").and_then(Value::as_str);
    let stated = stated.ok_or_else(|| Rejection::MissingField { name: SIGNATURE.to_owned() })?;
    let stated = signature(stated, Encoding::Base64, digest)
        .ok_or_else(|| Rejection::MalformedField { name: SIGNATURE.to_owned() })?;
    let fields = FIELDS.iter().map(|path| field(item, path)).collect::<Result<Vec<_>, _>>()?;
    Ok(Claim { signatures: vec![stated], messages: vec![vec![text(fields.join(":"))]] })
}

/// A field that is missing is signed as an empty one.
fn field(item: &Value, path: &str) -> Result<String, Rejection> {
    match item.pointer(path) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(value) => {
            scalar(value).ok_or_else(|| Rejection::MalformedField { name: path.to_owned() })
        }
    }
}
