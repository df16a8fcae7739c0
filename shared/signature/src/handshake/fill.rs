//! A reply's words, filled in.

use serde_json::{Map, Value};

use super::answer::{Answer, HandshakeRefusal};
use crate::Provider;
use crate::definition::reply::{Body, Field, Reply, Text, Word};

/// What the words of a reply stand for.
pub(super) struct Filling<'a> {
    pub(super) provider: &'a Provider,
    pub(super) url: &'a str,
    pub(super) challenge: &'a str,
    pub(super) digest: Option<String>,
}

impl Filling<'_> {
    pub(super) fn answer(&self, reply: &Reply) -> Result<Answer, HandshakeRefusal> {
        let body = match &reply.body {
            Body::Empty => String::new(),
            Body::Text(text) => self.text(text)?,
            Body::Json(fields) => self.object(fields)?,
        };
        let mut headers = Vec::new();
        if let Some(content_type) = &reply.content_type {
            headers.push(("Content-Type".to_owned(), content_type.clone()));
        }
        // What a stranger wrote is never to be taken for a page.
        if !body.is_empty() {
            headers.push(("X-Content-Type-Options".to_owned(), "nosniff".to_owned()));
        }
        for (name, text) in &reply.headers {
            headers.push((name.clone(), self.text(text)?));
        }
        Ok(Answer { status: reply.status, headers, body })
    }

    pub(super) fn text(&self, text: &Text) -> Result<String, HandshakeRefusal> {
        text.words().iter().map(|word| self.word(word)).collect()
    }

    fn word<'w>(&'w self, word: &'w Word) -> Result<&'w str, HandshakeRefusal> {
        match word {
            Word::Literal(text) => Ok(text),
            Word::Challenge => Ok(self.challenge),
            Word::Digest => Ok(self.digest.as_deref().unwrap_or_default()),
            Word::Url => Ok(self.url.split(['?', '#']).next().unwrap_or_default()),
            Word::Setting(name) => match self.provider.setting(name).map(str::trim) {
                Some(value) if !value.is_empty() => Ok(value),
                _ => Err(HandshakeRefusal::NotSet { setting: name.clone(), status: 400 }),
            },
        }
    }

    fn object(&self, fields: &[(String, Field)]) -> Result<String, HandshakeRefusal> {
        let fields = fields.iter().map(|(name, field)| {
            let value = match field {
                Field::Text(text) => Value::String(self.text(text)?),
                Field::Number(number) => Value::from(*number),
            };
            Ok((name.clone(), value))
        });
        let object: Map<String, Value> = fields.collect::<Result<_, HandshakeRefusal>>()?;
        Ok(Value::Object(object).to_string())
    }
}
