//! Which event is the newest of an entity, and whose turn it is to work on it.
//!
//! ```text
//!                  newer: not yet quiet            quiet, and nobody has it
//!   (any) -------------------------> (put off) ------------------------------> has the turn
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
use crate::model::millis;
use crate::model::names::{EndpointId, EventKey};
use crate::model::retry::spread;

/// How soon a run looks again whose turn is taken by another, at most: a turn is most often one
/// call. One that may go on for long is looked after at a quarter of that.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Where an event stands in the order of an entity's events: by version, then by when its run was
/// opened, then by its name, so that no two stand in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The provider's: it grows with each change.
    pub version: i64,
    /// When the event's run was first claimed.
    #[serde(rename = "opened_at_ms", with = "millis")]
    pub opened_at: EpochMillis,
    /// The event's endpoint.
    pub endpoint: EndpointId,
    /// The event's key.
    pub event_key: EventKey,
}

/// How long a burst of events is waited out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quiet {
    /// Nothing newer has come for that long.
    pub wait: Duration,
    /// However long the burst goes on, its newest event waits no longer than that.
    pub longest: Duration,
}

/// What is known of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// The newest event.
    pub newest: Place,
    /// The burst that the newest event waits out. None: it has had its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// Who has the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
}

/// Events that came one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// When the first came.
    #[serde(rename = "since_ms", with = "millis")]
    pub since: EpochMillis,
    /// When the newest is due.
    #[serde(rename = "due_ms", with = "millis")]
    pub due: EpochMillis,
}

/// One run at a time works on an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// The event's endpoint.
    pub endpoint: EndpointId,
    /// The event's key.
    pub event_key: EventKey,
    /// When its claim on the run is over, and with it its turn.
    #[serde(rename = "until_ms", with = "millis")]
    pub until: EpochMillis,
}

/// What is to be done with an event. What it brings along has to be written first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Its turn has come.
    Now(Entity),
    /// It is the newest, and waits for quiet.
    Quiet(EpochMillis, Entity),
    /// It is the newest, and another is at work.
    Taken(EpochMillis, Entity),
    /// A newer one is known.
    Superseded(EventRef),
}

impl Entity {
    /// What is to be done with an event of the entity whose claim lasts until `lease_until`.
    #[must_use]
    pub fn decide(
        known: Option<&Self>,
        event: &Place,
        quiet: Quiet,
        lease_until: EpochMillis,
        now: EpochMillis,
        chance: u128,
    ) -> Decision {
        let same = known.filter(|known| known.newest.is_of(event));
        if let (None, Some(known)) = (same, known)
            && known.newest > *event
        {
            return Decision::Superseded(known.newest.event());
        }
        let burst = match same {
            Some(known) => known.burst,
            None => Some(Burst::with_one_more(known.and_then(|known| known.burst), quiet, now)),
        };
        let taken = known.and_then(|known| known.turn.as_ref());
        let taken = taken.filter(|turn| now < turn.until && !turn.is_of(event));
        let waiting = Self { newest: event.clone(), burst, turn: taken.cloned() };
        match (burst, taken) {
            (Some(burst), _) if now < burst.due => Decision::Quiet(burst.due, waiting),
            (_, Some(turn)) => {
                let most = LOOK_AGAIN.max(now.until(turn.until) / 4);
                let again = now.plus(spread(Duration::from_secs(1), most, chance));
                Decision::Taken(again.min(turn.until), waiting)
            }
            _ => Decision::Now(Self {
                newest: event.clone(),
                burst: None,
                turn: Some(Turn::of(event, lease_until)),
            }),
        }
    }

    /// After the event's turn. `None`: it has had none, or somebody else has it by now.
    #[must_use]
    pub fn released(&self, event: &Place) -> Option<Self> {
        let ours = self.turn.as_ref().is_some_and(|turn| turn.is_of(event));
        ours.then(|| Self { turn: None, ..self.clone() })
    }
}

impl Burst {
    /// The burst with an event that comes now.
    fn with_one_more(burst: Option<Self>, quiet: Quiet, now: EpochMillis) -> Self {
        let since = burst.map_or(now, |burst| burst.since);
        Self { since, due: now.plus(quiet.wait).min(since.plus(quiet.longest)) }
    }
}

impl Turn {
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

    const QUIET: Quiet = Quiet { wait: Duration::from_secs(5), longest: Duration::from_secs(12) };

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
    fn decide(known: Option<&Entity>, event: &Place, quiet: Quiet, second: u64) -> Decision {
        Entity::decide(known, event, quiet, at(second + 60), at(second), 0)
    }

    fn now(known: Option<&Entity>, event: &Place, second: u64) -> Entity {
        match decide(known, event, Quiet::default(), second) {
            Decision::Now(entity) => entity,
            other => panic!("{other:?}"),
        }
    }

    fn due(known: Option<&Entity>, event: &Place, second: u64) -> (EpochMillis, Entity) {
        match decide(known, event, QUIET, second) {
            Decision::Quiet(until, entity) => (until, entity),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_older_event_is_superseded_and_a_newer_one_is_not() {
        let known = now(None, &event("b", 5, 10), 10).released(&event("b", 5, 10));
        let known = known.expect("it had the turn");
        for (other, superseded) in [
            (event("a", 4, 99), true),
            (event("a", 5, 9), true),
            (event("a", 5, 11), false),
            (event("a", 6, 0), false),
        ] {
            let decision = decide(Some(&known), &other, Quiet::default(), 100);
            let by = Decision::Superseded(event("b", 5, 10).event());
            assert_eq!(decision == by, superseded, "{other:?}");
        }
    }

    #[test]
    fn events_that_are_alike_in_all_but_their_names_have_one_order() {
        let (one, other) = (event("a", 1, 0), event("b", 1, 0));
        let supersedes = |first: &Place, second: &Place| {
            let known = now(None, first, 0).released(first);
            matches!(decide(known.as_ref(), second, Quiet::default(), 1), Decision::Superseded(_))
        };
        assert_ne!(supersedes(&one, &other), supersedes(&other, &one));
    }

    #[test]
    fn an_event_is_never_superseded_by_itself() {
        let known = now(None, &event("a", 5, 10), 10);
        let again = now(Some(&known), &event("a", 4, 0), 100);
        assert_eq!(again.newest, event("a", 4, 0));
    }

    #[test]
    fn the_newer_waits_while_the_older_is_at_work() {
        let (old, new) = (event("a", 1, 0), event("b", 2, 1));
        let at_work = now(None, &old, 0);
        let Decision::Taken(again, waiting) = decide(Some(&at_work), &new, Quiet::default(), 1)
        else {
            panic!("the older has the turn");
        };
        assert_eq!(again, at(2));
        assert_eq!((&waiting.newest, &waiting.turn), (&new, &at_work.turn));
        let released = waiting.released(&old).expect("it had the turn");
        assert_eq!(now(Some(&released), &new, 2).newest, new);
        assert_eq!(released.released(&old), None);
    }

    #[test]
    fn the_turn_of_a_worker_that_died_ends_with_its_claim() {
        let (old, new) = (event("a", 1, 0), event("b", 2, 1));
        let died = now(None, &old, 0);
        let decision = decide(Some(&died), &new, Quiet::default(), 59);
        assert!(matches!(decision, Decision::Taken(until, _) if until == at(60)), "{decision:?}");
        let next = now(Some(&died), &new, 60);
        assert_eq!(next.released(&old), None, "what it has lost it cannot give away");
    }

    #[test]
    fn a_run_that_comes_back_has_its_own_turn() {
        let old = event("a", 1, 0);
        let died = now(None, &old, 0);
        assert_eq!(now(Some(&died), &old, 1).turn.expect("a turn").until, at(61));
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
        let decision = decide(known.as_ref(), &event("13", 0, 13), QUIET, 13);
        assert!(matches!(decision, Decision::Now(_)), "the bound has passed: {decision:?}");
    }

    #[test]
    fn what_comes_after_the_turn_of_a_burst_begins_another() {
        let first = event("a", 0, 0);
        let (until, waiting) = due(None, &first, 0);
        let Decision::Now(at_work) = decide(Some(&waiting), &first, QUIET, 5) else {
            panic!("it is quiet");
        };
        assert_eq!((until, at_work.burst), (at(5), None));
        assert_eq!(due(Some(&at_work), &event("b", 0, 6), 6).0, at(11));
        let Decision::Now(_) = decide(Some(&at_work), &first, QUIET, 7) else {
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
                r#"{{"newest":{{"version":7,"opened_at_ms":1800000000000,"endpoint":"stripe","event_key":"{key}"}},"turn":{{"endpoint":"stripe","event_key":"{key}","until_ms":1800000060000}}}}"#
            )
        );
        assert_eq!(serde_json::from_str::<Entity>(&text).expect("an entity"), entity);
    }
}
