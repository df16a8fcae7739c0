//! Where the events of a request are that carries several.

use super::selector::Selector;

/// Where a provider puts the events of a request that carries several.
///
/// Nothing of a request is left out: an element that has none of the arrays that are looked for
/// in it is an item itself.
#[derive(Clone, Debug)]
pub struct Items {
    pub(crate) form: Option<String>,
    pub(crate) arrays: Vec<Array>,
}

/// An array, and what its elements are.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    /// The way to it.
    pub(crate) keys: Vec<String>,
    pub(crate) inner: Vec<Self>,
    /// How an element is read that has none of the inner arrays.
    pub(crate) rule: Rule,
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// As in the definition.
    pub(crate) at: String,
    /// The way from the element to the item, if the item is not the element itself.
    pub(crate) tail: Vec<String>,
    pub(crate) id: Option<Selector>,
    pub(crate) unique: bool,
    pub(crate) event_type: Option<Selector>,
}

/// A place at which items are looked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ItemPlace<'a> {
    /// As in the definition, such as `entry[].changes[]`.
    pub at: &'a str,
    /// Where the event's id is.
    pub id: Option<&'a Selector>,
    /// Whether no other event has the same id.
    pub unique: bool,
}

impl Items {
    /// The field of a form that holds the JSON; without one the body is the JSON.
    #[must_use]
    pub fn form(&self) -> Option<&str> {
        self.form.as_deref()
    }

    /// Where items are looked for, an array before those inside it.
    #[must_use]
    pub fn places(&self) -> Vec<ItemPlace<'_>> {
        let mut places = Vec::new();
        list(&self.arrays, &mut places);
        places
    }
}

fn list<'a>(arrays: &'a [Array], places: &mut Vec<ItemPlace<'a>>) {
    for Array { inner, rule, .. } in arrays {
        places.push(ItemPlace { at: &rule.at, id: rule.id.as_ref(), unique: rule.unique });
        list(inner, places);
    }
}
