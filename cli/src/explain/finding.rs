//! What there is to find. Where a variant has a `Display`, its doc comment is what a person reads.

use displaydoc::Display;
use hookdock_signature::Rejection;
use hookdock_signature::describe::Scheme;
use serde::Serialize;

use crate::explain::changes::{Change, Unit, list};

/// One thing that is known about a refused request.
#[derive(Debug, Clone, PartialEq, Eq, derive_more::Display, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Finding {
    /// The check that failed.
    #[display("{failed}")]
    Check { failed: Check },
    /// A header that the scheme looks at, and what is there.
    #[display("{_0}")]
    Header(Header),
    /// The time that the sender states.
    #[display("{_0}")]
    Clock(Clock),
    /// The time is in another unit than the provider's.
    #[display("the time is in {stated}, and has to be in {expected}")]
    TimeUnit { stated: Unit, expected: Unit },
    /// Another header that may have been taken for one that is missing.
    #[display("{name} is there instead of {wanted}: {likeness}")]
    OtherHeader { name: String, wanted: String, likeness: Likeness },
    /// With these changes the signature matches.
    #[display("the signature matches once {}", list(changes, ", and "))]
    Match { changes: Vec<Change> },
    /// The URLs that a proxy's headers state were tried, and none of them matches.
    #[display("{}: the URL that they state does not match either", headers.join(", "))]
    ForwardedUrl { headers: Vec<String> },
    /// No change that was tried makes it match.
    #[display("{suspects}")]
    NoMatch { suspects: Suspects },
    /// Other providers that the request fits better.
    #[display("{fit}: try --provider {}", list(providers, " or "))]
    OtherProviders { providers: Vec<String>, fit: Fit },
    /// The body looks as if it was changed on its way.
    #[display("{looks}")]
    Body { looks: BodyLooks },
    /// A secret does not look like one; the format is that of the provider's secrets.
    #[display("the secret in {secret} {looks}{}", secrets_are(format.as_deref()))]
    Secret { secret: String, looks: SecretLooks, format: Option<String> },
    /// The usual cause when this provider's requests are refused for this reason.
    #[display("{cause}")]
    UsualCause { cause: String },
}

/// A header that the scheme looks at, and what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) count: Count,
    pub(crate) shape: Option<Shape>,
    pub(crate) expected: Option<Shape>,
}

/// The time that the sender states; the skew is positive for the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Clock {
    pub(crate) stated: String,
    pub(crate) skew_seconds: i64,
    pub(crate) tolerance_seconds: Option<u32>,
}

/// The checks, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Check {
    /// the secret cannot be read in the provider's format, so nothing was compared
    Secret,
    /// the request does not have every part that the scheme needs, once and well-formed; the
    /// signature was not compared
    Parts,
    /// every part is there, but the signature is not that of this body under this secret
    Signature,
    /// every part is there, but the signature is not that of what is signed under this secret; of
    /// the body, only parts are signed
    SignatureOfParts,
    /// every part is there, but what the request shows is not the secret
    Credential,
    /// the signature is right, but the time it was made at is too far from now
    Age,
}

/// What may be wrong when no usual change makes the signature match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Suspects {
    /// the secret is not the one that was sent; none of the usual misspellings of it matches
    Secret,
    /// either the secret is not the one that signed, or the body was changed in a way that cannot
    /// be undone; none of the usual changes to either makes the signature match
    SecretOrBody,
    /// either the secret is not the one that signed, or what it signs was changed on its way; none
    /// of the usual misspellings of the secret makes the signature match
    SecretOrSigned,
}

/// What a header is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// the signature
    Signature,
    /// the secret itself
    Credential,
    /// the time
    Time,
    /// part of what is signed
    Signed,
}

/// How often a header is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Count {
    Missing,
    Once,
    Repeated,
}

/// What a value looks like. Of the value itself there is only what every sender writes alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub(crate) enum Shape {
    Empty,
    Hex { prefix: String, digits: usize },
    Base64 { prefix: String, bytes: usize },
    Digits { count: usize },
    Fields { names: Vec<String> },
    Text { characters: usize },
}

/// Why one header may stand for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Likeness {
    /// an older form of the signature, which is not accepted
    Older,
    /// a web server passes the header on under this name; write the header's own name into the
    /// request
    Renamed,
    /// the request may be another provider's, or signed in another way
    Signature,
}

/// How well another provider fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fit {
    /// the signature is valid for another provider with this secret
    Verifies,
    /// the headers are those of another provider
    Headers,
}

/// What is odd about a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BodyLooks {
    /// the body is empty: something may have read it before it was saved
    Empty,
    /// the body is compressed (gzip): most providers sign what is in it, and Hookdock reads it where
    /// the header Content-Encoding says so; a proxy may have compressed it or dropped that header
    Compressed,
    /// the body is multipart: its exact bytes count, the boundaries among them; one that was put
    /// together again from its fields has others
    Multipart,
    /// the body is indented JSON, as people write it: it may have been parsed and written again
    Indented,
    /// the body is JSON with blanks after commas and colons, as Python writes it: it may have been
    /// parsed and written again
    Spaced,
    /// the keys of the JSON are in the order of the alphabet: it may have been parsed and written
    /// again, which loses the order that was signed
    KeysSorted,
    /// the body has replacement characters: it was decoded as text with the wrong character set,
    /// and the bytes that were signed are lost
    ReplacementCharacters,
}

/// What is odd about a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretLooks {
    /// begins with a quotation mark
    Quoted,
    /// has blanks inside
    BlanksInside,
    /// begins with a byte-order mark
    ByteOrderMark,
    /// looks like a placeholder
    Placeholder,
    /// looks like a key for the provider's API, which does not sign webhooks
    ApiKey,
    /// is not base64
    NotBase64,
    /// is not hexadecimal
    NotHex,
}

impl Finding {
    /// Whether it is the cause beyond doubt: a signature does not match by chance.
    pub(crate) const fn is_certain(&self) -> bool {
        matches!(self, Self::Match { .. } | Self::OtherProviders { fit: Fit::Verifies, .. })
    }
}

fn secrets_are(format: Option<&str>) -> String {
    format.map(|format| format!("; a secret is: {format}")).unwrap_or_default()
}

impl Shape {
    /// Whether a value of this shape may be right. More fields than needed do no harm.
    pub(crate) fn is_like(&self, expected: &Self) -> bool {
        match (self, expected) {
            (Self::Fields { names }, Self::Fields { names: needed }) => {
                needed.iter().all(|name| names.contains(name))
            }
            _ => self == expected,
        }
    }
}

impl Check {
    /// The check that gives this reason.
    pub(crate) fn of(rejection: &Rejection, scheme: &Scheme) -> Self {
        match rejection {
            Rejection::Mismatch if scheme.is_credential() => Self::Credential,
            Rejection::Mismatch if scheme.message.is_some() && !scheme.covers_whole_body() => {
                Self::SignatureOfParts
            }
            Rejection::NoSecret | Rejection::MalformedSecret { .. } => Self::Secret,
            Rejection::Mismatch => Self::Signature,
            Rejection::Stale { .. } | Rejection::FromTheFuture { .. } => Self::Age,
            _ => Self::Parts,
        }
    }
}
