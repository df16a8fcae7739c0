//! The answer that a handshake wants, as a template.

use super::error::DefinitionError;
use super::placeholder::{Piece, pieces, unknown};

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
        let words = pieces(text, field, |piece| match piece {
            Piece::Literal(text) => Ok(Word::Literal(text.to_owned())),
            Piece::Name(name) => Word::parse(name).ok_or_else(|| unknown(name, field)),
        });
        words.map(Self)
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
    fn parse(name: &str) -> Option<Self> {
        match name {
            "challenge" => Some(Self::Challenge),
            "digest" => Some(Self::Digest),
            "url" => Some(Self::Url),
            _ => {
                let setting = name.strip_prefix("config:").filter(|setting| !setting.is_empty())?;
                Some(Self::Setting(setting.to_owned()))
            }
        }
    }
}
