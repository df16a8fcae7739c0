//! Finds the events of a request that carries several.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde_json::value::RawValue;

use crate::RequestView;
use crate::definition::items::{Array, Items, Rule};
use crate::definition::selector::Selector;
use crate::events::select::{ItemView, SelectError, Selected};
use crate::parse::{form, json};

/// The items of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found<'a> {
    /// How many there are.
    pub count: usize,
    /// The items, in the order in which they are written; none if there are more than were asked
    /// for.
    pub items: Vec<Item<'a>>,
}

/// One of the events of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item<'a> {
    /// The JSON pointer to it, in the body or in the field of the form that [`Items::form`] names.
    pub pointer: String,
    /// Its exact bytes, which are JSON.
    pub bytes: Cow<'a, [u8]>,
    /// The provider's id for the event.
    pub id: Sought,
    /// Whether no other event has the same id.
    pub id_is_unique: bool,
    /// The provider's name for what happened.
    pub event_type: Sought,
}

/// What became of looking for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// The provider is not known to state it anywhere.
    Nowhere,
    /// It is not where the provider states it.
    Missing,
    /// This is it.
    Found(Selected),
}

impl Items {
    /// Finds the items. `None`: the request has none of the arrays, so it is one event as a
    /// whole. Their ids are read if there are `most` of them or fewer.
    ///
    /// The work grows with the length of the body, however the items lie in it.
    ///
    /// ```
    /// use hookdock_signature::{Headers, Request, RequestView, Sought, catalog};
    ///
    /// let sendgrid = catalog::find("sendgrid").unwrap();
    /// let request = Request {
    ///     method: "POST",
    ///     url: "https://hooks.example/mail",
    ///     headers: &Headers::default(),
    ///     body: br#"[{"event":"open","sg_event_id":"a"}, {"event":"click","sg_event_id":"b"}]"#,
    /// };
    /// let found = sendgrid.items().unwrap().find(&RequestView::of(&request), 1000)?.unwrap();
    /// assert_eq!(found.items[1].pointer, "/1");
    /// assert_eq!(&*found.items[1].bytes, br#"{"event":"click","sg_event_id":"b"}"#);
    /// assert!(matches!(&found.items[1].id, Sought::Found(id) if id.value == "b" && id.covered));
    /// # Ok::<(), hookdock_signature::SelectError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SelectError::BodyNotJson`] when the body, or the field of it, is not JSON;
    /// [`SelectError::Repeated`] when the field is there more than once.
    pub fn find<'a>(
        &self,
        view: &RequestView<'a>,
        most: usize,
    ) -> Result<Option<Found<'a>>, SelectError> {
        let Some(name) = &self.form else {
            let body = view.json().ok_or(SelectError::BodyNotJson)?;
            return Ok(self.find_in(body, view, most));
        };
        // Text inside of JSON must not be taken for a form.
        if self.whole.is_some() && view.json().is_some() {
            return Ok(None);
        }
        let field = view.form(name).map_err(|_| SelectError::Repeated { name: name.clone() })?;
        let Some(written) = field.and_then(|field| field.value()) else { return Ok(None) };
        let document = json::document(written.as_bytes()).ok_or(SelectError::BodyNotJson)?;
        // One of its own, since the field is gone before the request is.
        let view = RequestView::of(view.request());
        Ok(self.find_in(document, &view, most).map(Found::into_owned))
    }

    fn find_in<'a>(
        &self,
        document: &'a RawValue,
        view: &RequestView<'a>,
        most: usize,
    ) -> Option<Found<'a>> {
        let root = Node { pointer: String::new(), value: document, outer: None };
        let mut walk = Walk { most, count: 0, spots: Vec::new() };
        match &self.whole {
            Some(rule) => walk.item(rule, root),
            None if walk.any(&self.arrays, &root) => {}
            None => return None,
        }
        let mut item = ItemView::of(view, document);
        let items = walk.spots.into_iter().map(|spot| spot.read(&mut item)).collect();
        Some(Found { count: walk.count, items })
    }
}

/// The exact bytes of an item that [`Items::find`] found: at that pointer in the body, or in that
/// field of it.
///
/// ```
/// use hookdock_signature::item_at;
///
/// let body = br#"{"events": [{"id": 1}, {"id": 2}]}"#;
/// assert_eq!(item_at(body, None, "/events/1").as_deref(), Some(&br#"{"id": 2}"#[..]));
/// assert_eq!(item_at(body, None, "/events/2"), None);
/// ```
#[must_use]
pub fn item_at<'a>(body: &'a [u8], form: Option<&str>, pointer: &str) -> Option<Cow<'a, [u8]>> {
    let Some(name) = form else {
        return Some(Cow::Borrowed(json::at(json::document(body)?, pointer)?.get().as_bytes()));
    };
    let field = form::field(body, name).ok()?.and_then(|field| field.value())?;
    let item = json::at(json::document(field.as_bytes())?, pointer)?;
    Some(Cow::Owned(item.get().as_bytes().to_vec()))
}

impl Found<'_> {
    fn into_owned(self) -> Found<'static> {
        let items = self.items.into_iter();
        let items = items.map(|item| Item { bytes: Cow::Owned(item.bytes.into_owned()), ..item });
        Found { count: self.count, items: items.collect() }
    }
}

/// A value on the way to the items.
struct Node<'a> {
    pointer: String,
    value: &'a RawValue,
    /// The element of an array that it is in.
    outer: Option<&'a RawValue>,
}

/// An item before it is read.
struct Spot<'a, 'd> {
    place: Node<'a>,
    rule: &'d Rule,
}

struct Walk<'a, 'd> {
    most: usize,
    count: usize,
    spots: Vec<Spot<'a, 'd>>,
}

impl<'a, 'd> Walk<'a, 'd> {
    /// Goes through the arrays that are there; `false` when none is.
    fn any(&mut self, arrays: &'d [Array], from: &Node<'a>) -> bool {
        let mut any = false;
        for array in arrays {
            any |= self.through(array, from);
        }
        any
    }

    fn through(&mut self, array: &'d Array, from: &Node<'a>) -> bool {
        let Some(at) = from.down(&array.keys) else { return false };
        let mut index: usize = 0;
        json::elements(at.value, |value| {
            let pointer = format!("{}/{index}", at.pointer);
            let element = Node { pointer, value, outer: from.outer };
            let inside = Node { outer: Some(value), ..element.copy() };
            if !self.any(&array.inner, &inside) {
                self.item(&array.rule, element);
            }
            index = index.saturating_add(1);
            ControlFlow::Continue(())
        });
        json::is_array(at.value)
    }

    /// Of more than are asked for none is kept, and they are only counted.
    fn item(&mut self, rule: &'d Rule, element: Node<'a>) {
        self.count = self.count.saturating_add(1);
        if self.count > self.most {
            self.spots = Vec::new();
        } else {
            let place = element.down(&rule.tail).unwrap_or(element);
            self.spots.push(Spot { place, rule });
        }
    }
}

impl<'a> Node<'a> {
    fn copy(&self) -> Self {
        Self { pointer: self.pointer.clone(), value: self.value, outer: self.outer }
    }

    fn down(&self, keys: &[String]) -> Option<Self> {
        keys.iter().try_fold(self.copy(), |place, key| {
            let value = json::member(place.value, key)?;
            let pointer = format!("{}/{}", place.pointer, json::token(key));
            Some(Self { pointer, value, ..place })
        })
    }
}

impl<'a, 'd> Spot<'a, 'd> {
    fn read(self, item: &mut ItemView<'d, 'a>) -> Item<'a> {
        let Self { place, rule } = self;
        item.enter(place.value, place.outer);
        // An item that cannot be read has no id and no type, and is an event all the same.
        let mut select = |selector: &'d Option<Selector>| match selector {
            None => Sought::Nowhere,
            Some(selector) => match selector.select_in(item) {
                Ok(Some(selected)) => Sought::Found(selected),
                Ok(None) | Err(_) => Sought::Missing,
            },
        };
        Item {
            id: select(&rule.id),
            id_is_unique: rule.unique,
            event_type: select(&rule.event_type),
            bytes: Cow::Borrowed(place.value.get().as_bytes()),
            pointer: place.pointer,
        }
    }
}
