//! One member of a JSON body is signed, exactly as it is written there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Claim, Module, signature, text};
use crate::Rejection;
use crate::input::Input;
use crate::spec::scheme::{Digest, Encoding};

pub(super) struct RawJson {
    name: &'static str,
    encoding: Encoding,
    member: &'static str,
    signature: &'static str,
}

impl RawJson {
    pub(super) const EXACT_ONLINE: Self = Self {
        name: "exact-online",
        encoding: Encoding::Hex,
        member: "Content",
        signature: "HashCode",
    };
    pub(super) const TREEZOR: Self = Self {
        name: "treezor",
        encoding: Encoding::Base64,
        member: "object_payload",
        signature: "object_payload_signature",
    };
}

impl Module for RawJson {
    fn name(&self) -> &'static str {
        self.name
    }

    fn digest(&self) -> Digest {
        Digest::Sha256
    }

    fn claims<'a>(&self, input: &Input<'a>) -> Result<Vec<Claim<'a>>, Rejection> {
        let members: BTreeMap<String, &'a RawValue> =
            serde_json::from_slice(input.request.body).map_err(|_| Rejection::BodyNotJson)?;
        let find = |name: &str| {
            members.get(name).ok_or_else(|| Rejection::MissingField { name: name.to_owned() })
        };
        let malformed = || Rejection::MalformedField { name: self.signature.to_owned() };
        let stated: String =
            serde_json::from_str(find(self.signature)?.get()).map_err(|_| malformed())?;
        let stated = signature(&stated, self.encoding, self.digest()).ok_or_else(malformed)?;
        let raw = find(self.member)?.get();
        // A member that is a string is signed as the string, not as its JSON.
        let message = match serde_json::from_str::<String>(raw) {
            Ok(string) => text(string),
            Err(_) => Cow::Borrowed(raw.as_bytes()),
        };
        Ok(Claim::one(vec![stated], vec![vec![message]]))
    }
}
