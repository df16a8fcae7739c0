//! Finds the event's id and type in a request.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::definition::path::JsonPath;
use crate::definition::selector::{Needs, Origin, Part, Reach, Selector, Which};
use crate::parse::form::Field;
use crate::parse::json;
use crate::{Request, RequestView};

/// A value that a [`Selector`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The text, the parts joined by dots. Never empty.
    pub value: String,
    /// Whether the provider's signature covers all of it. Where it does not, a
    /// captured request can be sent again under another value.
    pub covered: bool,
}

/// Why a [`Selector`] could not look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// The value is in the body, and the body is not JSON.
    #[error("the body is not JSON")]
    BodyNotJson,
    /// The header or field is there more than once, so no value is the right one.
    #[error("{name} is repeated")]
    Repeated {
        /// The name of the header or field.
        name: String,
    },
}

impl Selector {
    /// Looks for the value.
    ///
    /// Nothing is found when a part that is needed is missing, empty, or not a scalar.
    ///
    /// ```
    /// use hookdock_signature::{Headers, Request, catalog};
    ///
    /// let github = catalog::find("github").unwrap();
    /// let headers = Headers::from_iter([("X-GitHub-Event", "issues")]);
    /// let request = Request {
    ///     method: "POST",
    ///     url: "https://hooks.example/github",
    ///     headers: &headers,
    ///     body: br#"{"action": "opened"}"#,
    /// };
    /// let selected = github.event_type().unwrap().select(&request)?.unwrap();
    /// assert_eq!(selected.value, "issues.opened");
    /// assert!(!selected.covered);
    /// # Ok::<(), hookdock_signature::SelectError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SelectError::BodyNotJson`] when a part that is needed is in a body that is
    /// not JSON; [`SelectError::Repeated`] when it is there more than once.
    pub fn select(&self, request: &Request<'_>) -> Result<Option<Selected>, SelectError> {
        self.select_from(&RequestView::of(request))
    }

    /// Looks for the value in a request that others look into as well.
    ///
    /// # Errors
    ///
    /// As for [`Selector::select`].
    pub fn select_from(&self, view: &RequestView<'_>) -> Result<Option<Selected>, SelectError> {
        self.select_by(|origin| origin.find(view))
    }

    /// Looks for the value in an item.
    pub(crate) fn select_in<'v>(
        &'v self,
        item: &mut ItemView<'v, '_>,
    ) -> Result<Option<Selected>, SelectError> {
        self.select_by(|origin| item.get(origin))
    }

    fn select_by<'v>(
        &'v self,
        mut get: impl FnMut(&'v Origin) -> Found,
    ) -> Result<Option<Selected>, SelectError> {
        let mut selected: Option<Selected> = None;
        for part in &self.parts {
            let needed = selected.is_none() || self.needs == Needs::Every;
            match (&mut selected, part.find(&mut get)) {
                (_, Err(error)) if needed => return Err(error),
                (_, Ok(None)) if needed => return Ok(None),
                (_, Err(_) | Ok(None)) => {}
                (None, Ok(first)) => selected = first,
                (Some(so_far), Ok(Some(next))) => so_far.append(&next),
            }
        }
        Ok(selected)
    }

    /// Whether anything at all is there, be it an object or twice.
    pub(crate) fn finds_anything(&self, view: &RequestView<'_>) -> bool {
        self.origins().any(|origin| match origin {
            Origin::Json(path) => view.json().is_some_and(|body| path.find(body).is_some()),
            origin => origin.find(view) != Ok(None),
        })
    }

    /// Whether a list without items is there: in JSON, or in a field that holds JSON.
    pub(crate) fn finds_an_empty_list(&self, view: &RequestView<'_>) -> bool {
        self.origins().any(|origin| match origin {
            Origin::Json(path) => {
                let found = view.json().and_then(|body| path.find(body));
                found.is_some_and(json::is_empty_array)
            }
            origin => origin.find(view).is_ok_and(|text| text.as_deref() == Some("[]")),
        })
    }
}

impl Selected {
    fn append(&mut self, next: &Self) {
        self.value.push('.');
        self.value.push_str(&next.value);
        self.covered &= next.covered;
    }
}

impl Part {
    fn find<'v>(
        &'v self,
        get: &mut impl FnMut(&'v Origin) -> Found,
    ) -> Result<Option<Selected>, SelectError> {
        let mut trouble = None;
        for place in &self.places {
            match get(&place.origin) {
                Ok(Some(value)) if !value.is_empty() => {
                    return Ok(Some(Selected { value, covered: place.covered }));
                }
                Ok(_) => {}
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        trouble.map_or(Ok(None), Err)
    }
}

impl Which {
    fn find(&self, body: &RawValue) -> Option<String> {
        let mut first: Option<Cow<'_, str>> = None;
        json::members(body, |key, _| {
            let name = json::string(key).filter(|name| self.fits(name));
            if let Some(name) = name.filter(|name| first.as_ref().is_none_or(|first| name < first))
            {
                first = Some(name);
            }
        });
        first.map(Cow::into_owned)
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::EndsWith(end) => name.ends_with(&**end),
            Self::Not(other) => name != other,
        }
    }
}

/// An item of a request, and what all of its items have in common.
pub(crate) struct ItemView<'v, 'a> {
    view: &'v RequestView<'a>,
    item: &'a RawValue,
    outer: Option<&'a RawValue>,
    /// What was found around the item: looked for once, however many items there are.
    around: Vec<(&'v Origin, Found)>,
}

impl<'v, 'a> ItemView<'v, 'a> {
    pub(crate) const fn of(view: &'v RequestView<'a>, item: &'a RawValue) -> Self {
        Self { view, item, outer: None, around: Vec::new() }
    }

    /// Goes on to an item. Items that lie in the same element share what is read of it.
    pub(crate) fn enter(&mut self, item: &'a RawValue, outer: Option<&'a RawValue>) {
        if self.outer.map(std::ptr::from_ref) != outer.map(std::ptr::from_ref) {
            self.around.retain(|(origin, _)| origin.reach() != Reach::Outer);
            self.outer = outer;
        }
        self.item = item;
    }

    fn get(&mut self, origin: &'v Origin) -> Found {
        if let Origin::Item(path) = origin {
            return Ok(scalar_at(path, self.item));
        }
        let known = self.around.iter().find(|(known, _)| std::ptr::eq(*known, origin));
        if let Some((_, found)) = known {
            return found.clone();
        }
        let found = match origin {
            Origin::Outer(path) => Ok(self.outer.and_then(|outer| scalar_at(path, outer))),
            origin => origin.find(self.view),
        };
        // Every item gets a copy of it.
        let found = found.map(|text| text.filter(|text| text.len() <= LONGEST_COMMON));
        self.around.push((origin, found.clone()));
        found
    }
}

/// The longest text that each of the items has from what is around them. No id is longer.
const LONGEST_COMMON: usize = 256;

type Found = Result<Option<String>, SelectError>;

impl Origin {
    /// What a request as a whole says there.
    fn find(&self, view: &RequestView<'_>) -> Found {
        let request = view.request();
        let body = || view.json().ok_or(SelectError::BodyNotJson);
        match self {
            Self::Header(name) => {
                let value = request.headers.single(name).map_err(|_| repeated(name))?;
                Ok(value.map(str::to_owned))
            }
            Self::Query(name) => view.query(name).map(text_of).map_err(|_| repeated(name)),
            Self::Form(name) => view.form(name).map(text_of).map_err(|_| repeated(name)),
            Self::Json(path) => body().map(|body| scalar_at(path, body)),
            Self::Claim(path) => Ok(view.claims().and_then(|claims| path.find_unpacked(claims))),
            Self::Member(which) => body().map(|body| which.find(body)),
            Self::Item(_) | Self::Outer(_) => Ok(None),
        }
    }
}

fn repeated(name: &str) -> SelectError {
    SelectError::Repeated { name: name.to_owned() }
}

fn text_of(field: Option<Field<'_>>) -> Option<String> {
    field?.value().map(Cow::into_owned)
}

fn scalar_at(path: &JsonPath, value: &RawValue) -> Option<String> {
    path.find(value).and_then(json::scalar).map(Cow::into_owned)
}
