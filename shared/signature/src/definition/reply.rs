//! The answer that a handshake wants, as a template.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::error::DefinitionError;

type Result<T> = std::result::Result<T, DefinitionError>;

/// An answer in which some words are still to be filled in.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: Vec<(String, Text)>,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Empty,
    Text(Text),
    /// An object; its values are written as JSON, so that nothing in them can break out.
    Json(Vec<(String, Field)>),
}

#[derive(Clone, Debug)]
pub(crate) enum Field {
    Text(Text),
    Number(i64),
}

/// A text with words such as `{challenge}` in it.
#[derive(Clone, Debug)]
pub(crate) struct Text(Vec<Word>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Literal(String),
    /// What the sender asked with.
    Challenge,
    /// The digest of it.
    Digest,
    /// The URL that was asked, without its query.
    Url,
    Setting(String),
}

impl Reply {
    pub(super) fn settings(&self) -> impl Iterator<Item = &str> {
        self.texts().flat_map(Text::settings)
    }

    pub(super) fn says(&self, word: &Word) -> bool {
        self.texts().any(|text| text.0.contains(word))
    }

    fn texts(&self) -> impl Iterator<Item = &Text> {
        let (text, fields) = match &self.body {
            Body::Empty => (None, &[][..]),
            Body::Text(text) => (Some(text), &[][..]),
            Body::Json(fields) => (None, &fields[..]),
        };
        let fields = fields.iter().filter_map(|(_, field)| match field {
            Field::Text(text) => Some(text),
            Field::Number(_) => None,
        });
        self.headers.iter().map(|(_, text)| text).chain(text).chain(fields)
    }
}

impl Text {
    pub(super) fn parse(text: &str, field: &str) -> Result<Self> {
        let mut words = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, tail) = after
                .split_once('}')
                .ok_or_else(|| DefinitionError::new(field, "a { is not closed"))?;
            words.extend([Word::Literal(literal.to_owned()), Word::parse(name, field)?]);
            rest = tail;
        }
        words.push(Word::Literal(rest.to_owned()));
        words.retain(|word| *word != Word::Literal(String::new()));
        Ok(Self(words))
    }

    pub(crate) fn words(&self) -> &[Word] {
        &self.0
    }

    pub(super) fn settings(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|word| match word {
            Word::Setting(name) => Some(&**name),
            _ => None,
        })
    }
}

impl Word {
    fn parse(name: &str, field: &str) -> Result<Self> {
        match name.split_once(':') {
            None if name == "challenge" => Ok(Self::Challenge),
            None if name == "digest" => Ok(Self::Digest),
            None if name == "url" => Ok(Self::Url),
            Some(("config", setting)) if !setting.is_empty() => {
                Ok(Self::Setting(setting.to_owned()))
            }
            _ => Err(DefinitionError::new(field, format!("{{{name}}} is not a placeholder"))),
        }
    }
}

/// A reply as written: a text, or an object in JSON, or nothing.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReply {
    status: Option<u16>,
    content_type: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    text: Option<String>,
    json: Option<BTreeMap<String, Value>>,
}

impl RawReply {
    pub(super) fn check(self, field: &str) -> Result<Reply> {
        let status = self.status.unwrap_or(200);
        if !(200..300).contains(&status) {
            return Err(DefinitionError::new(field, "not the status of a success"));
        }
        let (own_type, body) = match (self.text, self.json) {
            (None, None) => (None, Body::Empty),
            (Some(text), None) => (Some("text/plain"), Body::Text(Text::parse(&text, field)?)),
            (None, Some(object)) => (Some("application/json"), Body::Json(fields(object, field)?)),
            (Some(_), Some(_)) => {
                return Err(DefinitionError::new(field, "text or json, not both"));
            }
        };
        let headers = self.headers.into_iter();
        let headers = headers.map(|(name, text)| Ok((name, Text::parse(&text, field)?)));
        Ok(Reply {
            status,
            content_type: self.content_type.or_else(|| own_type.map(str::to_owned)),
            headers: headers.collect::<Result<_>>()?,
            body,
        })
    }
}

fn fields(object: BTreeMap<String, Value>, at: &str) -> Result<Vec<(String, Field)>> {
    let fields = object.into_iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name, Field::Text(Text::parse(&text, at)?))),
        Value::Number(number) if number.is_i64() => {
            Ok((name, Field::Number(number.as_i64().unwrap_or_default())))
        }
        _ => Err(DefinitionError::new(at, "a text or a whole number is wanted")),
    });
    fields.collect()
}
