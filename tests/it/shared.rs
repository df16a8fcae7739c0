//! What runs share, as state machines: whatever happens, in whatever order.

use std::time::Duration;

use hookdock_pipeline::job::ErrorClass;
use hookdock_pipeline::ledger::breaker::{Admission, Breaker, BreakerPolicy, Outage};
use hookdock_pipeline::ledger::entity::{Debounce, Decision, Entity, Place};
use hookdock_pipeline::model::names::EventKey;
use hookdock_signature::EpochMillis;
use hookdock_tests::stack::START;
use proptest::prelude::*;

const LEASE: Duration = Duration::from_secs(12);
const DEBOUNCE: Debounce =
    Debounce { wait: Duration::from_secs(5), longest: Duration::from_secs(20) };
const POLICY: BreakerPolicy = BreakerPolicy {
    failures: 3,
    percent: 50,
    window: Duration::from_secs(60),
    first_wait: Duration::from_secs(10),
    longest_wait: Duration::from_secs(300),
    longest_asked: Duration::from_secs(600),
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// An event of the entity; the lower numbers were opened earlier.
fn place(number: u8, version: i64) -> Place {
    Place {
        version,
        opened_at: START.plus(seconds(u64::from(number / 2))),
        endpoint: "stripe".parse().expect("a name"),
        event_key: EventKey::of(&[&[number]]),
    }
}

/// What happens to an entity.
#[derive(Debug, Clone)]
enum Step {
    /// A run of the event is at it.
    Comes(u8, i64),
    /// The run that has the lock releases it.
    Ends,
    /// Time passes; a lock that nobody releases ends with its lease.
    Passes(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..8_u8).prop_map(|number| Step::Comes(number, i64::from(number % 3))),
        1 => Just(Step::Ends),
        2 => (0..15_u64).prop_map(Step::Passes),
    ]
}

proptest! {
    #[test]
    fn turns_follow_the_order_and_never_overlap(
        steps in prop::collection::vec(step(), 1..60),
        debounce in any::<bool>(),
        chance in any::<u128>(),
    ) {
        let debounce = if debounce { DEBOUNCE } else { Debounce::default() };
        let (mut now, mut known) = (START, None::<Entity>);
        let (mut at_work, mut last) = (None::<(Place, EpochMillis)>, None::<Place>);
        let mut newest = None::<Place>;
        for step in steps {
            match step {
                Step::Passes(time) => now = now.plus(seconds(time)),
                Step::Ends => {
                    if let (Some((place, _)), Some(entity)) = (at_work.take(), &known) {
                        known = entity.released(&place).or(known);
                    }
                }
                Step::Comes(number, version) => {
                    let place = place(number, version);
                    newest = newest.max(Some(place.clone()));
                    let lease = now.plus(LEASE);
                    match Entity::decide(known.as_ref(), &place, debounce, lease, now, chance) {
                        Decision::Superseded(_) => prop_assert!(newest.as_ref() != Some(&place)),
                        Decision::Debounce(until, entity) => {
                            let burst = entity.burst.expect("it waits one out");
                            prop_assert!(until > now && until <= burst.since.plus(debounce.longest));
                            prop_assert_eq!(&entity.latest, &place);
                            known = Some(entity);
                        }
                        Decision::Locked(until, entity) => {
                            prop_assert!(until > now && until <= now.plus(LEASE));
                            prop_assert_eq!(&entity.latest, &place);
                            known = Some(entity);
                        }
                        Decision::Now(entity) => {
                            let rival = at_work.filter(|(other, until)| {
                                *other != place && now < *until
                            });
                            prop_assert_eq!(rival, None);
                            prop_assert!(last.as_ref() <= Some(&place), "{last:?} then {place:?}");
                            last = Some(place.clone());
                            at_work = Some((place, lease));
                            known = Some(entity);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_breaker_lets_one_probe_through_and_never_waits_for_ever(
        calls in prop::collection::vec((0..40_u64, any::<bool>(), prop::option::of(0..900_u64)), 1..80),
        chance in any::<u128>(),
    ) {
        let (mut now, mut breaker) = (START, Breaker::new(START));
        let mut failed_since_closed = 0;
        for (passes, fails, asked) in calls {
            now = now.plus(seconds(passes));
            let outage = Outage { class: ErrorClass::Throttled, asked: asked.map(seconds) };
            let call_end = now.plus(seconds(20));
            match breaker.admission(now, call_end) {
                Admission::HeldBack(until, _) => {
                    prop_assert!(now < until && until <= now.plus(POLICY.longest_asked));
                }
                Admission::Call if fails => {
                    failed_since_closed += 1;
                    breaker = breaker.failed(outage, 0, now, chance, &POLICY).expect("it is closed");
                    let opened = matches!(breaker, Breaker::Open { .. });
                    prop_assert!(!opened || asked.is_some() || failed_since_closed >= POLICY.failures);
                }
                Admission::Call => {}
                Admission::Probe(probing) => {
                    let rival = probing.admission(now, call_end);
                    prop_assert!(matches!(rival, Admission::HeldBack(until, _) if until == call_end));
                    breaker = match fails {
                        true => probing.probe_failed(outage, now, chance, &POLICY),
                        false => Breaker::new(now),
                    };
                    failed_since_closed = 0;
                }
            }
        }
    }
}
