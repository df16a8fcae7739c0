//! Where the events of a request are that carries several.

use super::selector::Selector;

/// Where a provider puts the events of a request that carries several.
///
/// Nothing of a request is left out: an element that has none of the arrays that are looked for
/// in it is an item itself.
#[derive(Clone, Debug)]
pub struct Items {
    pub(crate) form: Option<String>,
    /// How the field of the form is read, where it is one event as a whole. The provider sends
    /// bare JSON too, and then the body is the event.
    pub(crate) whole: Option<Rule>,
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
    /// As in the definition, such as `entry[].changes[]`; empty where it is the field of the form
    /// as a whole.
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

    /// Whether a request can carry several events, and not only one in a field of a form.
    #[must_use]
    pub fn are_several(&self) -> bool {
        !self.arrays.is_empty()
    }

    /// Where items are looked for, an array before those inside it.
    #[must_use]
    pub fn places(&self) -> Vec<ItemPlace<'_>> {
        let rules = self.rules().into_iter();
        rules
            .map(|Rule { at, id, unique, .. }| ItemPlace { at, id: id.as_ref(), unique: *unique })
            .collect()
    }

    /// How items are read, an array before those inside it.
    pub(crate) fn rules(&self) -> Vec<&Rule> {
        let mut rules = Vec::from_iter(&self.whole);
        list(&self.arrays, &mut rules);
        rules
    }
}

fn list<'a>(arrays: &'a [Array], rules: &mut Vec<&'a Rule>) {
    for Array { inner, rule, .. } in arrays {
        rules.push(rule);
        list(inner, rules);
    }
}
