//! What hangs on a provider's events.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What hangs on a provider's events, at worst: what goes wrong when one of them is lost.
///
/// A provider that sends more than one sort belongs to the first of them here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Class {
    /// Money or goods: payments, billing, banking, orders, shipping.
    Money,
    /// Who may use what: identities, sign-ups, keys.
    Access,
    /// The work of a model, which is paid for.
    Ai,
    /// Customers: their messages, calls, forms, appointments, data.
    Customers,
    /// What a team is told of its own tools: code, builds, monitors, tasks, content.
    Tools,
    /// Anything: it is a scheme or a carrier, and its user decides what is sent.
    Any,
}

impl Class {
    /// The class as it is written in a definition.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
