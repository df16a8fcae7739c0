//! What is signed, as a list of parts.

use super::error::DefinitionError;
use super::path::JsonPath;
use super::placeholder::{Piece, pieces, unknown};

/// A message template, split once when the definition is read.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    Body,
    /// The body's SHA-256 in small hex digits.
    BodySha256,
    /// The body's CRC-32 in decimal digits.
    BodyCrc32,
    /// The first element of a body that is an array, exactly as it is written there.
    FirstItem,
    /// The fields of an SNS message that are there.
    Sns,
    Timestamp,
    Url,
    UrlHubspot,
    Method,
    Secret,
    Header(String),
    Json(JsonPath),
    Form(String),
    SortedForm,
    Config(String),
}

impl Template {
    pub(crate) fn parse(text: &str, field: &str) -> Result<Self, DefinitionError> {
        let segments = pieces(text, field, |piece| match piece {
            Piece::Literal(text) if text.contains('}') => {
                Err(DefinitionError::new(field, "a } has no {"))
            }
            Piece::Literal(text) => Ok(Segment::Literal(text.to_owned())),
            Piece::Name(name) => placeholder(name, field),
        })?;
        if segments.iter().all(|segment| matches!(segment, Segment::Literal(_) | Segment::Secret)) {
            return Err(DefinitionError::new(field, "nothing of the request is signed"));
        }
        Ok(Self { text: text.to_owned(), segments })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(crate) fn has(&self, segment: &Segment) -> bool {
        self.segments.contains(segment)
    }

    /// Each part with the literal text that follows it directly.
    pub(crate) fn with_following(&self) -> impl Iterator<Item = (&Segment, Option<&str>)> {
        let following = self.segments.iter().skip(1).map(|next| match next {
            Segment::Literal(text) => Some(text.as_str()),
            _ => None,
        });
        self.segments.iter().zip(following.chain([None]))
    }
}

fn placeholder(name: &str, field: &str) -> Result<Segment, DefinitionError> {
    let unknown = || unknown(name, field);
    Ok(match name {
        "body" => Segment::Body,
        "body_sha256_hex" => Segment::BodySha256,
        "body_crc32" => Segment::BodyCrc32,
        "first_item" => Segment::FirstItem,
        "sns" => Segment::Sns,
        "ts" => Segment::Timestamp,
        "url" => Segment::Url,
        "url_hubspot" => Segment::UrlHubspot,
        "method" => Segment::Method,
        "secret" => Segment::Secret,
        "sorted_form" => Segment::SortedForm,
        _ => match name.split_once(':').ok_or_else(unknown)? {
            (_, "") => return Err(unknown()),
            ("header", header) => Segment::Header(header.to_owned()),
            ("json", path) => Segment::Json(JsonPath::single(path, field)?),
            ("form", name) => Segment::Form(name.to_owned()),
            ("config", name) => Segment::Config(name.to_owned()),
            _ => return Err(unknown()),
        },
    })
}
