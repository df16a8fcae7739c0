//! The answer that a handshake wants, as a template.

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
