//! A text that an operator's values complete.

use super::error::DefinitionError;
use super::placeholder::{Piece, pieces, unknown};

/// A text with `{secret}`, `{config:NAME}` and `{id}` in it.
#[derive(Clone, Debug)]
pub(crate) struct OperatorText(Vec<TextPart>);

#[derive(Clone, Debug)]
pub(crate) enum TextPart {
    Literal(String),
    Secret,
    Setting(String),
    Id,
}

impl OperatorText {
    pub(super) fn parse(text: &str, field: &str) -> Result<Self, DefinitionError> {
        let parts = pieces(text, field, |piece| match piece {
            Piece::Literal(text) => Ok(TextPart::Literal(text.to_owned())),
            Piece::Name(name) => part(name).ok_or_else(|| unknown(name, field)),
        });
        parts.map(Self)
    }

    pub(crate) fn parts(&self) -> &[TextPart] {
        &self.0
    }

    pub(crate) fn starts_with_secret(&self) -> bool {
        matches!(self.0.first(), Some(TextPart::Secret))
    }

    pub(crate) fn settings(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            TextPart::Setting(name) => Some(&**name),
            TextPart::Literal(_) | TextPart::Secret | TextPart::Id => None,
        })
    }
}

fn part(name: &str) -> Option<TextPart> {
    match name {
        "secret" => Some(TextPart::Secret),
        "id" => Some(TextPart::Id),
        _ => {
            let setting = name.strip_prefix("config:").filter(|setting| !setting.is_empty())?;
            Some(TextPart::Setting(setting.to_owned()))
        }
    }
}
