//! A request seen through a definition: every look-up ends in a value or a reason.

use std::cell::OnceCell;

use serde_json::Value;

use crate::parse::path::{JsonPath, scalar};
use crate::spec::scheme::Name;
use crate::{Provider, Rejection, Request, parse};

pub(crate) struct Input<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) provider: &'a Provider,
    /// Parsed at most once, and only for schemes that read it.
    json: OnceCell<Option<Value>>,
}

impl<'a> Input<'a> {
    pub(crate) const fn new(provider: &'a Provider, request: &'a Request<'a>) -> Self {
        Self { request, provider, json: OnceCell::new() }
    }

    /// A header that has to be there, once, with something in it.
    pub(crate) fn header(&self, name: &str) -> Result<&'a str, Rejection> {
        let found = self.optional_header(name)?;
        found.ok_or_else(|| Rejection::MissingHeader { name: name.to_owned() })
    }

    pub(crate) fn optional_header(&self, name: &str) -> Result<Option<&'a str>, Rejection> {
        let name_of = || name.to_owned();
        match self.request.headers.single(name) {
            Err(_) => Err(Rejection::RepeatedHeader { name: name_of() }),
            Ok(Some(value)) if value.trim().is_empty() => {
                Err(Rejection::MalformedHeader { name: name_of() })
            }
            Ok(value) => Ok(value),
        }
    }

    pub(crate) fn query(&self, name: &str) -> Result<String, Rejection> {
        one(name, parse::query(self.request.url, name))
    }

    pub(crate) fn optional_query(&self, name: &str) -> Result<Option<String>, Rejection> {
        match self.query(name) {
            Ok(value) => Ok(Some(value)),
            Err(Rejection::MissingField { .. }) => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }

    pub(crate) fn form(&self, name: &str) -> Result<String, Rejection> {
        one(name, parse::form(self.request.body, name))
    }

    pub(crate) fn json(&self, path: &JsonPath) -> Result<String, Rejection> {
        let root = self.body_as_json()?;
        let missing = || Rejection::MissingField { name: path.to_string() };
        text_of(path, path.find_one(root).ok_or_else(missing)?)
    }

    /// Every value at the path; there is at least one.
    pub(crate) fn json_all(&self, path: &JsonPath) -> Result<Vec<String>, Rejection> {
        let found = path.find(self.body_as_json()?);
        if found.iter().all(|value| value.is_null()) {
            return Err(Rejection::MissingField { name: path.to_string() });
        }
        found.into_iter().map(|value| text_of(path, value)).collect()
    }

    pub(crate) fn body_as_json(&self) -> Result<&Value, Rejection> {
        self.json
            .get_or_init(|| serde_json::from_slice(self.request.body).ok())
            .as_ref()
            .ok_or(Rejection::BodyNotJson)
    }

    pub(crate) fn setting(&self, name: &str) -> Result<&'a str, Rejection> {
        let value = self.provider.setting(name);
        value.ok_or_else(|| Rejection::MissingSetting { name: name.to_owned() })
    }

    pub(crate) fn name(&self, name: &'a Name) -> Result<&'a str, Rejection> {
        match name {
            Name::Fixed(name) => Ok(name),
            Name::Setting(setting) => self.setting(setting),
        }
    }
}

fn text_of(path: &JsonPath, value: &Value) -> Result<String, Rejection> {
    match scalar(value) {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(Rejection::MalformedField { name: path.to_string() }),
    }
}

fn one(name: &str, mut values: impl Iterator<Item = String>) -> Result<String, Rejection> {
    let name = || name.to_owned();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Rejection::RepeatedField { name: name() }),
        (None, None) => Err(Rejection::MissingField { name: name() }),
        (Some(value), None) if value.is_empty() => Err(Rejection::MalformedField { name: name() }),
        (Some(value), None) => Ok(value),
    }
}
