//! The things there are to find.

use hookdock_signature::Rejection;
use serde::Serialize;

/// One thing that is known about a refused request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Finding {
    /// The check that failed.
    Check { failed: Check },
    /// A header that the scheme looks at, and what is there.
    Header { name: String, role: Role, count: Count, shape: Option<Shape>, expected: Option<Shape> },
    /// The time that the sender states; the skew is positive for the past.
    Clock { stated: String, skew_seconds: i64, tolerance_seconds: Option<u32> },
    /// The time is in another unit than the provider's.
    TimeUnit { stated: Unit, expected: Unit },
    /// Another header that may have been taken for one that is missing.
    OtherHeader { name: String, wanted: String, likeness: Likeness },
    /// With these changes the signature matches.
    Match { changes: Vec<Change> },
    /// No change that was tried makes it match.
    NoMatch { suspects: Suspects },
    /// Other providers that the request fits better.
    OtherProviders { providers: Vec<String>, fit: Fit },
    /// The body looks as if it was changed on its way.
    Body { looks: BodyLooks },
    /// A secret does not look like one.
    Secret { secret: String, looks: SecretLooks },
    /// What it usually is when this provider's requests are refused so.
    UsualCause { reason: &'static str },
}

/// The checks, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Check {
    /// The secret has the provider's format.
    Secret,
    /// The request has every part that the scheme needs, once and well-formed.
    Parts,
    /// The signature matches.
    Signature,
    /// What the request shows is the secret itself.
    Credential,
    /// The signature is fresh.
    Age,
}

/// What may be wrong when no usual change makes the signature match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Suspects {
    /// The secret travels with the request, and nothing else is compared.
    Secret,
    /// The body is signed.
    SecretOrBody,
    /// What is signed differs from request to request.
    SecretOrSigned,
}

/// What a header is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    Signature,
    Credential,
    Time,
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

/// The unit of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
    Calendar,
}

/// Why one header may stand for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Likeness {
    /// Its name is the beginning of the other's: an older form.
    Older,
    /// The same name as a web server writes it into variables.
    Renamed,
    /// It carries a signature of some kind.
    Signature,
}

/// One change to what was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub(crate) enum Change {
    Body { how: BodyChange },
    Secret { secret: String, how: Vec<SecretStep> },
    Url { how: UrlChange },
    Time { from: Unit, to: Unit },
}

/// A change to the body that makes it what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum BodyChange {
    TrailingNewlineRemoved,
    TrailingNewlineAdded,
    SurroundingBlanksRemoved,
    ByteOrderMarkRemoved,
    CrlfToLf,
    LfToCrlf,
    Base64Decoded,
    JsonStringUnwrapped,
    Latin1Undone,
    FormFieldRestored,
    FormEncoded,
    JsonWritten { spacing: Spacing, escapes: Escapes },
}

/// The blanks between the parts of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spacing {
    Kept,
    Compact,
    AfterCommaAndColon,
    TwoSpaces,
    FourSpaces,
    Tabs,
}

/// The characters that JSON need not escape, and some writers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Escapes {
    Kept,
    Few,
    NonAscii,
    Slashes,
    NonAsciiAndSlashes,
    Html,
}

/// A step from the secret that was given to the one that signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum SecretStep {
    ByteOrderMarkRemoved,
    NameRemoved,
    QuotesRemoved,
    EscapedNewlineRemoved,
    BlanksRemoved,
    PrefixRemoved { prefix: String },
    PrefixAdded { prefix: String },
    Base64Decoded,
    HexDecoded,
    TakenAsText,
}

/// A change to the URL that makes it what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UrlChange {
    Https,
    Http,
    SlashAdded,
    SlashRemoved,
    QueryRemoved,
    PortRemoved,
}

/// How well another provider fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fit {
    /// The signature is right.
    Verifies,
    /// The request has what that provider sends.
    Headers,
}

/// What is odd about a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BodyLooks {
    Empty,
    Compressed,
    Indented,
    Spaced,
    KeysSorted,
    ReplacementCharacters,
}

/// What is odd about a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretLooks {
    Quoted,
    BlanksInside,
    ByteOrderMark,
    Placeholder,
    ApiKey,
    NotBase64,
    NotHex,
}

impl Finding {
    /// Whether it is the cause beyond doubt: a signature does not match by chance.
    pub(crate) const fn is_certain(&self) -> bool {
        matches!(self, Self::Match { .. } | Self::OtherProviders { fit: Fit::Verifies, .. })
    }
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
    pub(crate) const fn of(rejection: &Rejection, is_credential: bool) -> Self {
        match rejection {
            Rejection::Mismatch if is_credential => Self::Credential,
            Rejection::NoSecret | Rejection::MalformedSecret { .. } => Self::Secret,
            Rejection::Mismatch => Self::Signature,
            Rejection::Stale { .. } | Rejection::FromTheFuture { .. } => Self::Age,
            _ => Self::Parts,
        }
    }
}
