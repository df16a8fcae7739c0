//! Answers to acts that came with an `Idempotency-Key`, as long as the process runs.

use std::collections::HashMap;
use std::time::Duration;

use hookdock_operate::{Code, Operation, Trouble};
use hookdock_signature::EpochMillis;
use tokio::sync::{Mutex, MutexGuard};

/// How long an answer is remembered.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How many are remembered; the oldest go first.
const MOST: usize = 1000;

/// The answers by their keys.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<HashMap<String, Answer>>);

#[derive(Debug)]
struct Answer {
    request: String,
    at: EpochMillis,
    operation: Operation,
}

/// The answers, while an act is made: a second one with the same key waits for the first.
pub(crate) struct Held<'a>(MutexGuard<'a, HashMap<String, Answer>>);

impl Remembered {
    pub(crate) async fn hold(&self) -> Held<'_> {
        Held(self.0.lock().await)
    }
}

impl Held<'_> {
    /// What was answered under the key.
    pub(crate) fn answer(&self, key: &str, request: &str) -> Result<Option<Operation>, Trouble> {
        match self.0.get(key) {
            Some(answer) if answer.request == request => Ok(Some(answer.operation.clone())),
            Some(_) => Err(Trouble::new(
                Code::KeyReused,
                "the act was not made",
                "another request came with the same Idempotency-Key",
            )),
            None => Ok(None),
        }
    }

    pub(crate) fn keep(&mut self, key: String, request: String, at: EpochMillis, done: &Operation) {
        self.0.retain(|_, answer| at < answer.at.plus(LIFE));
        if self.0.len() >= MOST {
            let oldest = self.0.iter().min_by_key(|(_, answer)| answer.at);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
        self.0.insert(key, Answer { request, at, operation: done.clone() });
    }
}
