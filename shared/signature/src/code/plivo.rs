//! Plivo, signature version 3.

use std::borrow::Cow;

use super::url::Url;
use super::{Claim, Module, signatures, text};
use crate::input::Input;
use crate::spec::scheme::{Digest, Encoding};
use crate::{Rejection, present};

const HEADER: &str = "X-Plivo-Signature-V3";
/// Signed with the main account's token instead of the subaccount's.
const MAIN_ACCOUNT_HEADER: &str = "X-Plivo-Signature-Ma-V3";
const NONCE: &str = "X-Plivo-Signature-V3-Nonce";

pub(super) struct Plivo;

impl Module for Plivo {
    fn name(&self) -> &'static str {
        "plivo"
    }

    fn digest(&self) -> Digest {
        Digest::Sha256
    }

    fn signs_url(&self) -> bool {
        true
    }

    fn claims<'a>(&self, input: &Input<'a>) -> Result<Vec<Claim<'a>>, Rejection> {
        let carried = present::headers(HEADER, [MAIN_ACCOUNT_HEADER].into_iter(), input)?;
        let signatures = signatures(&carried, Encoding::Base64, self.digest())?;
        let nonce = input.header(NONCE)?;
        // A dot is what separates the nonce from the rest; one inside it could take a part of
        // the form along.
        if nonce.contains('.') {
            return Err(Rejection::MalformedHeader { name: NONCE.to_owned() });
        }
        // Of a GET the body is not signed, so it must not have one.
        if input.request.method == "GET" && !input.request.body.is_empty() {
            return Err(Rejection::Mismatch);
        }
        let message = vec![text(base(input)), Cow::Borrowed(b".".as_slice()), text(nonce)];
        Ok(Claim::one(signatures, vec![message]))
    }
}

/// The URL with its query in order, then the form in order. The separators between
/// them depend on which of the two there are.
fn base(input: &Input<'_>) -> String {
    let url = input.request.url;
    let form = sorted(input.request.body, "", "");
    let Some(parts) = Url::split(url) else {
        return url.to_owned();
    };
    let query = sorted(parts.query.unwrap_or_default().as_bytes(), "=", "&");
    let address = Url { query: None, ..parts }.with_authority(parts.authority);
    match (query.is_empty(), form.is_empty()) {
        (true, true) => address,
        (false, true) => format!("{address}?{query}"),
        (true, false) => format!("{address}?{form}"),
        (false, false) => format!("{address}?{query}.{form}"),
    }
}

fn sorted(encoded: &[u8], equals: &str, between: &str) -> String {
    let mut pairs: Vec<_> = form_urlencoded::parse(encoded).collect();
    pairs.sort();
    let pairs: Vec<_> =
        pairs.into_iter().map(|(name, value)| format!("{name}{equals}{value}")).collect();
    pairs.join(between)
}
