//! How a person names an event: `stripe/evt_1`, `github/dlv_0190...`, or a key from a log.

use std::fmt;
use std::str::FromStr;

use hookdock_pipeline::model::names::{DeliveryId, EndpointId, EventId, EventKey, InvalidName};

use crate::trouble::Trouble;

/// An event, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The name within the endpoint.
    pub name: Name,
}

/// The name within the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// One of its deliveries: the answer's `X-Hookdock-Delivery`.
    Delivery(DeliveryId),
    /// Its key, from a log.
    Key(EventKey),
    /// The provider's id.
    Id(EventId),
}

impl Target {
    /// The event of that name at that endpoint.
    ///
    /// # Errors
    ///
    /// One of them is no name.
    pub fn of(endpoint: &str, name: &str) -> Result<Self, Trouble> {
        // A list on a screen ends a long name so.
        let name = name.trim_end_matches('\u{2026}').parse()?;
        Ok(Self { endpoint: endpoint.parse()?, name })
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (endpoint, name) = text
            .split_once('/')
            .ok_or("name the endpoint too, such as stripe/evt_1 or github/dlv_0190...")?;
        Self::of(endpoint, name).map_err(|trouble| trouble.why)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.endpoint, self.name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delivery(id) => id.as_str(),
            Self::Key(key) => key.as_str(),
            Self::Id(id) => id.as_str(),
        })
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if let Ok(id) = text.parse() {
            Ok(Self::Delivery(id))
        } else if let Ok(key) = text.parse() {
            Ok(Self::Key(key))
        } else {
            text.parse().map(Self::Id)
        }
    }
}
