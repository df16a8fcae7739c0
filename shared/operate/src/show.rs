//! One event: found by any of its names, with its delivery, attempts and steps.

use bytes::Bytes;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::ledger::{EventRecord, EventRef, History};
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::names::{DeliveryId, EndpointId, EventKey, TenantId};
use hookdock_pipeline::model::system::System;

use crate::account::{Event, Received, parse};
use crate::beginning::Beginning;
use crate::name::{Name, Target};
use crate::operator::Operator;
use crate::page::Paging;
use crate::ports::Place;
use crate::selection::Filters;
use crate::trouble::{Code, Trouble};

/// How many of an endpoint's newest deliveries are looked through for an event that no worker has
/// recorded, and that has no other name.
const NEWEST: usize = 200;

/// An event that was found: what is stored of it, and what is recorded.
pub(crate) struct Known {
    pub(crate) event: EventRef,
    pub(crate) stored: Option<(ObjectKey, Bytes)>,
    pub(crate) history: Option<History>,
}

impl<P: Place, S: System> Operator<P, S> {
    /// What is known of an event.
    ///
    /// # Errors
    ///
    /// Nothing is, or the place cannot be read.
    pub async fn show(&self, target: &Target, tenant: Option<&TenantId>) -> Result<Event, Trouble> {
        self.account(target, self.known(target, tenant).await?)
    }

    fn account(&self, target: &Target, known: Known) -> Result<Event, Trouble> {
        let Known { event, stored, history } = known;
        let record = history.as_ref().map(|history| &history.event);
        let delivery = stored.as_ref().map(|(object, bytes)| Received::of(bytes, object, record));
        let delivery = delivery.transpose()?;
        let mut account = match (&history, &stored) {
            (Some(history), _) => Event::recorded(history, self.now()),
            (None, Some((_, bytes))) => {
                Event::unrecorded(&event, &Beginning::of(&parse(bytes)?), self.now())
            }
            (None, None) => return Err(unknown(target)),
        };
        account.delivery = delivery;
        Ok(account)
    }

    /// Whatever has this name, at any endpoint: a delivery's id, an event key, or a provider's id.
    /// Providers' ids that nobody signs are found by `filters`, among the deliveries that its time
    /// covers.
    ///
    /// # Errors
    ///
    /// The text is no name, or the place cannot be read.
    pub async fn find(
        &self,
        text: &str,
        tenant: Option<&TenantId>,
        filters: Filters,
    ) -> Result<Vec<Event>, Trouble> {
        let mut found: Vec<Event> = Vec::new();
        for endpoint in self.endpoint_names().await? {
            let target = Target::of(endpoint.as_str(), text)?;
            match self.exactly(&target, tenant).await {
                Ok(known) => found.push(self.account(&target, known)?.row()),
                Err(Trouble { code: Code::NotFound, .. }) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        if filters.since.is_some() {
            let selection = Filters { id: Some(text.to_owned()), ..filters }.check()?;
            let page = self.list(&selection, &Paging::default()).await?;
            let new = |event: &Event| {
                !found.iter().any(|own| own.key == event.key && own.endpoint == event.endpoint)
            };
            let more: Vec<Event> = page.items.into_iter().filter(new).collect();
            found.extend(more);
        }
        Ok(found)
    }

    /// The event of that name, or the only one whose name begins so.
    pub(crate) async fn known(
        &self,
        target: &Target,
        tenant: Option<&TenantId>,
    ) -> Result<Known, Trouble> {
        match self.exactly(target, tenant).await {
            Err(trouble) if trouble.code == Code::NotFound => {
                let longer = self.begins(target, tenant).await?.ok_or(trouble)?;
                self.exactly(&longer, tenant).await
            }
            known => known,
        }
    }

    /// The event, if anything is known of it.
    async fn exactly(&self, target: &Target, tenant: Option<&TenantId>) -> Result<Known, Trouble> {
        let (key, asked) = self.named(target, tenant).await?;
        let event = EventRef { endpoint: target.endpoint.clone(), key };
        let history = self.place.history(&event).await?;
        let stored = match (asked, &history) {
            (Some(asked), _) => Some(asked),
            (None, Some(history)) => self.first_of(&history.event).await?,
            (None, None) => {
                Some(self.without_record(&event).await?.ok_or_else(|| unknown(target))?)
            }
        };
        Ok(Known { event, stored, history })
    }

    /// The key of the event, and the delivery if that is what was named.
    async fn named(
        &self,
        target: &Target,
        tenant: Option<&TenantId>,
    ) -> Result<(EventKey, Option<(ObjectKey, Bytes)>), Trouble> {
        match &target.name {
            Name::Key(key) => Ok((key.clone(), None)),
            Name::Id(id) => Ok((EventKey::of_signed_id(tenant, id), None)),
            Name::Delivery(id) => {
                let found = match lookup::find(&self.place, &target.endpoint, id).await? {
                    Some(found) => Some(found),
                    None => self.direct(&target.endpoint, id).await?,
                };
                let (object, stored) = found.ok_or_else(|| unknown(target))?;
                let key = parse(&stored)?.event.key;
                Ok((key, Some((object, stored))))
            }
        }
    }

    /// The first delivery of an event. The record names its pack, or it is an object of its own.
    pub(crate) async fn first_of(
        &self,
        event: &EventRecord,
    ) -> Result<Option<(ObjectKey, Bytes)>, Trouble> {
        let id = &event.first_delivery;
        let own = || ObjectKey::of(&event.endpoint, id, id.received_at());
        let object = event.pack_of(id).cloned().unwrap_or_else(own);
        let stored = lookup::read(&self.place, &object, id).await?;
        Ok(stored.map(|stored| (object, stored)))
    }

    /// A delivery of an event that the ledger does not have: the processor never sees those of a
    /// direct endpoint, and has not come to others yet.
    async fn without_record(
        &self,
        event: &EventRef,
    ) -> Result<Option<(ObjectKey, Bytes)>, Trouble> {
        let direct = ObjectKey::direct(&event.endpoint, &event.key);
        if let Some(stored) = self.place.read(&direct).await? {
            return Ok(Some((direct, stored)));
        }
        let Some(delivery) = self.among_the_newest(&event.endpoint, &event.key).await? else {
            return Ok(None);
        };
        Ok(lookup::find(&self.place, &event.endpoint, &delivery).await?)
    }

    /// A delivery of a direct event, whose object has the name of the event: among the first names
    /// of its endpoint.
    async fn direct(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
    ) -> Result<Option<(ObjectKey, Bytes)>, Trouble> {
        let listed = self.place.names(&format!("direct/{endpoint}/"), "").await?;
        for object in listed.names {
            let Some(stored) = self.place.read(&object).await? else { continue };
            if parse(&stored).is_ok_and(|stored| stored.delivery_id == *id) {
                return Ok(Some((object, stored)));
            }
        }
        Ok(None)
    }

    async fn among_the_newest(
        &self,
        endpoint: &EndpointId,
        key: &EventKey,
    ) -> Result<Option<DeliveryId>, Trouble> {
        let filters = Filters {
            endpoint: Some(endpoint.to_string()),
            state: Some("queued".to_owned()),
            // Also what the clock of another machine has put into the future.
            until: Some(jiff::Timestamp::MAX),
            ..Filters::default()
        };
        let paging = Paging { limit: NEWEST, look: NEWEST, cursor: None };
        let page = self.list(&filters.check()?, &paging).await?;
        let event = page.items.into_iter().find(|event| event.key == key.as_str());
        Ok(event.and_then(|event| event.first_delivery?.parse().ok()))
    }
}

fn unknown(target: &Target) -> Trouble {
    let why = match &target.name {
        Name::Id(_) => {
            "a provider's id is found where the provider signs it; else ask for its delivery: the \
             answer's X-Hookdock-Delivery, which the provider's own log shows"
        }
        Name::Delivery(_) => {
            "where the endpoint stores inline, a delivery is found once a worker has taken it"
        }
        Name::Key(_) => {
            "the ledger has no such key, and neither have the newest deliveries of the endpoint"
        }
    };
    let what = format!("nothing of the name {target} is known at {}", target.endpoint);
    let id = target.to_string().split_once('/').map(|(_, id)| id.to_owned()).unwrap_or_default();
    Trouble::new(Code::NotFound, what, why).next(format!("hookdock find {id} --since 40d"))
}
