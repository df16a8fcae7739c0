//! Whether anything is missing: what came in, counted against what became of it, hour by hour.
//!
//! The deliveries are counted by the names of the stored objects, and what became of them is read in
//! the ledger: two accounts that are written by different functions. A delivery that is in the one
//! and not in the other was answered 2xx and never reached a worker.
//!
//! Not counted: events of direct endpoints, which have no runs, and deliveries of endpoints that
//! store inline as long as they lie in their message alone.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use hookdock_pipeline::ledger::{EventRecord, EventRef, History, RECORD_LIFE};
use hookdock_pipeline::model::names::{BodyDigest, DeliveryId, EndpointId};
use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{State, VERSION, time};
use crate::beginning::Beginning;
use crate::list::Found;
use crate::operator::{Operator, SIDE_BY_SIDE};
use crate::ports::Place;
use crate::trouble::Trouble;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// How much time is listed at once, so that the names of a busy hour need little memory.
const A_PART: Duration = Duration::from_secs(5 * 60);

/// How long a delivery may wait for its first worker before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How many missing deliveries are named.
const MOST_NAMED: usize = 100;

/// The hours that are looked at.
#[derive(Debug, Clone, Copy)]
pub struct AuditOrder {
    /// From the hour of this time on.
    pub since: EpochMillis,
    /// Until the hour of this time, which is left out.
    pub until: EpochMillis,
    /// Whether the hour that has not ended is looked at, too.
    pub include_open: bool,
}

/// What came in against what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// The version of this form.
    pub version: u32,
    /// The place.
    pub place: String,
    /// The first hour.
    pub from: Timestamp,
    /// The end of the last.
    pub to: Timestamp,
    /// Deliveries that are stored.
    pub deliveries: u64,
    /// Those of them that the ledger knows.
    pub known: u64,
    /// Those that came in less than a quarter of an hour ago, and that no worker has taken yet.
    pub open: u64,
    /// Those that are missing in the ledger: it should be 0.
    pub difference: u64,
    /// The first hundred of them, as `endpoint/delivery`.
    pub missing: Vec<String>,
    /// Each hour of each endpoint that had deliveries.
    pub hours: Vec<AuditedHour>,
}

/// An hour of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditedHour {
    /// Its begin.
    pub hour: Timestamp,
    /// The endpoint.
    pub endpoint: String,
    /// Deliveries that are stored.
    pub deliveries: u64,
    /// Those of them that the ledger knows.
    pub known: u64,
    /// Those that are young, and that no worker has taken yet.
    pub open: u64,
    /// Those that are missing in the ledger.
    pub difference: u64,
    /// The events that these deliveries were the first to carry, by their states.
    pub events: BTreeMap<String, u64>,
    /// Events that an earlier delivery had carried.
    pub repeats: u64,
    /// Events that an earlier delivery had carried with another body; these do not run.
    pub conflicts: u64,
}

/// What the ledger says of one event of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It stands for the event, which has this state.
    First(State),
    Repeat,
    Conflict,
    Open,
    Missing,
}

impl<P: Place, S: System> Operator<P, S> {
    /// Counts the hours.
    ///
    /// # Errors
    ///
    /// The place cannot be read.
    pub async fn audit(&self, order: &AuditOrder) -> Result<Audit, Trouble> {
        let (from, to) = (hour_of(order.since), self.end_of(order));
        let mut audit = Audit {
            version: VERSION,
            place: self.name.clone(),
            from: time(from),
            to: time(to),
            deliveries: 0,
            known: 0,
            open: 0,
            difference: 0,
            missing: Vec::new(),
            hours: Vec::new(),
        };
        let (names, mut hour) = (self.endpoint_names().await?, from);
        while hour < to {
            self.audit_hour(&names, hour, to, &mut audit).await?;
            hour = hour.plus(HOUR);
        }
        let sum = |field: fn(&AuditedHour) -> u64| audit.hours.iter().map(field).sum();
        let (deliveries, known) = (sum(|hour| hour.deliveries), sum(|hour| hour.known));
        let (open, difference) = (sum(|hour| hour.open), sum(|hour| hour.difference));
        Ok(Audit { deliveries, known, open, difference, ..audit })
    }

    fn end_of(&self, order: &AuditOrder) -> EpochMillis {
        match order.include_open && self.now() <= order.until {
            // Also what the clock of another machine has put into the next second.
            true => self.now().plus(Duration::from_secs(60)),
            false => hour_of(order.until.min(self.now())),
        }
    }

    async fn audit_hour(
        &self,
        names: &[EndpointId],
        hour: EpochMillis,
        to: EpochMillis,
        audit: &mut Audit,
    ) -> Result<(), Trouble> {
        let mut endpoints: BTreeMap<String, AuditedHour> = BTreeMap::new();
        let (end, mut part) = (hour.plus(HOUR).min(to), hour);
        // A pack's name does not say which of its deliveries came in when, so all are read at once.
        let mut packed = self.packed(hour, end).await?;
        while part < end {
            let next = part.plus(A_PART).min(end);
            let mut found = Found::new();
            for name in names {
                found.extend(self.alone(name, part, next, true).await?.unwrap_or_default());
            }
            let (own, later): (Found, Found) =
                packed.into_iter().partition(|((Reverse(id), _), _)| id.received_at() < next);
            packed = later;
            for (key, place) in own {
                found.entry(key).or_insert(place);
            }
            let found: Vec<_> = found.into_iter().collect();
            for some in found.chunks(SIDE_BY_SIDE) {
                let looked = some.iter().map(async |((Reverse(id), endpoint), (object, known))| {
                    let beginning = match known {
                        Some(known) => Some(known.clone()),
                        None => self.beginning(object).await?,
                    };
                    let standings = match &beginning {
                        Some(beginning) => self.standings(beginning).await?,
                        // It has been deleted since it was listed, or is no delivery.
                        None => Vec::new(),
                    };
                    Ok::<_, Trouble>((id, endpoint, standings))
                });
                for (id, endpoint, standings) in try_join_all(looked).await? {
                    let own = endpoints.entry(endpoint.to_string()).or_default();
                    own.count(&standings);
                    let is_missing = standings.contains(&Standing::Missing);
                    if is_missing && audit.missing.len() < MOST_NAMED {
                        audit.missing.push(format!("{endpoint}/{id}"));
                    }
                }
            }
            part = next;
        }
        audit.hours.extend(endpoints.into_iter().map(|(endpoint, counted)| AuditedHour {
            hour: time(hour),
            endpoint,
            ..counted
        }));
        Ok(())
    }

    async fn standings(&self, beginning: &Beginning) -> Result<Vec<Standing>, Trouble> {
        let carried = beginning.digests();
        let events: Vec<EventRef> = carried
            .iter()
            .map(|(key, _)| EventRef { endpoint: beginning.endpoint.clone(), key: (*key).clone() })
            .collect();
        let histories = self.histories(&events).await?;
        let standings = histories.iter().zip(&carried).map(|(history, (_, digest))| {
            standing(history.as_ref(), &beginning.delivery_id, digest, self.now())
        });
        Ok(standings.collect())
    }
}

impl AuditedHour {
    fn count(&mut self, standings: &[Standing]) {
        let add = |count: &mut u64| *count = count.saturating_add(1);
        add(&mut self.deliveries);
        if standings.contains(&Standing::Missing) {
            add(&mut self.difference);
        } else if standings.contains(&Standing::Open) {
            add(&mut self.open);
        } else {
            add(&mut self.known);
        }
        for standing in standings {
            match standing {
                Standing::First(state) => {
                    add(self.events.entry(state.name().to_owned()).or_default());
                }
                Standing::Repeat => add(&mut self.repeats),
                Standing::Conflict => add(&mut self.conflicts),
                Standing::Open | Standing::Missing => {}
            }
        }
    }
}

/// What the ledger says of an event that this delivery carried, with this digest.
fn standing(
    history: Option<&History>,
    delivery: &DeliveryId,
    digest: &BodyDigest,
    now: EpochMillis,
) -> Standing {
    let received = delivery.received_at();
    let unknown = match now < received.plus(PATIENCE) {
        true => Standing::Open,
        false => Standing::Missing,
    };
    let Some(history) = history else {
        return match received.plus(RECORD_LIFE) <= now {
            true => Standing::First(State::Forgotten),
            false => unknown,
        };
    };
    let record = &history.event;
    if record.first_delivery == *delivery {
        Standing::First(State::of(history, now))
    } else if record.conflicts.contains(delivery) {
        Standing::Conflict
    } else if record.sha256 == *digest {
        Standing::Repeat
    } else if record.conflicts.len() >= EventRecord::CONFLICTS_KEPT {
        // Not all are named.
        Standing::Conflict
    } else {
        unknown
    }
}

fn hour_of(at: EpochMillis) -> EpochMillis {
    let millis = i64::try_from(HOUR.as_millis()).unwrap_or(i64::MAX);
    EpochMillis::new(at.get().saturating_sub(at.get().rem_euclid(millis)))
}
