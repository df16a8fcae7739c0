//! Trouble on purpose, for people who test their jobs: all that a queue may do, and workers that
//! die in the middle of their work.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use hookdock_embedded::{Message, QueueSettings};
use hookdock_pipeline::model::port_error::PortError;

use crate::server::types::Local;

/// How many of a hundred messages each kind of trouble befalls.
const PERCENT: u8 = 30;

/// How long a message is held up at the most.
const DELAY: Duration = Duration::from_secs(2);

/// How soon a worker dies, at the earliest, and how many times later at the latest: as often in
/// the first millisecond as in the last second, for some jobs take the one and some the other.
const DEATH: Duration = Duration::from_micros(100);
const LATER: f64 = 10_000.0;

/// How long a worker has for a message where workers die: its work is taken up again soon.
const WORK_TIME: Duration = Duration::from_secs(5);

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Duplicate,
    Reorder,
    Delay,
    Kill,
}

const KINDS: [(&str, Kind); 4] = [
    ("duplicate", Kind::Duplicate),
    ("reorder", Kind::Reorder),
    ("delay", Kind::Delay),
    ("kill", Kind::Kill),
];

/// Which trouble there is. The same seed draws the same numbers in the same order.
#[derive(Debug, Clone)]
pub struct Chaos {
    kinds: BTreeSet<Kind>,
    seed: u64,
    chance: Arc<Mutex<Rng>>,
}

impl FromStr for Chaos {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (names, seed) = text.split_once(':').unwrap_or((text, ""));
        let kind = |name: &str| {
            let known = KINDS.into_iter().find(|(own, _)| *own == name);
            known.map(|(_, kind)| kind).ok_or_else(|| {
                format!("{name:?} is none of {}", KINDS.map(|(name, _)| name).join(", "))
            })
        };
        let seed = match seed {
            "" => fastrand::u64(0..1_000_000),
            number => number.parse().map_err(|_| format!("{number:?} is no number for a seed"))?,
        };
        let kinds = names.split(',').map(kind).collect::<Result<_, _>>()?;
        Ok(Self { kinds, seed, chance: Arc::new(Mutex::new(Rng::with_seed(seed))) })
    }
}

impl fmt::Display for Chaos {
    /// As it is asked for again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = KINDS.iter().filter(|(_, kind)| self.kinds.contains(kind));
        let names = names.map(|(name, _)| *name).collect::<Vec<_>>().join(",");
        write!(f, "{names}:{}", self.seed)
    }
}

impl Chaos {
    /// Work of a worker that died is taken up again once its message is visible.
    pub(super) fn queue(&self, usual: QueueSettings) -> QueueSettings {
        let visibility = WORK_TIME.saturating_mul(2);
        if self.kinds.contains(&Kind::Kill) { QueueSettings { visibility, ..usual } } else { usual }
    }

    pub(super) fn work_time(&self, usual: Duration) -> Duration {
        if self.kinds.contains(&Kind::Kill) { WORK_TIME } else { usual }
    }

    /// The messages in another order, some of them queued a second time.
    pub(super) async fn trouble(
        &self,
        mut messages: Vec<Message>,
        local: &Local,
    ) -> Result<Vec<Message>, PortError> {
        if self.kinds.contains(&Kind::Reorder) {
            self.draw(|chance| chance.shuffle(&mut messages));
        }
        for message in &messages {
            if self.befalls(Kind::Duplicate) {
                local.enqueue(message.body.clone(), message.attributes.clone()).await?;
            }
        }
        Ok(messages)
    }

    /// How long this message is held up.
    pub(super) fn delay(&self) -> Duration {
        match self.befalls(Kind::Delay) {
            true => DELAY.mul_f64(self.draw(Rng::f64)),
            false => Duration::ZERO,
        }
    }

    /// When the worker that has this message dies, if it does.
    pub(super) fn death(&self) -> Option<Duration> {
        self.befalls(Kind::Kill).then(|| DEATH.mul_f64(LATER.powf(self.draw(Rng::f64))))
    }

    fn befalls(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind) && self.draw(|chance| chance.u8(0..100)) < PERCENT
    }

    fn draw<T>(&self, drawn: impl FnOnce(&mut Rng) -> T) -> T {
        drawn(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_named_and_the_same_seed_brings_the_same() {
        let read = |text: &str| text.parse::<Chaos>();
        let one = read("kill,duplicate:7").expect("known");
        assert_eq!(one.to_string(), "duplicate,kill:7");
        let deaths = |chaos: &Chaos| (0..50).map(|_| chaos.death()).collect::<Vec<_>>();
        assert_eq!(deaths(&one), deaths(&read("duplicate,kill:7").expect("known")));
        assert_eq!(one.delay(), Duration::ZERO, "only what was asked for");
        assert!(read("delay").expect("known").death().is_none());
        for (wrong, said) in [("kil", "\"kil\" is none of"), ("kill:x", "no number"), ("", "\"\"")]
        {
            let why = read(wrong).expect_err("wrong");
            assert!(why.contains(said), "{why}");
        }
    }
}
