//! What is signed, as a list of parts.

use super::error::DefinitionError;
use super::path::JsonPath;

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
        let mut segments = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            push_literal(&mut segments, literal, field)?;
            let (name, tail) = after
                .split_once('}')
                .ok_or_else(|| DefinitionError::new(field, "a { is not closed"))?;
            segments.push(placeholder(name, field)?);
            rest = tail;
        }
        push_literal(&mut segments, rest, field)?;
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

fn push_literal(
    segments: &mut Vec<Segment>,
    literal: &str,
    field: &str,
) -> Result<(), DefinitionError> {
    if literal.contains('}') {
        return Err(DefinitionError::new(field, "a } has no {"));
    }
    if !literal.is_empty() {
        segments.push(Segment::Literal(literal.to_owned()));
    }
    Ok(())
}

fn placeholder(name: &str, field: &str) -> Result<Segment, DefinitionError> {
    let unknown = || DefinitionError::new(field, format!("{{{name}}} is not a placeholder"));
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
