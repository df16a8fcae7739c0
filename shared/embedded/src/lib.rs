//! Hookdock's ports in one process, in memory or on disk.
//!
//! This is what `hookdock dev` and `hookdock demo` run on, and what most tests do. It keeps the
//! semantics that the pipeline relies on: conditional writes decided atomically, messages that
//! are hidden while they are worked on and counted each time they are handed out, dead letters.
//! One suite of contract tests holds it and the AWS adapters to the same behaviour.
//!
//! The data is kept by [redb], an embedded database: one file, `hookdock.redb`, or memory.

mod archive;
mod captures;
mod cells;
mod document;
mod documents;
mod due;
mod endpoints;
mod ledger;
mod model;
mod operate;
mod order;
mod outbox;
mod queue;
mod records;
mod recovery;
mod store;
mod system;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use captures::KeepingEndpoints;
pub use document::{Misfit, from_toml};
pub use endpoints::{EndpointFile, EndpointFileError};
use hookdock_pipeline::job::Effects;
use hookdock_signature::EpochMillis;
pub use model::StubModel;
pub use outbox::Sent;
pub use queue::{DeadMessage, Message};
pub use store::OpenError;
pub use system::{SystemClock, TestSystem};
use tokio::sync::Notify;

use crate::store::Store;

/// How the queue behaves.
#[derive(Debug, Clone, Copy)]
pub struct QueueSettings {
    /// How long a message is hidden while a worker has it.
    pub visibility: Duration,
    /// How often a message is handed out before it becomes a dead letter.
    pub max_receives: u32,
}

impl Default for QueueSettings {
    /// The defaults of `template.yaml`.
    fn default() -> Self {
        Self { visibility: Duration::from_secs(360), max_receives: 100 }
    }
}

/// All ports at once. Cloning it gives another handle to the same data.
#[derive(Debug, Clone)]
pub struct Embedded<S> {
    store: Arc<Store>,
    system: S,
    queue: QueueSettings,
    work: Arc<Notify>,
}

impl<S> Embedded<S> {
    /// Keeps everything in memory.
    ///
    /// # Errors
    ///
    /// The database cannot be set up.
    pub fn in_memory(system: S, queue: QueueSettings) -> Result<Self, OpenError> {
        Ok(Self::over(Store::in_memory()?, system, queue))
    }

    /// Keeps everything in `hookdock.redb` in that folder, which is made if need be; only their
    /// owner can read them. Every write is synced to the disk before it counts; writes that come
    /// together are synced together.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be made or read, or another process has it open.
    pub fn on_disk(folder: &Path, system: S, queue: QueueSettings) -> Result<Self, OpenError> {
        Ok(Self::over(Store::on_disk(folder)?, system, queue))
    }

    /// What jobs may reach: everything that is kept here, and a model that costs nothing. The web
    /// is the caller's to add.
    #[must_use]
    pub fn effects(&self) -> Effects
    where
        S: Clone + Send + Sync + 'static,
    {
        let ports = Arc::new(self.clone());
        Effects {
            documents: Some(ports.clone()),
            mail: Some(ports.clone()),
            model: Some(Arc::new(StubModel)),
            notices: Some(ports.clone()),
            ..Effects::new(ports)
        }
    }

    fn over(store: Store, system: S, queue: QueueSettings) -> Self {
        Self { store: Arc::new(store), system, queue, work: Arc::default() }
    }
}

impl Embedded<TestSystem> {
    /// A fresh ledger and fresh effects, in memory: what a check of jobs
    /// (`hookdock_pipeline::testing`) asks for.
    ///
    /// # Panics
    ///
    /// The database cannot be set up.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test stops where there is no memory")]
    pub fn fresh() -> (Self, Effects) {
        let system = TestSystem::starting_at(EpochMillis::new(1_800_000_000_000));
        let local = Self::in_memory(system, QueueSettings::default()).expect("memory");
        let effects = local.effects();
        (local, effects)
    }
}
