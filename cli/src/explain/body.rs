//! What may have happened to the body between the provider and the file.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;

use crate::explain::case::Case;
use crate::explain::changes::{BodyChange, Change};
use crate::explain::finding::{BodyLooks, Finding};
use crate::explain::variant::{Part, Variant};
use crate::explain::{form, json};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How a gzip file begins (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// More than that is not made of a compressed body: the largest that an endpoint may take.
const LARGEST_BODY_BYTES: u64 = 4_500_000;

/// The bodies that may have been signed instead.
pub(crate) fn variants(body: &[u8]) -> Vec<Variant> {
    let mut found = Vec::new();
    found.extend(gunzipped(body).map(|plain| (BodyChange::Gunzipped, plain)));
    if let Ok(text) = std::str::from_utf8(body) {
        found.extend(ends(text));
        found.extend(wrappings(text));
        found.extend(json::variants(text));
        found.extend(form::variants(text));
    }
    let changed = found.into_iter().filter(|(_, changed)| changed != body);
    let variant = |(how, body)| Variant { change: Change::Body { how }, part: Part::Body(body) };
    changed.map(variant).collect()
}

fn gunzipped(body: &[u8]) -> Option<Vec<u8>> {
    if !body.starts_with(&GZIP) {
        return None;
    }
    let mut plain = Vec::new();
    let decoder = MultiGzDecoder::new(body);
    decoder.take(LARGEST_BODY_BYTES).read_to_end(&mut plain).ok()?;
    Some(plain)
}

fn ends(text: &str) -> Vec<(BodyChange, Vec<u8>)> {
    let cut = text.strip_suffix('\n').map(|cut| cut.strip_suffix('\r').unwrap_or(cut));
    let unix = text.replace("\r\n", "\n");
    let found = [
        (BodyChange::TrailingNewlineRemoved, cut.map(str::to_owned)),
        (BodyChange::TrailingNewlineAdded, Some(format!("{text}\n"))),
        (BodyChange::TrailingNewlineAdded, Some(format!("{text}\r\n"))),
        (BodyChange::SurroundingBlanksRemoved, Some(text.trim().to_owned())),
        (BodyChange::LfToCrlf, Some(unix.replace('\n', "\r\n"))),
        (BodyChange::CrlfToLf, Some(unix)),
        (BodyChange::ByteOrderMarkRemoved, text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned)),
    ];
    found.into_iter().filter_map(|(how, text)| Some((how, text?.into_bytes()))).collect()
}

fn wrappings(text: &str) -> Vec<(BodyChange, Vec<u8>)> {
    let base64 = STANDARD.decode(text.trim()).ok().filter(|bytes| !bytes.is_empty());
    let string = serde_json::from_str::<String>(text).ok().map(String::into_bytes);
    let found = [
        (BodyChange::Base64Decoded, base64),
        (BodyChange::JsonStringUnwrapped, string),
        (BodyChange::Latin1Undone, latin1(text)),
    ];
    found.into_iter().filter_map(|(how, body)| Some((how, body?))).collect()
}

/// The bytes of a text that was read one character a byte.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect()
}

/// What looks as if the body is not what was sent.
pub(crate) fn looks(case: &Case<'_>) -> Option<Finding> {
    odd(case).map(|looks| Finding::Body { looks })
}

fn odd(case: &Case<'_>) -> Option<BodyLooks> {
    let body = &*case.request.body;
    let text = String::from_utf8_lossy(body);
    if body.is_empty() {
        return Some(BodyLooks::Empty);
    }
    if body.starts_with(&GZIP) {
        return Some(BodyLooks::Compressed);
    }
    let content_type = case.headers().single("content-type").ok().flatten().unwrap_or_default();
    if content_type.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return Some(BodyLooks::Multipart);
    }
    if std::str::from_utf8(body).is_ok() && text.contains(char::REPLACEMENT_CHARACTER) {
        return Some(BodyLooks::ReplacementCharacters);
    }
    if serde_json::from_str::<IgnoredAny>(&text).is_err() {
        return None;
    }
    if text.contains("{\n") || text.contains("{\r\n") {
        return Some(BodyLooks::Indented);
    }
    if text.contains("\": ") && text.contains(", \"") {
        return Some(BodyLooks::Spaced);
    }
    keys_are_sorted(&text).then_some(BodyLooks::KeysSorted)
}

/// Few providers sort, and some writers do.
fn keys_are_sorted(text: &str) -> bool {
    let keys = top_keys(text);
    keys.len() >= 4 && keys.is_sorted()
}

/// The names in the outermost object, in their order.
fn top_keys(text: &str) -> Vec<String> {
    serde_json::from_str::<crate::saved_request::Pairs>(text)
        .map(|pairs| pairs.into_names())
        .unwrap_or_default()
}
