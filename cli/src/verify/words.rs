//! Findings in words. None of them holds more than the finding does.

use hookdock_signature::Provider;

use crate::explain::{
    BodyLooks, Change, Check, Count, Finding, Fit, Likeness, Role, SecretLooks, Shape, Suspects,
    Unit,
};
use crate::verify::{changes, usual};

/// What kind of statement it is, and the statement.
pub(crate) fn of(finding: &Finding, provider: &Provider) -> (&'static str, String) {
    (label(finding), text(finding, provider))
}

const fn label(finding: &Finding) -> &'static str {
    match finding {
        Finding::Check { .. } => "failed",
        Finding::Header { .. } | Finding::Clock { .. } => "found",
        Finding::TimeUnit { .. }
        | Finding::OtherHeader { .. }
        | Finding::Match { .. }
        | Finding::NoMatch { .. }
        | Finding::OtherProviders { .. } => "cause",
        Finding::Body { .. } | Finding::Secret { .. } => "perhaps",
        Finding::UsualCause { .. } => "usually",
    }
}

fn text(finding: &Finding, provider: &Provider) -> String {
    match finding {
        Finding::Check { failed } => check(*failed).to_owned(),
        Finding::Header { name, role, count, shape, expected } => {
            header(name, *role, *count, (shape.as_ref(), expected.as_ref()))
        }
        Finding::Clock { stated, skew_seconds, tolerance_seconds } => {
            clock(stated, *skew_seconds, *tolerance_seconds)
        }
        Finding::TimeUnit { stated, expected } => {
            let (stated, expected) = (unit(*stated), unit(*expected));
            format!("the time is in {stated}, and {} sends {expected}", provider.name())
        }
        Finding::OtherHeader { name, wanted, likeness } => other_header(name, wanted, *likeness),
        Finding::Match { changes } => matching(changes),
        Finding::NoMatch { suspects } => no_match(*suspects).to_owned(),
        Finding::OtherProviders { providers, fit } => others(providers, *fit),
        Finding::Body { looks } => body(*looks).to_owned(),
        Finding::Secret { secret, looks } => self::secret(secret, *looks, provider),
        Finding::UsualCause { reason } => usual::cause(provider, reason),
    }
}

fn header(
    name: &str,
    role: Role,
    count: Count,
    (shape, expected): (Option<&Shape>, Option<&Shape>),
) -> String {
    let there = there(count, shape);
    let against = against(count, shape, expected);
    format!("{name} ({}): {there}{against}", self::role(role))
}

const fn check(failed: Check) -> &'static str {
    match failed {
        Check::Parts => {
            "the request does not have every part that the scheme needs, once and well-formed; \
             the signature was not compared"
        }
        Check::Secret => {
            "the secret cannot be read in the provider's format, so nothing was compared"
        }
        Check::Signature => {
            "every part is there, but the signature is not that of this body under this secret"
        }
        Check::Credential => "every part is there, but what the request shows is not the secret",
        Check::Age => "the signature is right, but the time it was made at is too far from now",
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Signature => "the signature",
        Role::Credential => "the secret itself",
        Role::Time => "the time",
        Role::Signed => "part of what is signed",
    }
}

fn there(count: Count, shape: Option<&Shape>) -> String {
    let shape = shape.map(self::shape).unwrap_or_default();
    match count {
        Count::Missing => "missing".to_owned(),
        Count::Once => shape,
        Count::Repeated => {
            format!("there more than once, and has to be there once; the first is {shape}")
        }
    }
}

/// How a right signature looks, where this one looks different.
fn against(count: Count, shape: Option<&Shape>, expected: Option<&Shape>) -> String {
    match (count, shape, expected) {
        (Count::Missing, _, Some(expected)) => format!("; it would be {}", self::shape(expected)),
        (_, Some(shape), Some(expected)) if !shape.is_like(expected) => {
            format!(", and has to be {}", self::shape(expected))
        }
        (_, Some(_), Some(_)) => ", which is the right form".to_owned(),
        _ => String::new(),
    }
}

fn shape(shape: &Shape) -> String {
    let after = |prefix: &str| {
        if prefix.is_empty() { String::new() } else { format!("`{prefix}` and ") }
    };
    match shape {
        Shape::Empty => "empty".to_owned(),
        Shape::Hex { prefix, digits } => format!("{}{digits} hex digits", after(prefix)),
        Shape::Base64 { prefix, bytes } => format!("{}base64 of {bytes} bytes", after(prefix)),
        Shape::Digits { count } => format!("{count} digits"),
        Shape::Fields { names } if names.is_empty() => "without named fields".to_owned(),
        Shape::Fields { names } => format!("with the fields {}", names.join(", ")),
        Shape::Text { characters } => format!("a text of {characters} characters"),
    }
}

fn clock(stated: &str, skew_seconds: i64, tolerance_seconds: Option<u32>) -> String {
    let skew = match skew_seconds {
        0 => "now".to_owned(),
        1.. => format!("{skew_seconds} s ago"),
        _ => format!("{} s in the future", skew_seconds.unsigned_abs()),
    };
    match tolerance_seconds {
        Some(tolerance) => {
            format!("the time stated is {stated}, {skew}; {tolerance} s are allowed")
        }
        None => format!("the time stated is {stated}, {skew}; its age is not checked"),
    }
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "seconds",
        Unit::Milliseconds => "milliseconds",
        Unit::Calendar => "calendar form (ISO 8601)",
    }
}

fn other_header(name: &str, wanted: &str, likeness: Likeness) -> String {
    match likeness {
        Likeness::Older => format!(
            "{name} is there instead of {wanted}: an older form of the signature, which is not accepted"
        ),
        Likeness::Renamed => format!(
            "{name} is how a web server hands on {wanted}; write the header's own name into the request"
        ),
        Likeness::Signature => format!(
            "{name} is there instead of {wanted}: the request may be another provider's, or signed in another way"
        ),
    }
}

fn matching(changes: &[Change]) -> String {
    let words: Vec<_> = changes.iter().map(changes::of).collect();
    format!("the signature matches once {}", words.join(", and "))
}

const fn no_match(suspects: Suspects) -> &'static str {
    match suspects {
        Suspects::SecretOrBody => {
            "either the secret is not the one that signed, or the body was changed in a way that \
         cannot be undone; none of the usual changes to either makes the signature match"
        }
        Suspects::SecretOrSigned => {
            "either the secret is not the one that signed, or what it signs came in changed; none \
             of the usual misspellings of the secret makes the signature match"
        }
        Suspects::Secret => {
            "the secret is not the one that was sent; none of the usual misspellings of it matches"
        }
    }
}

fn others(providers: &[String], fit: Fit) -> String {
    let (first, rest) = providers.split_first().map_or(("", &[][..]), |(one, rest)| (one, rest));
    let rest = if rest.is_empty() { String::new() } else { format!(" (or {})", rest.join(", ")) };
    match fit {
        Fit::Verifies => format!(
            "the signature holds for another provider with this secret: try --provider {first}{rest}"
        ),
        Fit::Headers => {
            format!("the headers are those of another provider: try --provider {first}{rest}")
        }
    }
}

const fn body(looks: BodyLooks) -> &'static str {
    match looks {
        BodyLooks::Empty => "the body is empty: something may have read it before it was saved",
        BodyLooks::Compressed => {
            "the body is compressed (gzip): the signature is over what is in it"
        }
        BodyLooks::Indented => {
            "the body is indented JSON, as people write it: it may have been parsed and written again"
        }
        BodyLooks::Spaced => {
            "the body is JSON with blanks after commas and colons, as Python writes it: it may have \
             been parsed and written again"
        }
        BodyLooks::KeysSorted => {
            "the keys of the JSON are in the order of the alphabet: it may have been parsed and \
             written again, which loses the order that was signed"
        }
        BodyLooks::ReplacementCharacters => {
            "the body has replacement characters: it was decoded as text with the wrong character \
             set, and the bytes that were signed are lost"
        }
    }
}

fn secret(secret: &str, looks: SecretLooks, provider: &Provider) -> String {
    let odd = match looks {
        SecretLooks::Quoted => "begins with a quotation mark",
        SecretLooks::BlanksInside => "has blanks inside",
        SecretLooks::ByteOrderMark => "begins with a byte-order mark",
        SecretLooks::Placeholder => "looks like a placeholder",
        SecretLooks::ApiKey => {
            "looks like a key for the provider's API, which does not sign webhooks"
        }
        SecretLooks::NotBase64 => "is not base64",
        SecretLooks::NotHex => "is not hexadecimal",
    };
    let format = provider.secret_notes().format.as_deref();
    let format = format.map(|format| format!("; a secret is: {format}"));
    format!("the secret in {secret} {odd}{}", format.unwrap_or_default())
}
