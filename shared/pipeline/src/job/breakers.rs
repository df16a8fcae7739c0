//! What one worker knows of the dependencies that its jobs call.

use std::collections::BTreeMap;
use std::sync::Mutex;

use derive_more::Debug;
use hookdock_signature::EpochMillis;

use crate::job::cell::Seen;
use crate::ledger::breaker::Breaker;
use crate::model::names::CellName;

/// What one worker knows of the dependencies that its jobs call.
#[derive(Default, Debug)]
#[debug("Breakers")]
pub struct Breakers(pub(super) Mutex<BTreeMap<CellName, Known>>);

#[derive(Clone)]
pub(super) struct Known {
    pub(super) seen: Seen<Breaker>,
    pub(super) at: EpochMillis,
    /// How many calls were answered that the others were not told of.
    pub(super) answers: u32,
}
