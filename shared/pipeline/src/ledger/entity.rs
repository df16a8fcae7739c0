//! Which event is the latest of an entity, and which run has locked it.
//!
//! ```text
//!                  newer: not yet due              due, and not locked
//!   (any) -------------------------> (deferred) -----------------------------> has the lock
//!     |  older                          | a newer one came                       |
//!     +---------> superseded <----------+                             ended, or its lease did
//! ```
//!
//! An entity is what a job writes to: a customer in a CRM, say. Every move is computed here,
//! without I/O; the runs of a job share the state through a cell for each entity.

use std::time::Duration;

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::ledger::event::EventRef;
use crate::model::names::{EndpointId, EventKey};
use crate::model::retry::spread;

/// How soon a run looks again while another has the lock, at most: a lock is most often held for
/// one call. One that may be held for long is looked after at a quarter of that.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Where an event stands in the order of an entity's events: by version, then by when its run was
/// opened, then by its name, so that no two stand in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The provider's: it grows with each change.
    pub version: i64,
    /// When the event's run was first claimed.
    #[serde(rename = "opened_at_ms")]
    pub opened_at: EpochMillis,
    /// The event's endpoint.
    pub endpoint: EndpointId,
    /// The event's key.
    pub event_key: EventKey,
}

/// How long a burst of events is waited out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Debounce {
    /// Nothing newer has come for that long.
    pub wait: Duration,
    /// However long the burst goes on, its newest event waits no longer than that.
    pub longest: Duration,
}

/// What is known of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// The latest event.
    pub latest: Place,
    /// The burst that the latest event waits out. None: it has had the lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// The run that has the lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
}

/// Events that came one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// When the first came.
    #[serde(rename = "since_ms")]
    pub since: EpochMillis,
    /// When the newest is due.
    #[serde(rename = "due_ms")]
    pub due: EpochMillis,
}

/// One run at a time works on an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The event's endpoint.
    pub endpoint: EndpointId,
    /// The event's key.
    pub event_key: EventKey,
    /// When its claim on the run is over, and with it the lock.
    #[serde(rename = "until_ms")]
    pub until: EpochMillis,
}

/// What is to be done with an event. What it brings along has to be written first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It has the lock.
    Now(Entity),
    /// It is the latest, and waits for the burst to end.
    Debounce(EpochMillis, Entity),
    /// It is the latest, and another has the lock.
    Locked(EpochMillis, Entity),
    /// A newer one is known.
    Superseded(EventRef),
}

impl Entity {
    /// What is to be done with an event of the entity whose claim lasts until `lease_until`.
    #[must_use]
    pub fn decide(
        known: Option<&Self>,
        event: &Place,
        debounce: Debounce,
        lease_until: EpochMillis,
        now: EpochMillis,
        chance: u128,
    ) -> Decision {
        let same = known.filter(|known| known.latest.is_of(event));
        if let (None, Some(known)) = (same, known)
            && known.latest > *event
        {
            return Decision::Superseded(known.latest.event());
        }
        let burst = match same {
            Some(known) => known.burst,
            None => Some(Burst::with_one_more(known.and_then(|known| known.burst), debounce, now)),
        };
        let taken = known.and_then(|known| known.lock.as_ref());
        let taken = taken.filter(|lock| now < lock.until && !lock.is_of(event));
        let waiting = Self { latest: event.clone(), burst, lock: taken.cloned() };
        match (burst, taken) {
            (Some(burst), _) if now < burst.due => Decision::Debounce(burst.due, waiting),
            (_, Some(lock)) => {
                let most = LOOK_AGAIN.max(now.until(lock.until) / 4);
                let again = now.plus(spread(Duration::from_secs(1), most, chance));
                Decision::Locked(again.min(lock.until), waiting)
            }
            _ => Decision::Now(Self {
                latest: event.clone(),
                burst: None,
                lock: Some(Lock::of(event, lease_until)),
            }),
        }
    }

    /// The entity without the event's lock. `None`: it has none, or another has it by now.
    #[must_use]
    pub fn released(&self, event: &Place) -> Option<Self> {
        let ours = self.lock.as_ref().is_some_and(|lock| lock.is_of(event));
        ours.then(|| Self { lock: None, ..self.clone() })
    }
}

impl Burst {
    /// The burst with an event that comes now.
    fn with_one_more(burst: Option<Self>, debounce: Debounce, now: EpochMillis) -> Self {
        let since = burst.map_or(now, |burst| burst.since);
        Self { since, due: now.plus(debounce.wait).min(since.plus(debounce.longest)) }
    }
}

impl Lock {
    fn of(event: &Place, until: EpochMillis) -> Self {
        let Place { endpoint, event_key, .. } = event.clone();
        Self { endpoint, event_key, until }
    }

    fn is_of(&self, event: &Place) -> bool {
        self.endpoint == event.endpoint && self.event_key == event.event_key
    }
}

impl Place {
    fn is_of(&self, event: &Self) -> bool {
        self.endpoint == event.endpoint && self.event_key == event.event_key
    }

    fn event(&self) -> EventRef {
        EventRef { endpoint: self.endpoint.clone(), key: self.event_key.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EpochMillis = EpochMillis::new(1_800_000_000_000);

    const DEBOUNCE: Debounce =
        Debounce { wait: Duration::from_secs(5), longest: Duration::from_secs(12) };

    fn at(seconds: u64) -> EpochMillis {
        NOW.plus(Duration::from_secs(seconds))
    }

    /// An event of that name, with a version, whose run was opened at that second.
    fn event(name: &str, version: i64, opened: u64) -> Place {
        Place {
            version,
            opened_at: at(opened),
            endpoint: "stripe".parse().expect("a name"),
            event_key: EventKey::of(&[name.as_bytes()]),
        }
    }

    /// What is decided at that second, of a claim that lasts for a minute.
    fn decide(known: Option<&Entity>, event: &Place, debounce: Debounce, second: u64) -> Decision {
        Entity::decide(known, event, debounce, at(second + 60), at(second), 0)
    }

    fn now(known: Option<&Entity>, event: &Place, second: u64) -> Entity {
        match decide(known, event, Debounce::default(), second) {
            Decision::Now(entity) => entity,
            other => panic!("{other:?}"),
        }
    }

    fn due(known: Option<&Entity>, event: &Place, second: u64) -> (EpochMillis, Entity) {
        match decide(known, event, DEBOUNCE, second) {
            Decision::Debounce(until, entity) => (until, entity),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_older_event_is_superseded_and_a_newer_one_is_not() {
        let known = now(None, &event("b", 5, 10), 10).released(&event("b", 5, 10));
        let known = known.expect("it had the lock");
        for (other, superseded) in [
            (event("a", 4, 99), true),
            (event("a", 5, 9), true),
            (event("a", 5, 11), false),
            (event("a", 6, 0), false),
        ] {
            let decision = decide(Some(&known), &other, Debounce::default(), 100);
            let by = Decision::Superseded(event("b", 5, 10).event());
            assert_eq!(decision == by, superseded, "{other:?}");
        }
    }

    #[test]
    fn events_that_are_alike_in_all_but_their_names_have_one_order() {
        let (one, other) = (event("a", 1, 0), event("b", 1, 0));
        let supersedes = |first: &Place, second: &Place| {
            let known = now(None, first, 0).released(first);
            matches!(
                decide(known.as_ref(), second, Debounce::default(), 1),
                Decision::Superseded(_)
            )
        };
        assert_ne!(supersedes(&one, &other), supersedes(&other, &one));
    }

    #[test]
    fn an_event_is_never_superseded_by_itself() {
        let known = now(None, &event("a", 5, 10), 10);
        let again = now(Some(&known), &event("a", 4, 0), 100);
        assert_eq!(again.latest, event("a", 4, 0));
    }

    #[test]
    fn the_newer_waits_while_the_older_is_at_work() {
        let (old, new) = (event("a", 1, 0), event("b", 2, 1));
        let at_work = now(None, &old, 0);
        let Decision::Locked(again, waiting) = decide(Some(&at_work), &new, Debounce::default(), 1)
        else {
            panic!("the older has the lock");
        };
        assert_eq!(again, at(2));
        assert_eq!((&waiting.latest, &waiting.lock), (&new, &at_work.lock));
        let released = waiting.released(&old).expect("it had the lock");
        assert_eq!(now(Some(&released), &new, 2).latest, new);
        assert_eq!(released.released(&old), None);
    }

    #[test]
    fn the_turn_of_a_worker_that_died_ends_with_its_claim() {
        let (old, new) = (event("a", 1, 0), event("b", 2, 1));
        let died = now(None, &old, 0);
        let decision = decide(Some(&died), &new, Debounce::default(), 59);
        assert!(matches!(decision, Decision::Locked(until, _) if until == at(60)), "{decision:?}");
        let next = now(Some(&died), &new, 60);
        assert_eq!(next.released(&old), None, "what it has lost it cannot give away");
    }

    #[test]
    fn a_run_that_comes_back_has_its_own_turn() {
        let old = event("a", 1, 0);
        let died = now(None, &old, 0);
        assert_eq!(now(Some(&died), &old, 1).lock.expect("a lock").until, at(61));
    }

    #[test]
    fn a_burst_waits_until_it_is_quiet_and_no_longer_than_its_bound() {
        let (mut known, mut last) = (None, EpochMillis::new(0));
        for (second, expected) in [(0, 5), (4, 9), (8, 12), (11, 12)] {
            let newer = event(&second.to_string(), 0, second);
            let (until, entity) = due(known.as_ref(), &newer, second);
            assert_eq!(until, at(expected), "at {second}");
            (known, last) = (Some(entity), until);
        }
        assert_eq!(last, at(12));
        let decision = decide(known.as_ref(), &event("13", 0, 13), DEBOUNCE, 13);
        assert!(matches!(decision, Decision::Now(_)), "the bound has passed: {decision:?}");
    }

    #[test]
    fn what_comes_after_the_turn_of_a_burst_begins_another() {
        let first = event("a", 0, 0);
        let (until, waiting) = due(None, &first, 0);
        let Decision::Now(at_work) = decide(Some(&waiting), &first, DEBOUNCE, 5) else {
            panic!("the wait is over");
        };
        assert_eq!((until, at_work.burst), (at(5), None));
        assert_eq!(due(Some(&at_work), &event("b", 0, 6), 6).0, at(11));
        let Decision::Now(_) = decide(Some(&at_work), &first, DEBOUNCE, 7) else {
            panic!("a retry does not wait again");
        };
    }

    #[test]
    fn the_written_form_reads_well() {
        let entity = now(None, &event("a", 7, 0), 0);
        let text = serde_json::to_string(&entity).expect("JSON");
        let key = EventKey::of(&[b"a"]);
        assert_eq!(
            text,
            format!(
                r#"{{"latest":{{"version":7,"opened_at_ms":1800000000000,"endpoint":"stripe","event_key":"{key}"}},"lock":{{"endpoint":"stripe","event_key":"{key}","until_ms":1800000060000}}}}"#
            )
        );
        assert_eq!(serde_json::from_str::<Entity>(&text).expect("an entity"), entity);
    }
}
