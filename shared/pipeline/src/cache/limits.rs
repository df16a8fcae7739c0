//! For whom look-ups of names that may be invented are made, and how many.

use std::collections::HashMap;
use std::time::Duration;

use hookdock_signature::EpochMillis;

use crate::cache::rate_limit::RateLimit;
use crate::model::scope::Scope;

/// How many hosts of one scope have a rate limit of their own. Who gives nothing has none, so more
/// than a provider's regions (AWS: 38 in 2026-11) are not expected.
const PROVEN_KEPT: usize = 64;

/// At whose URL a name came in that may be invented, and where it would be looked up.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The endpoint or tenant whose URL was called.
    pub scope: &'a Scope,
    /// The host that would be asked.
    pub host: &'a str,
}

/// The rate limits of all askers. What is asked at one scope takes nothing from another.
///
/// The scopes are those of the operator's endpoints and tenants, so their number is the operator's.
#[derive(Debug)]
pub(super) struct Limits {
    burst: u32,
    every: Duration,
    scopes: HashMap<Scope, Hosts>,
}

/// The rate limits of one scope.
#[derive(Debug)]
struct Hosts {
    /// For all hosts that have given nothing so far: of some providers, a request chooses the host.
    unproven: RateLimit,
    /// For each host that has: hosts that are invented take nothing from it.
    proven: HashMap<String, RateLimit>,
}

impl Limits {
    pub(super) fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, scopes: HashMap::new() }
    }

    /// Takes a look-up for this asker, if one is left.
    pub(super) fn take(&mut self, asker: Asker<'_>, now: EpochMillis) -> bool {
        let hosts = self.hosts(asker.scope, now);
        hosts.proven.get_mut(asker.host).unwrap_or(&mut hosts.unproven).take(now)
    }

    /// The host has given this scope something.
    pub(super) fn prove(&mut self, asker: Asker<'_>, now: EpochMillis) {
        let full = self.full(now);
        let Hosts { proven, .. } = self.hosts(asker.scope, now);
        if proven.len() < PROVEN_KEPT && !proven.contains_key(asker.host) {
            proven.insert(asker.host.to_owned(), full);
        }
    }

    fn hosts(&mut self, scope: &Scope, now: EpochMillis) -> &mut Hosts {
        let unproven = self.full(now);
        let new = || Hosts { unproven, proven: HashMap::new() };
        self.scopes.entry(scope.clone()).or_insert_with(new)
    }

    fn full(&self, now: EpochMillis) -> RateLimit {
        RateLimit::new(self.burst, self.every, now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BURST: u32 = 3;
    const EVERY: Duration = Duration::from_secs(2);
    const OURS: usize = 0;

    /// One look-up: the asker, and how long after the one before.
    type Asked = (usize, usize, u64);

    fn scope(number: usize) -> Scope {
        Scope::Own { endpoint: format!("e{number}").parse().expect("a name"), tenant: None }
    }

    fn host(number: usize) -> String {
        format!("h{number}.example")
    }

    /// What becomes of the look-ups at our scope and host, where the others are made too or not.
    fn ours(asked: &[Asked], proven: bool, with: impl Fn(&Asked) -> bool) -> Vec<bool> {
        let mut limits = Limits::new(BURST, EVERY);
        let mut now = EpochMillis::new(0);
        let (own_scope, own_host) = (scope(OURS), host(OURS));
        if proven {
            limits.prove(Asker { scope: &own_scope, host: &own_host }, now);
        }
        let mut outcomes = Vec::new();
        for one in asked {
            let (scope, host) = (scope(one.0), host(one.1));
            now = now.plus(Duration::from_millis(one.2));
            let is_ours = (one.0, one.1) == (OURS, OURS);
            if is_ours || with(one) {
                let granted = limits.take(Asker { scope: &scope, host: &host }, now);
                outcomes.extend(is_ours.then_some(granted));
            }
        }
        outcomes
    }

    fn asked() -> impl Strategy<Value = Vec<Asked>> {
        prop::collection::vec((0_usize..4, 0_usize..4, 0_u64..3000), 0..200)
    }

    proptest! {
        #[test]
        fn what_is_asked_at_one_endpoint_refuses_nothing_at_another(asked in asked()) {
            let elsewhere = |one: &Asked| one.0 != OURS;
            prop_assert_eq!(ours(&asked, false, elsewhere), ours(&asked, false, |_| false));
        }

        #[test]
        fn what_is_asked_of_other_hosts_refuses_nothing_at_one_that_was_good(asked in asked()) {
            prop_assert_eq!(ours(&asked, true, |_| true), ours(&asked, true, |_| false));
        }

        #[test]
        fn no_endpoint_asks_unproven_hosts_more_often_than_its_limit(asked in asked()) {
            let mut limits = Limits::new(BURST, EVERY);
            let (mut now, mut granted) = (0, 0);
            for (_, number, wait) in asked {
                now += wait;
                let asker = Asker { scope: &scope(OURS), host: &host(number) };
                let at = EpochMillis::new(0).plus(Duration::from_millis(now));
                granted += u64::from(limits.take(asker, at));
            }
            prop_assert!(granted <= u64::from(BURST) + now / 2000);
        }
    }

    #[test]
    fn a_host_without_a_place_of_its_own_shares_the_limit_of_those_that_gave_nothing() {
        let (mut limits, now, scope) = (Limits::new(1, EVERY), EpochMillis::new(0), scope(OURS));
        let names: Vec<_> = (0..=PROVEN_KEPT).map(host).collect();
        for host in &names {
            limits.prove(Asker { scope: &scope, host }, now);
        }
        let granted = names.iter().filter(|host| limits.take(Asker { scope: &scope, host }, now));
        assert_eq!(granted.count(), PROVEN_KEPT + 1);
        assert!(!limits.take(Asker { scope: &scope, host: "another.example" }, now));
    }
}
