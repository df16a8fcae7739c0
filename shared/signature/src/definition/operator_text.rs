//! A text that an operator's values complete.

use super::error::DefinitionError;

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
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            let closed = after.split_once('}');
            let (name, tail) =
                closed.ok_or_else(|| DefinitionError::new(field, "a { is not closed"))?;
            parts.extend([TextPart::Literal(literal.to_owned()), part(name, field)?]);
            rest = tail;
        }
        parts.push(TextPart::Literal(rest.to_owned()));
        Ok(Self(parts))
    }

    pub(crate) fn parts(&self) -> &[TextPart] {
        &self.0
    }

    pub(crate) fn starts_with_secret(&self) -> bool {
        let written =
            |part: &&TextPart| !matches!(part, TextPart::Literal(text) if text.is_empty());
        matches!(self.0.iter().find(written), Some(TextPart::Secret))
    }

    pub(crate) fn settings(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            TextPart::Setting(name) => Some(&**name),
            TextPart::Literal(_) | TextPart::Secret | TextPart::Id => None,
        })
    }
}

fn part(name: &str, field: &str) -> Result<TextPart, DefinitionError> {
    match name {
        "secret" => Ok(TextPart::Secret),
        "id" => Ok(TextPart::Id),
        _ => match name.strip_prefix("config:") {
            Some(setting) if !setting.is_empty() => Ok(TextPart::Setting(setting.to_owned())),
            _ => Err(DefinitionError::new(field, format!("{{{name}}} is not a placeholder"))),
        },
    }
}
