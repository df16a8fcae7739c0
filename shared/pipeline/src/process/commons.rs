//! What the attempts of a worker share with each other and with those of others.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_signature::EpochMillis;

use crate::fault::PortError;
use crate::job::{Breakers, Shared};
use crate::names::{CellName, CellTag};
use crate::ports::{Cell, Ledger, Swapped, System};

/// What an attempt shares with others: cells of the ledger, and what this worker knows of breakers.
pub struct Commons<L, S> {
    ledger: L,
    system: S,
    breakers: Arc<Breakers>,
}

impl<L: Ledger, S: System> Commons<L, S> {
    /// For the attempts of a worker, which goes by the same breakers in all of them.
    #[must_use]
    pub fn new(ledger: L, system: S, breakers: Arc<Breakers>) -> Arc<Self> {
        Arc::new(Self { ledger, system, breakers })
    }
}

impl<L: Ledger, S: System> Shared for Commons<L, S> {
    fn now(&self) -> EpochMillis {
        self.system.now()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        self.system.sleep(wait).boxed()
    }

    fn random(&self) -> u128 {
        self.system.random()
    }

    fn cell<'a>(&'a self, name: &'a CellName) -> BoxFuture<'a, Result<Option<Cell>, PortError>> {
        self.ledger.cell(name).boxed()
    }

    fn swap<'a>(
        &'a self,
        name: &'a CellName,
        from: Option<&'a CellTag>,
        to: &'a Cell,
    ) -> BoxFuture<'a, Result<Swapped, PortError>> {
        self.ledger.swap(name, from, to).boxed()
    }

    fn breakers(&self) -> &Breakers {
        &self.breakers
    }
}

impl<L, S> fmt::Debug for Commons<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commons").finish_non_exhaustive()
    }
}
