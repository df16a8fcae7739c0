//! The headers that are meant, what is there, and what is there instead.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hookdock_signature::Headers;
use hookdock_signature::describe::{Carrier, Definition, Scheme};

use crate::explain::case::Case;
use crate::explain::finding::{Count, Finding, Header, Likeness, Role, Shape};

/// The longest name of a field that is repeated to the person: a signature is longer.
const LONGEST_FIELD_NAME: usize = 12;

/// The headers of the scheme that the request may be signed by.
pub(crate) fn facts(case: &Case<'_>, definition: &Definition) -> Vec<Finding> {
    let scheme = definition.scheme_of(case.headers());
    let wanted = wanted(scheme, case).into_iter();
    wanted.map(|(name, role)| fact(case.headers(), scheme, name, role)).collect()
}

fn wanted(scheme: &Scheme, case: &Case<'_>) -> Vec<(String, Role)> {
    let role = if scheme.is_credential() { Role::Credential } else { Role::Signature };
    let carriers = &scheme.carrier.headers;
    // Of several possible names, the one that is there; else the first.
    let there = carriers.iter().find(|name| case.headers().contains(name)).or(carriers.first());
    let carrier = there.map(|name| (name.clone(), role));
    let time = scheme.time_header().map(|name| (name.to_owned(), Role::Time));
    let signed = scheme.signed_headers().map(|name| (name.to_owned(), Role::Signed));
    let signed = signed.filter(|(name, _)| Some(&**name) != scheme.time_header());
    carrier.into_iter().chain(time).chain(signed).collect()
}

fn fact(headers: &Headers, scheme: &Scheme, name: String, role: Role) -> Finding {
    let values: Vec<&str> = headers.get_all(&name).collect();
    let count = match values.len() {
        0 => Count::Missing,
        1 => Count::Once,
        _ => Count::Repeated,
    };
    let shape = values.first().map(|value| match role {
        Role::Signature => signature_shape(value.trim(), &scheme.carrier),
        Role::Time => time_shape(value.trim()),
        Role::Credential | Role::Signed => text_shape(value),
    });
    let expected = if role == Role::Signature { expected(scheme) } else { None };
    Finding::Header(Header { name, role, count, shape, expected })
}

/// What a right signature looks like, where that is simple to say.
fn expected(scheme: &Scheme) -> Option<Shape> {
    let carrier = &scheme.carrier;
    match carrier.layout {
        "plain" => {}
        "kv" => return Some(Shape::Fields { names: own_fields(scheme) }),
        _ => return None,
    }
    let prefix = carrier.prefix.clone().unwrap_or_default();
    let bytes = match scheme.digest? {
        "sha1" => 20,
        "sha256" => 32,
        "sha384" => 48,
        "sha512" => 64,
        _ => return None,
    };
    match (scheme.kind, scheme.encoding?) {
        ("hmac", "hex") => Some(Shape::Hex { prefix, digits: bytes * 2 }),
        ("hmac", "base64" | "base64url") => Some(Shape::Base64 { prefix, bytes }),
        _ => None,
    }
}

/// The names of the fields that hold the time and the signature.
fn own_fields(scheme: &Scheme) -> Vec<String> {
    let time = scheme.time.as_ref().filter(|time| time.from == "signature_field");
    time.map(|time| time.name.clone()).into_iter().chain(scheme.carrier.field.clone()).collect()
}

fn signature_shape(value: &str, carrier: &Carrier) -> Shape {
    if carrier.layout == "kv" {
        let separator = carrier.item_sep.as_deref().unwrap_or(",");
        return Shape::Fields { names: field_names(value, separator) };
    }
    let (prefix, rest) = known_prefix(value, carrier.prefix.as_deref());
    plain_shape(prefix, rest).unwrap_or_else(|| text_shape(value))
}

fn field_names(value: &str, separator: &str) -> Vec<String> {
    let names = value.split(separator).filter_map(|item| item.split_once('='));
    let names = names.map(|(name, _)| name.trim()).filter(|name| {
        !name.is_empty()
            && name.len() <= LONGEST_FIELD_NAME
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    names.take(8).map(str::to_owned).collect()
}

/// The provider's own prefix, or one that says which digest it is.
fn known_prefix<'v>(value: &'v str, own: Option<&str>) -> (&'v str, &'v str) {
    let known = ["sha1=", "sha256=", "sha384=", "sha512=", "v1,", "v1="];
    let found = own.into_iter().chain(known).find(|prefix| value.starts_with(prefix));
    value.split_at_checked(found.map_or(0, str::len)).unwrap_or(("", value))
}

fn plain_shape(prefix: &str, text: &str) -> Option<Shape> {
    let prefix = prefix.to_owned();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(Shape::Hex { prefix, digits: text.len() });
    }
    let bare = text.trim_end_matches('=');
    let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(bare)).ok()?;
    (decoded.len() >= 16).then_some(Shape::Base64 { prefix, bytes: decoded.len() })
}

fn time_shape(value: &str) -> Shape {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Shape::Digits { count: value.len() };
    }
    text_shape(value)
}

fn text_shape(value: &str) -> Shape {
    match value.trim().chars().count() {
        0 => Shape::Empty,
        characters => Shape::Text { characters },
    }
}

/// For each header that is missing, the one that may be there instead.
pub(crate) fn instead(case: &Case<'_>, definition: &Definition) -> Vec<Finding> {
    let own = definition.headers();
    let carried = carriers(definition);
    if carried.iter().any(|name| case.headers().contains(name)) {
        return Vec::new();
    }
    let Some(wanted) = carried.first() else { return Vec::new() };
    let names = case.headers().iter().map(|(name, _)| name);
    let strange = names.filter(|name| !own.iter().any(|own| own.eq_ignore_ascii_case(name)));
    let mut found: Vec<_> = strange
        .filter_map(|name| Some((likeness(name, &carried)?, name)))
        .map(|((likeness, wanted), name)| (likeness, name.to_owned(), wanted.to_owned()))
        .collect();
    found.sort_by_key(|(likeness, ..)| *likeness == Likeness::Signature);
    found.dedup_by(|a, b| a.1.eq_ignore_ascii_case(&b.1));
    let finding = |(likeness, name, matched): (Likeness, String, String)| {
        let wanted = if likeness == Likeness::Signature { wanted.clone() } else { matched };
        Finding::OtherHeader { name, wanted, likeness }
    };
    found.into_iter().take(3).map(finding).collect()
}

fn carriers(definition: &Definition) -> Vec<String> {
    definition.schemes().flat_map(|scheme| scheme.carrier.headers.clone()).collect()
}

fn likeness<'w>(name: &str, wanted: &'w [String]) -> Option<(Likeness, &'w str)> {
    let plain = plain_name(name);
    let same = |one: &&String| plain_name(one) == plain;
    if let Some(one) = wanted.iter().find(same) {
        return Some((Likeness::Renamed, one));
    }
    let older = |one: &&String| plain_name(one).starts_with(&plain) && plain.contains("sign");
    if let Some(one) = wanted.iter().find(older) {
        return Some((Likeness::Older, one));
    }
    let signs = ["signature", "hmac", "-sign", "webhook-token", "digest"];
    let first = wanted.first().filter(|_| signs.iter().any(|part| plain.contains(part)))?;
    Some((Likeness::Signature, first))
}

/// As it is on the wire: `HTTP_X_HUB_SIGNATURE` is how some servers hand on `X-Hub-Signature`.
fn plain_name(name: &str) -> String {
    let name = name.to_lowercase().replace('_', "-");
    name.strip_prefix("http-").map(str::to_owned).unwrap_or(name)
}
