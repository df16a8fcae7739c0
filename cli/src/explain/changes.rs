//! Changes that make a signature match. A variant's doc comment is what a person reads; it follows
//! "the signature matches once".

use std::fmt;

use displaydoc::Display;
use serde::Serialize;

/// One change to what was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub(crate) enum Change {
    Body { how: BodyChange },
    Secret { secret: String, how: Vec<SecretStep> },
    Url { how: UrlChange },
    ForwardedUrl { headers: Vec<String> },
    Time { from: Unit, to: Unit },
}

/// A change to the body that makes it what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum BodyChange {
    /// the newline at the end of the body is removed: an editor or `echo` added it
    TrailingNewlineRemoved,
    /// a newline is added at the end of the body: something cut it off
    TrailingNewlineAdded,
    /// the blanks around the body are removed
    SurroundingBlanksRemoved,
    /// the byte-order mark at the beginning of the body is removed
    ByteOrderMarkRemoved,
    /// the line ends of the body are LF instead of CRLF: they were converted
    CrlfToLf,
    /// the line ends of the body are CRLF instead of LF: they were converted
    LfToCrlf,
    /// the body is decoded from base64: API Gateway passes bodies on like that
    /// (`isBase64Encoded`); save it as `body_base64`
    Base64Decoded,
    /// the body is decompressed (gzip): it was compressed after it was signed; Hookdock does that
    /// where the header Content-Encoding says so
    Gunzipped,
    /// the body is taken out of a JSON string: it was encoded twice
    JsonStringUnwrapped,
    /// the body is read as UTF-8 instead of Latin-1: it was decoded with the wrong character set
    Latin1Undone,
    /// the body is the form it came in, with the JSON encoded in its field `payload`
    FormFieldRestored,
    /// the fields of the form are encoded again: something decoded them
    FormEncoded,
    /// the JSON is written {0}: it was parsed and written again on its way; verify the bytes as
    /// they came in, before anything parses them
    JsonWritten(JsonWriting),
}

/// A way of writing the same JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct JsonWriting {
    pub(crate) spacing: Spacing,
    pub(crate) escapes: Escapes,
}

/// The blanks between the parts of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spacing {
    /// as it was
    Kept,
    /// without blanks
    Compact,
    /// with a blank after each comma and colon
    AfterCommaAndColon,
    /// indented by two spaces
    TwoSpaces,
    /// indented by four spaces
    FourSpaces,
    /// indented by tabs
    Tabs,
}

/// The characters that JSON need not escape, and some writers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Escapes {
    /// as it was
    Kept,
    /// with letters instead of escapes
    Few,
    /// with \u escapes for what is not ASCII
    NonAscii,
    /// with escaped slashes
    Slashes,
    /// with escaped slashes and \u escapes for what is not ASCII
    NonAsciiAndSlashes,
    /// with \u escapes for <, > and &
    Html,
}

/// A step from the secret that was given to the one that signed.
#[derive(Debug, Clone, PartialEq, Eq, Display, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum SecretStep {
    /// loses its byte-order mark
    ByteOrderMarkRemoved,
    /// loses the name before it (NAME=)
    NameRemoved,
    /// loses the quotation marks around it
    QuotesRemoved,
    /// loses the \n at its end
    EscapedNewlineRemoved,
    /// loses the blanks inside it
    BlanksRemoved,
    /// loses its prefix `{prefix}`
    PrefixRemoved { prefix: String },
    /// has its prefix `{prefix}` again
    PrefixAdded { prefix: String },
    /// is decoded from base64
    Base64Decoded,
    /// is decoded from hexadecimal
    HexDecoded,
    /// is taken as it is, and not decoded
    TakenAsText,
}

/// A change to the URL that makes it what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UrlChange {
    /// the URL begins with https
    Https,
    /// the URL begins with http
    Http,
    /// the URL ends with a slash
    SlashAdded,
    /// the URL does not end with a slash
    SlashRemoved,
    /// the URL has no query
    QueryRemoved,
    /// the URL has no port
    PortRemoved,
}

/// The unit of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// seconds
    Seconds,
    /// milliseconds
    Milliseconds,
    /// calendar form (ISO 8601)
    Calendar,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body { how } => write!(f, "{how}"),
            Self::Secret { secret, how } => {
                write!(f, "the secret in {secret} {}", list(how, " and "))
            }
            Self::Url { how } => write!(
                f,
                "{how}: the URL is signed as the provider addressed it, which behind a proxy is \
                 another"
            ),
            Self::ForwardedUrl { headers } => write!(
                f,
                "the URL is the one that {} state: `hookdock dev` believes them from a tunnel on \
                 this machine, and elsewhere `public_url` says the URL",
                list(headers, " and ")
            ),
            Self::Time { to, .. } => {
                write!(f, "the time is written in {to}: it was changed after it was signed")
            }
        }
    }
}

impl fmt::Display for JsonWriting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.spacing, self.escapes) {
            (spacing, Escapes::Kept) => write!(f, "{spacing}"),
            (Spacing::Kept, escapes) => write!(f, "{escapes}"),
            (spacing, escapes) => write!(f, "{spacing} and {escapes}"),
        }
    }
}

/// The items, with this between them.
pub(crate) fn list(items: &[impl fmt::Display], between: &str) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}
