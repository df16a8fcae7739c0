//! One member of a JSON body is signed, exactly as it is written there.

use std::borrow::Cow;

use super::claim::{Claim, Each, signature, text};
use crate::Rejection;
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::parse::json;

const DIGEST: Digest = Digest::Sha256;

pub(super) struct RawJson {
    encoding: Encoding,
    member: &'static str,
    signature: &'static str,
}

pub(super) const EXACT_ONLINE: RawJson =
    RawJson { encoding: Encoding::Hex, member: "Content", signature: "HashCode" };
pub(super) const TREEZOR: RawJson = RawJson {
    encoding: Encoding::Base64,
    member: "object_payload",
    signature: "object_payload_signature",
};

impl RawJson {
    pub(super) fn claims(&self, lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
        let body = lookup.body_as_json()?;
        let find = |name: &str| {
            json::member(body, name)
                .ok_or_else(|| Rejection::MissingField { name: name.to_owned() })
        };
        let malformed = || Rejection::MalformedField { name: self.signature.to_owned() };
        let stated = json::string(find(self.signature)?).ok_or_else(malformed)?;
        let stated = signature(&stated, self.encoding, DIGEST).ok_or_else(malformed)?;
        let member = find(self.member)?;
        // A member that is a string is signed as the string, not as its JSON.
        let message = text(json::string(member).unwrap_or(Cow::Borrowed(member.get())));
        each(&Claim { signatures: vec![stated], messages: vec![vec![message]] });
        Ok(())
    }
}
