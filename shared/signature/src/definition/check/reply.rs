//! Checks of the answer that a handshake gets.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::definition::error::DefinitionError;
use crate::definition::file::reply::ReplyToml;
use crate::definition::reply::{Body, Field, Reply, Text};

type Result<T> = std::result::Result<T, DefinitionError>;

impl ReplyToml {
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
        _ => Err(DefinitionError::new(at, "neither a text nor a whole number")),
    });
    fields.collect()
}
