//! How runs come back to a dependency that was down: few at first, and more as it answers.

use std::collections::BTreeMap;
use std::time::Duration;

use hookdock_signature::EpochMillis;

use crate::ledger::breaker::Breaker;
use crate::model::names::CellName;
use crate::model::retry::spread;

/// How many runs are woken in the first minute after a dependency is back; twice as many in each
/// further one.
const FIRST_FEW: u64 = 8;

/// Into how many parts the time is divided for which a run has waited, to wait for one more of them.
const LOOKS: u32 = 8;

const MINUTE: Duration = Duration::from_secs(60);

/// The runs that breakers hold back, as they are met within one minute. What is known of the
/// breakers is as old as that at most.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    minute: i64,
    lines: BTreeMap<CellName, Line>,
}

/// Those that one breaker holds back.
#[derive(Debug)]
struct Line {
    /// When the dependency is back. `None`: nothing is known of it, so nothing is held back.
    back_at: Option<EpochMillis>,
    /// Whether it is known to be back.
    is_back: bool,
    /// How many have been met, from the first place that may be given.
    place: u64,
}

impl Recovery {
    /// Starts again, if another minute has come.
    pub(super) fn at(&mut self, now: EpochMillis) -> &mut Self {
        let minute = now.to_seconds().get() / 60;
        if minute != self.minute {
            *self = Self { minute, lines: BTreeMap::new() };
        }
        self
    }

    /// Whether the breaker does not have to be read first.
    pub(super) fn knows(&self, breaker: &CellName) -> bool {
        self.lines.contains_key(breaker)
    }

    /// The breaker as it was read.
    pub(super) fn learn(&mut self, name: &CellName, breaker: Option<&Breaker>) {
        // As long as it is not known to be back, one of the first few is enough to find out.
        let is_back = matches!(breaker, None | Some(Breaker::Closed { .. }));
        let place = if is_back { 0 } else { FIRST_FEW.saturating_sub(1) };
        let line = Line { back_at: breaker.map(Breaker::back_at), is_back, place };
        self.lines.entry(name.clone()).or_insert(line);
    }

    /// When the next run of that breaker is woken, which has waited for so long. `None`: now. Within
    /// its minute chance decides, so that it is not always the same run that finds out whether the
    /// dependency is back. As long as it is down, a run is looked at the less often the longer it
    /// has waited: each look is a write.
    pub(super) fn next(
        &mut self,
        breaker: &CellName,
        now: EpochMillis,
        waited: Duration,
        chance: u128,
    ) -> Option<EpochMillis> {
        let line = self.lines.get_mut(breaker)?;
        let minute = (line.place / FIRST_FEW).saturating_add(1).ilog2();
        line.place = line.place.saturating_add(1);
        let at = line.back_at?.plus(MINUTE * minute);
        let least = if line.is_back { at } else { now.plus(waited / LOOKS) };
        (now < at).then(|| at.max(least).plus(spread(Duration::ZERO, MINUTE, chance)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::ErrorClass;

    const NOW: EpochMillis = EpochMillis::new(1_800_000_000_000);

    fn crm() -> CellName {
        format!("breaker#crm#{}", "0".repeat(64)).parse().expect("a name")
    }

    /// How many of so many runs are woken now, and in each minute from then on.
    fn check(breaker: Breaker, runs: u32, expected: &[u32]) {
        let mut recovery = Recovery::default();
        recovery.learn(&crm(), Some(&breaker));
        let mut woken = vec![0; expected.len()];
        for _ in 0..runs {
            let at = recovery.next(&crm(), NOW, Duration::ZERO, 0);
            let minutes = at.map_or(0, |at| NOW.until(at).as_secs() / 60);
            woken[usize::try_from(minutes).expect("a minute")] += 1;
        }
        assert_eq!(woken, expected, "{breaker:?}");
    }

    #[test]
    fn twice_as_many_runs_are_woken_in_each_minute_after_a_dependency_is_back() {
        let class = ErrorClass::Unavailable;
        check(Breaker::new(NOW), 120, &[8, 16, 32, 64]);
        check(Breaker::new(NOW.minus(MINUTE * 2)), 120, &[56, 64]);
        check(Breaker::Open { until: NOW, times: 1, class }, 113, &[1, 16, 32, 64]);
        let until = NOW.plus(MINUTE * 3);
        check(Breaker::Probing { until, times: 1, class }, 49, &[0, 0, 0, 1, 16, 32]);
    }

    #[test]
    fn nothing_is_held_back_by_a_breaker_that_is_not_known() {
        let mut recovery = Recovery::default();
        assert!(!recovery.knows(&crm()));
        recovery.learn(&crm(), None);
        assert!(recovery.knows(&crm()));
        assert_eq!(recovery.next(&crm(), NOW, Duration::ZERO, 0), None);
    }

    #[test]
    fn the_longer_a_run_has_waited_the_less_often_it_is_looked_at_while_its_dependency_is_down() {
        let day = MINUTE * 60 * 24;
        let mut recovery = Recovery::default();
        let class = ErrorClass::Unavailable;
        recovery.learn(&crm(), Some(&Breaker::Open { until: NOW.plus(MINUTE), times: 9, class }));
        assert_eq!(recovery.next(&crm(), NOW, MINUTE, 0), Some(NOW.plus(MINUTE)));
        assert_eq!(recovery.next(&crm(), NOW, day, 0), Some(NOW.plus(MINUTE * 60 * 3)));
        let mut recovery = Recovery::default();
        recovery.learn(&crm(), Some(&Breaker::new(NOW)));
        assert_eq!(recovery.next(&crm(), NOW, day, 0), None, "it is back");
    }
}
