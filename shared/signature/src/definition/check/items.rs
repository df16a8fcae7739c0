//! Checks of `[[items]]`: from paths to a tree of arrays.

use crate::definition::check::place::Place;
use crate::definition::error::DefinitionError;
use crate::definition::file::ItemsToml;
use crate::definition::items::{Array, Items, Rule};
use crate::definition::path::JsonPath;
use crate::definition::scheme::Scheme;
use crate::definition::selector::{Needs, Reach, Selector};

type Result<T> = std::result::Result<T, DefinitionError>;

/// The rules in the order of the file, which names an array before those inside it.
pub(super) fn items(raw: Vec<ItemsToml>, schemes: &[&Scheme]) -> Result<Option<Items>> {
    let mut items: Option<Items> = None;
    for (index, raw) in raw.into_iter().enumerate() {
        let place = Place::new(format!("items[{index}]"));
        let form = raw.form.clone();
        let new = || Items { form: form.clone(), whole: None, arrays: Vec::new() };
        let items = items.get_or_insert_with(new);
        if items.form != form {
            return Err(place.error("form", "differs from the others"));
        }
        match &raw.at {
            Some(path) => {
                let path = JsonPath::parse(path, &place.key("at"))?;
                insert(&mut items.arrays, raw, &path, schemes, &place)?;
            }
            None if form.is_none() => {
                return Err(place.error("at", "missing"));
            }
            None => items.whole = Some(rule(raw, Vec::new(), Reach::Item, schemes, &place)?),
        }
        if items.whole.is_some() && !items.arrays.is_empty() {
            return Err(place.error("at", "the field is one event or several"));
        }
    }
    Ok(items)
}

fn insert(
    mut arrays: &mut Vec<Array>,
    raw: ItemsToml,
    path: &JsonPath,
    schemes: &[&Scheme],
    place: &Place,
) -> Result<()> {
    let error = |problem: &str| place.error("at", problem);
    let (mut outer, tail) = path.arrays().ok_or_else(|| error("needs [] and takes no number"))?;
    let keys = outer.pop().unwrap_or_default();
    let reach = if outer.is_empty() { Reach::Item } else { Reach::Outer };
    for keys in outer {
        // What an outer element is that has no inner array has to be said first.
        let array = arrays.iter_mut().find(|array| array.keys == keys);
        let array =
            array.ok_or_else(|| error("the array around it has no rule of its own before"))?;
        if !array.rule.tail.is_empty() {
            return Err(error("the array around it holds items that are not its elements"));
        }
        arrays = &mut array.inner;
    }
    if arrays.iter().any(|array| array.keys == keys) {
        return Err(error("named twice"));
    }
    let rule = rule(raw, tail, reach, schemes, place)?;
    arrays.push(Array { keys, inner: Vec::new(), rule });
    Ok(())
}

fn rule(
    raw: ItemsToml,
    tail: Vec<String>,
    reach: Reach,
    schemes: &[&Scheme],
    place: &Place,
) -> Result<Rule> {
    let selector = |parts: Option<&Vec<String>>, needs, key: &str| {
        let field = place.key(key);
        parts.map(|parts| Selector::parse(parts, needs, reach, schemes, &field)).transpose()
    };
    Ok(Rule {
        id: selector(raw.id.as_ref(), Needs::Every, "id")?,
        unique: raw.unique.unwrap_or(true),
        event_type: selector(raw.event_type.as_ref(), Needs::First, "type")?,
        at: raw.at.unwrap_or_default(),
        tail,
    })
}
