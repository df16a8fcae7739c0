//! Mercado Pago: the id in the query and the request's id, whichever there are.

use super::claim::{Claim, Each, Pieces, one, pair, signature, text};
use crate::Rejection;
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;

const HEADER: &str = "x-signature";
const REQUEST_ID: &str = "x-request-id";
const DATA_ID: &str = "data.id";

const DIGEST: Digest = Digest::Sha256;

pub(super) fn claims(lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
    let items: Vec<_> = lookup.header(HEADER)?.split(',').filter_map(pair).collect();
    let malformed = || Rejection::MalformedHeader { name: HEADER.to_owned() };
    let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    let ts = one(&items, "ts").filter(digits).ok_or_else(malformed)?;
    let stated =
        one(&items, "v1").ok_or_else(|| Rejection::UnknownVersion { name: HEADER.to_owned() })?;
    let stated = signature(stated, Encoding::Hex, DIGEST).ok_or_else(malformed)?;
    let id = lookup.optional_query(DATA_ID)?;
    let request_id = lookup.optional_header(REQUEST_ID)?;
    if id.as_deref().into_iter().chain(request_id).any(|part| part.contains(';')) {
        return Err(malformed());
    }
    // The documentation says to write the id in small letters, the library does not.
    let small = id.as_ref().map(|id| id.to_lowercase().into());
    let messages = [id, small].map(|id| -> Pieces<'_> {
        let id = id.map(|id| format!("id:{id};")).unwrap_or_default();
        let request_id = request_id.map(|id| format!("request-id:{id};")).unwrap_or_default();
        vec![text(format!("{id}{request_id}ts:{ts};"))]
    });
    each(&Claim { signatures: vec![stated], messages: messages.into() });
    Ok(())
}
