//! What all use cases share: the place, its name, the clock, and who acts.

use futures_util::future::join_all;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::ledger::{EventRef, History};
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::Event;
use crate::beginning::{Beginning, FIRST_BYTES};
use crate::ports::Place;
use crate::trouble::Trouble;

/// How many answers of a store are waited for at a time.
pub(crate) const SIDE_BY_SIDE: usize = 64;

/// An endpoint, as its settings tell it. Its secrets are no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Configured {
    /// Its name.
    pub endpoint: String,
    /// The provider's name.
    pub provider: String,
    /// The path of its URL.
    pub path: String,
    /// How sure the provider's scheme is: `verified`, `documented` or `unconfirmed`.
    pub trust: String,
    /// The kind of work that is done at once, at a direct endpoint.
    pub direct: Option<String>,
}

/// The use cases over a place.
#[derive(Debug)]
pub struct Operator<P, S> {
    /// The place.
    pub place: P,
    /// Its name, as a person knows it.
    pub name: String,
    /// Who acts.
    pub actor: String,
    /// The endpoints that are set up there, where that is known.
    pub configured: Vec<Configured>,
    /// The clock.
    pub system: S,
}

impl<P: Place, S: System> Operator<P, S> {
    pub(crate) fn now(&self) -> EpochMillis {
        self.system.now()
    }

    /// The endpoints: those that are set up, and those that ever received something.
    pub(crate) async fn endpoint_names(&self) -> Result<Vec<EndpointId>, Trouble> {
        let mut names = self.place.folders("deliveries/").await?;
        names.extend(self.configured.iter().map(|endpoint| endpoint.endpoint.clone()));
        names.sort();
        names.dedup();
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// What the object's first bytes say. `None`: it is gone, or is no delivery.
    pub(crate) async fn beginning(&self, object: &ObjectKey) -> Result<Option<Beginning>, Trouble> {
        for bytes in FIRST_BYTES {
            let Some(read) = self.place.beginning(object, bytes).await? else { return Ok(None) };
            if let Some(beginning) = Beginning::parse(&read) {
                return Ok(Some(beginning));
            }
        }
        let whole = self.place.read(object).await?;
        Ok(whole.and_then(|whole| Beginning::parse(&whole)))
    }

    /// The events of a delivery that this delivery stands for, in the order of its items. A repeat
    /// stands for none.
    pub(crate) async fn rows(&self, beginning: &Beginning) -> Result<Vec<(usize, Event)>, Trouble> {
        let events: Vec<EventRef> = beginning
            .events()
            .into_iter()
            .map(|(event, _)| EventRef {
                endpoint: beginning.endpoint.clone(),
                key: event.key.clone(),
            })
            .collect();
        let mut rows = Vec::new();
        for (place, (event, history)) in
            events.iter().zip(self.histories(&events).await?).enumerate()
        {
            match history {
                Some(history) if history.event.first_delivery == beginning.delivery_id => {
                    rows.push((place, Event::recorded(&history, self.now()).row()));
                }
                Some(_) => {}
                None => rows.push((place, Event::unrecorded(event, beginning, self.now()))),
            }
        }
        Ok(rows)
    }

    /// What is recorded of these events. A record whose life is over counts as gone.
    pub(crate) async fn histories(
        &self,
        events: &[EventRef],
    ) -> Result<Vec<Option<History>>, PortError> {
        let mut all = Vec::new();
        for some in events.chunks(SIDE_BY_SIDE) {
            let read = join_all(some.iter().map(|event| self.place.history(event))).await;
            for history in read {
                let now = self.now().to_seconds().get();
                all.push(history?.filter(|history| now < history.event.expires_at));
            }
        }
        Ok(all)
    }
}
