//! How a person names an event.

use std::str::FromStr;

use anyhow::Context as _;
use hookdock_pipeline::model::names::{DeliveryId, EndpointId, EventId, EventKey};

/// An event, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) endpoint: EndpointId,
    pub(crate) name: Name,
}

/// The name within the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// One of its deliveries: the answer's `X-Hookdock-Delivery`.
    Delivery(DeliveryId),
    /// Its key, from a log.
    Key(EventKey),
    /// The provider's id.
    Id(EventId),
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (endpoint, name) = text
            .split_once('/')
            .context("name the endpoint too, such as stripe/evt_1 or github/dlv_0190...")?;
        Ok(Self { endpoint: endpoint.parse()?, name: name.parse()? })
    }
}

impl FromStr for Name {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if let Ok(id) = text.parse() {
            Ok(Self::Delivery(id))
        } else if let Ok(key) = text.parse() {
            Ok(Self::Key(key))
        } else {
            Ok(Self::Id(text.parse()?))
        }
    }
}
