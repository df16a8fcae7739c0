//! What of a delivery a reference is about.

use serde::{Deserialize, Serialize};

use crate::model::names::BodyDigest;

/// What of a delivery a reference is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// All of it: it carries one event.
    #[default]
    Whole,
    /// One item of it, which is the event.
    Item(Item),
    /// Several items, of which the processor makes a reference each.
    Batch(Batch),
}

/// One of the values in a body that carries several events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The field of the form that holds the JSON; without one the body is the JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The JSON pointer to it.
    pub pointer: String,
    /// The digest of its exact bytes.
    pub sha256: BodyDigest,
}

/// The items of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// How many there are.
    pub items: usize,
    /// How many of them have a reference of their own already.
    #[serde(default)]
    pub sent: usize,
}

impl Part {
    /// Whether it is all of the delivery.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}
