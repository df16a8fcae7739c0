//! Changes in words that follow "the signature matches once".

use crate::explain::{BodyChange, Change, Escapes, SecretStep, Spacing, Unit, UrlChange};

/// The change, what it means, and what to do.
pub(crate) fn of(change: &Change) -> String {
    match change {
        Change::Body { how } => body(*how),
        Change::Secret { secret, how } => {
            let steps: Vec<_> = how.iter().map(step).collect();
            format!("the secret in {secret} {}", steps.join(" and "))
        }
        Change::Url { how } => format!(
            "{}: the URL is signed as the provider addressed it, which behind a proxy is another",
            url(*how)
        ),
        Change::Time { from, .. } => format!(
            "the time is written in {}: it was changed after it was signed",
            if *from == Unit::Milliseconds { "seconds" } else { "milliseconds" }
        ),
    }
}

fn body(how: BodyChange) -> String {
    match how {
        BodyChange::TrailingNewlineRemoved => {
            "the newline at the end of the body is removed: an editor or `echo` added it".to_owned()
        }
        BodyChange::TrailingNewlineAdded => {
            "a newline is added at the end of the body: something cut it off".to_owned()
        }
        BodyChange::SurroundingBlanksRemoved => "the blanks around the body are removed".to_owned(),
        BodyChange::ByteOrderMarkRemoved => {
            "the byte-order mark at the beginning of the body is removed".to_owned()
        }
        BodyChange::CrlfToLf => {
            "the line ends of the body are LF instead of CRLF: they were converted".to_owned()
        }
        BodyChange::LfToCrlf => {
            "the line ends of the body are CRLF instead of LF: they were converted".to_owned()
        }
        BodyChange::Base64Decoded => "the body is decoded from base64: API Gateway hands bodies \
             on like that (isBase64Encoded); save it as `body_base64`"
            .to_owned(),
        BodyChange::JsonStringUnwrapped => {
            "the body is taken out of a JSON string: it was encoded twice".to_owned()
        }
        BodyChange::Latin1Undone => "the body is read as UTF-8 instead of Latin-1: it was decoded \
             with the wrong character set"
            .to_owned(),
        BodyChange::FormFieldRestored => "the body is the form it came in, with the JSON encoded \
             in its field `payload`"
            .to_owned(),
        BodyChange::FormEncoded => {
            "the fields of the form are encoded again: something decoded them".to_owned()
        }
        BodyChange::JsonWritten { spacing, escapes } => json(spacing, escapes),
    }
}

fn json(spacing: Spacing, escapes: Escapes) -> String {
    let how = [self::spacing(spacing), self::escapes(escapes)];
    let how: Vec<_> = how.into_iter().flatten().collect();
    format!(
        "the JSON is written {}: it was parsed and written again on its way; \
         verify the bytes as they came in, before anything parses them",
        how.join(" and ")
    )
}

const fn spacing(spacing: Spacing) -> Option<&'static str> {
    match spacing {
        Spacing::Kept => None,
        Spacing::Compact => Some("without blanks"),
        Spacing::AfterCommaAndColon => Some("with a blank after each comma and colon"),
        Spacing::TwoSpaces => Some("indented by two spaces"),
        Spacing::FourSpaces => Some("indented by four spaces"),
        Spacing::Tabs => Some("indented by tabs"),
    }
}

const fn escapes(escapes: Escapes) -> Option<&'static str> {
    match escapes {
        Escapes::Kept => None,
        Escapes::Few => Some("with letters instead of escapes"),
        Escapes::NonAscii => Some("with \\u escapes for what is not ASCII"),
        Escapes::Slashes => Some("with escaped slashes"),
        Escapes::NonAsciiAndSlashes => {
            Some("with escaped slashes and \\u escapes for what is not ASCII")
        }
        Escapes::Html => Some("with \\u escapes for <, > and &"),
    }
}

fn step(step: &SecretStep) -> String {
    match step {
        SecretStep::ByteOrderMarkRemoved => "loses its byte-order mark".to_owned(),
        SecretStep::NameRemoved => "loses the name before it (NAME=)".to_owned(),
        SecretStep::QuotesRemoved => "loses the quotation marks around it".to_owned(),
        SecretStep::EscapedNewlineRemoved => "loses the \\n at its end".to_owned(),
        SecretStep::BlanksRemoved => "loses the blanks inside it".to_owned(),
        SecretStep::PrefixRemoved { prefix } => format!("loses its prefix `{prefix}`"),
        SecretStep::PrefixAdded { prefix } => format!("has its prefix `{prefix}` again"),
        SecretStep::Base64Decoded => "is decoded from base64".to_owned(),
        SecretStep::HexDecoded => "is decoded from hexadecimal".to_owned(),
        SecretStep::TakenAsText => "is taken as it is, and not decoded".to_owned(),
    }
}

const fn url(how: UrlChange) -> &'static str {
    match how {
        UrlChange::Https => "the URL begins with https",
        UrlChange::Http => "the URL begins with http",
        UrlChange::SlashAdded => "the URL ends with a slash",
        UrlChange::SlashRemoved => "the URL does not end with a slash",
        UrlChange::QueryRemoved => "the URL has no query",
        UrlChange::PortRemoved => "the URL has no port",
    }
}
