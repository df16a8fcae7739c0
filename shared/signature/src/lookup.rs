//! A request seen through a definition: every look-up ends in a value or a reason.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde_json::value::RawValue;

use crate::definition::operator_text::{OperatorText, TextPart};
use crate::definition::path::JsonPath;
use crate::definition::signature::Name;
use crate::parse::form::{Field, Repeated};
use crate::parse::json;
use crate::request_view::RequestView;
use crate::{Provider, Rejection, Request};

type Result<T> = std::result::Result<T, Rejection>;

pub(crate) struct Lookup<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) request: &'a Request<'a>,
    view: RequestView<'a>,
}

impl<'a> Lookup<'a> {
    pub(crate) const fn new(provider: &'a Provider, request: &'a Request<'a>) -> Self {
        Self { provider, request, view: RequestView::of(request) }
    }

    /// A header that has to be there, once, with something in it.
    pub(crate) fn header(&self, name: &str) -> Result<&'a str> {
        let found = self.optional_header(name)?;
        found.ok_or_else(|| Rejection::MissingHeader { name: name.to_owned() })
    }

    pub(crate) fn optional_header(&self, name: &str) -> Result<Option<&'a str>> {
        let name_of = || name.to_owned();
        match self.request.headers.single(name) {
            Err(_) => Err(Rejection::RepeatedHeader { name: name_of() }),
            Ok(Some(value)) if value.trim().is_empty() => {
                Err(Rejection::MalformedHeader { name: name_of() })
            }
            Ok(value) => Ok(value),
        }
    }

    pub(crate) fn query(&self, name: &str) -> Result<Cow<'a, str>> {
        text_of(name, self.view.query(name))
    }

    pub(crate) fn optional_query(&self, name: &str) -> Result<Option<Cow<'a, str>>> {
        match self.query(name) {
            Ok(value) => Ok(Some(value)),
            Err(Rejection::MissingField { .. }) => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }

    pub(crate) fn form(&self, name: &str) -> Result<Cow<'a, str>> {
        text_of(name, self.view.form(name))
    }

    /// Whether the query or the form has a field of that name, well-formed or not.
    pub(crate) fn has_query(&self, name: &str) -> bool {
        self.view.query(name) != Ok(None)
    }

    pub(crate) fn has_form(&self, name: &str) -> bool {
        self.view.form(name) != Ok(None)
    }

    /// Whether there is a value at that path, or at one of those that it leads to.
    pub(crate) fn has_json(&self, path: &JsonPath) -> bool {
        let mut has = false;
        if let Some(body) = self.view.json() {
            path.each(body, |value| {
                has = value.is_some();
                if has { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        has
    }

    pub(crate) fn json(&self, path: &JsonPath) -> Result<Cow<'a, str>> {
        let missing = || Rejection::MissingField { name: path.to_string() };
        let found = path.find(self.body_as_json()?).ok_or_else(missing)?;
        let text = json::scalar(found).filter(|text| !text.is_empty());
        text.ok_or_else(|| Rejection::MalformedField { name: path.to_string() })
    }

    pub(crate) fn body_as_json(&self) -> Result<&'a RawValue> {
        self.view.json().ok_or(Rejection::BodyNotJson)
    }

    pub(crate) fn setting(&self, name: &str) -> Result<&'a str> {
        let value = self.provider.setting(name);
        value.ok_or_else(|| Rejection::MissingSetting { name: name.to_owned() })
    }

    /// A text with the operator's values in it. `id` is what the request chose, and has been
    /// checked.
    pub(crate) fn fill(&self, text: &OperatorText, secret: &str, id: &str) -> Result<String> {
        let parts = text.parts().iter().map(|part| match part {
            TextPart::Literal(text) => Ok(text.as_str()),
            TextPart::Secret => Ok(secret),
            TextPart::Setting(name) => self.setting(name),
            TextPart::Id => Ok(id),
        });
        parts.collect()
    }

    pub(crate) fn name(&self, name: &'a Name) -> Result<&'a str> {
        match name {
            Name::Fixed(name) => Ok(name),
            Name::Setting(setting) => self.setting(setting),
        }
    }
}

fn text_of<'a>(
    name: &str,
    found: std::result::Result<Option<Field<'a>>, Repeated>,
) -> Result<Cow<'a, str>> {
    let name = || name.to_owned();
    match found {
        Err(Repeated) => Err(Rejection::RepeatedField { name: name() }),
        Ok(None) => Err(Rejection::MissingField { name: name() }),
        Ok(Some(field)) => {
            let value = field.value().filter(|value| !value.is_empty());
            value.ok_or_else(|| Rejection::MalformedField { name: name() })
        }
    }
}
