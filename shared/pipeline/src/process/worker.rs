//! What the messages of one worker share.

use std::sync::Arc;

use futures_util::lock::{Mutex, MutexGuard};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::job::Breakers;
use crate::process::holds::KnownHolds;

/// Stored bytes are counted in pages. What is smaller than one needs no room.
const PAGE_BYTES: u64 = 64 * 1024;

/// What the messages of one worker share: its memory, and what it knows.
#[derive(Debug)]
pub struct Worker {
    /// The pages of stored deliveries that may be in work.
    room: Semaphore,
    pages: u32,
    isolation: Mutex<()>,
    breakers: Arc<Breakers>,
    pub(super) holds: KnownHolds,
}

impl Default for Worker {
    fn default() -> Self {
        Self::with_memory(Self::DEFAULT_MEMORY_BYTES)
    }
}

impl Worker {
    /// The memory that `template.yaml` gives a worker.
    pub const DEFAULT_MEMORY_BYTES: u64 = 512 << 20;

    /// A worker with that many bytes of memory. A sixteenth of it may be stored deliveries: what is
    /// made of one while a job reads it is several times its size.
    #[must_use]
    pub fn with_memory(bytes: u64) -> Self {
        let pages = u32::try_from(bytes / 16 / PAGE_BYTES).unwrap_or(u32::MAX).max(1);
        let room = Semaphore::new(pages as usize);
        Self {
            room,
            pages,
            isolation: Mutex::default(),
            breakers: Arc::default(),
            holds: KnownHolds::default(),
        }
    }

    /// Waits until there is room for a delivery. One that is larger than all the room gets all of
    /// it.
    pub(super) async fn room_for(&self, stored_bytes: u64) -> Option<SemaphorePermit<'_>> {
        let pages = u32::try_from(stored_bytes / PAGE_BYTES).unwrap_or(u32::MAX).min(self.pages);
        match pages {
            0 => None,
            // It is never closed.
            _ => self.room.acquire_many(pages).await.ok(),
        }
    }

    /// Runs whose last worker died go one at a time, and others beside them: should one of them
    /// kill this worker too, it takes no further attempt of those that died with it before.
    pub(super) async fn isolation(&self) -> MutexGuard<'_, ()> {
        self.isolation.lock().await
    }

    /// What is known of the dependencies that the jobs call.
    pub(super) fn breakers(&self) -> Arc<Breakers> {
        Arc::clone(&self.breakers)
    }
}
