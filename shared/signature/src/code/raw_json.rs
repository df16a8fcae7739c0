//! One member of a JSON body is signed, exactly as it is written there.

use std::borrow::Cow;

use super::{Claim, Each, Module, signature, text};
use crate::Rejection;
use crate::definition::scheme::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::parse::json;

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

    fn claims(&self, lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
        let body = lookup.body_as_json()?;
        let find = |name: &str| {
            json::member(body, name)
                .ok_or_else(|| Rejection::MissingField { name: name.to_owned() })
        };
        let malformed = || Rejection::MalformedField { name: self.signature.to_owned() };
        let stated = json::string(find(self.signature)?).ok_or_else(malformed)?;
        let stated = signature(&stated, self.encoding, self.digest()).ok_or_else(malformed)?;
        let member = find(self.member)?;
        // A member that is a string is signed as the string, not as its JSON.
        let message = text(json::string(member).unwrap_or(Cow::Borrowed(member.get())));
        each(&Claim { signatures: vec![stated], messages: vec![vec![message]] });
        Ok(())
    }
}
