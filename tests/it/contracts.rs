//! The embedded adapters keep the contracts, in memory and on disk.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hookdock_embedded::{Embedded, QueueSettings, SystemClock};
use hookdock_operate::ports::Place;
use hookdock_pipeline::job::Effects;
use hookdock_pipeline::ports::{
    Archive, Captures, Deliveries, DueRuns, Histories, Ledger, Messages, Packs, WorkQueue,
};
use hookdock_tests::contract::{self, Bench, Seen};

struct Embed {
    local: Embedded<SystemClock>,
    effects: Effects,
    folder: Option<PathBuf>,
}

impl Embed {
    fn in_memory() -> Self {
        let local = Embedded::in_memory(SystemClock, QueueSettings::default()).expect("memory");
        Self::over(local, None)
    }

    fn on_disk(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(std::fs::remove_dir_all(&folder));
        let queue = QueueSettings::default();
        let local = Embedded::on_disk(&folder, SystemClock, queue).expect("a disk");
        Self::over(local, Some(folder))
    }

    fn over(local: Embedded<SystemClock>, folder: Option<PathBuf>) -> Self {
        Self { effects: local.effects(), local, folder }
    }
}

impl Drop for Embed {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

impl Bench for Embed {
    fn captures(&self) -> &impl Captures {
        &self.local
    }

    fn archive(&self) -> &impl Archive {
        &self.local
    }

    fn queue(&self) -> &impl WorkQueue {
        &self.local
    }

    fn deliveries(&self) -> &(impl Deliveries + Packs + Clone) {
        &self.local
    }

    fn messages(&self) -> &(impl Messages + Clone) {
        &self.local
    }

    fn ledger(&self) -> &(impl Ledger + DueRuns) {
        &self.local
    }

    fn histories(&self) -> &impl Histories {
        &self.local
    }

    fn place(&self) -> &impl Place {
        &self.local
    }

    fn effects(&self) -> &Effects {
        &self.effects
    }

    async fn receive(&self) -> Vec<Seen> {
        let messages = self.local.receive(10).await.expect("a database").into_iter();
        messages
            .map(|message| Seen {
                receipt: message.receipt,
                body: message.body,
                attributes: message.attributes.into_iter().collect(),
                receives: message.receives,
            })
            .collect()
    }

    async fn dead_letters(&self) -> Vec<Seen> {
        let letters = self.local.dead_letters().expect("a database").into_iter();
        letters
            .map(|letter| Seen {
                receipt: String::new(),
                body: letter.body,
                attributes: letter.attributes.into_iter().collect::<BTreeMap<_, _>>(),
                receives: 0,
            })
            .collect()
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

macro_rules! contracts {
    ($($contract:ident),*) => {
        mod in_memory {
            use super::*;
            $(#[tokio::test]
            async fn $contract() {
                contract::$contract(&Embed::in_memory()).await;
            })*
        }
        mod on_disk {
            use super::*;
            $(#[tokio::test]
            async fn $contract() {
                contract::$contract(&Embed::on_disk(stringify!($contract))).await;
            })*
        }
    };
}
hookdock_tests::each_contract!(contracts);

#[tokio::test]
async fn what_was_written_to_disk_is_there_after_a_restart() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("restart");
    drop(std::fs::remove_dir_all(&folder));
    let open = || Embedded::on_disk(&folder, SystemClock, QueueSettings::default());
    let before = open().expect("a disk");
    before.enqueue("a message".to_owned(), Vec::new()).await.expect("queued");
    assert!(open().is_err(), "two processes cannot share the data");
    drop(before);
    let messages = open().expect("a disk").receive(1).await.expect("a database");
    assert_eq!(messages[0].body, "a message");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[tokio::test]
async fn a_message_that_was_handed_out_too_often_becomes_a_dead_letter() {
    let queue = QueueSettings { visibility: Duration::ZERO, max_receives: 2 };
    let local = Embedded::in_memory(SystemClock, queue).expect("memory");
    local.enqueue("poison".to_owned(), Vec::new()).await.expect("queued");
    for receives in 1..=2 {
        assert_eq!(local.receive(1).await.expect("memory")[0].receives, receives);
    }
    assert_eq!(local.receive(1).await.expect("memory"), []);
    assert_eq!(local.dead_letters().expect("memory")[0].body, "poison");
    assert_eq!(local.backlog().expect("memory"), 0);
}

#[tokio::test]
async fn an_old_receipt_neither_deletes_nor_puts_off() {
    let queue = QueueSettings { visibility: Duration::ZERO, max_receives: 50 };
    let local = Embedded::in_memory(SystemClock, queue).expect("memory");
    local.enqueue("work".to_owned(), Vec::new()).await.expect("queued");
    let old = local.receive(1).await.expect("memory").remove(0);
    let new = local.receive(1).await.expect("memory").remove(0);
    local.delete(&old.receipt).await.expect("memory");
    assert_eq!(local.backlog().expect("memory"), 1);
    local.delete(&new.receipt).await.expect("memory");
    assert_eq!(local.backlog().expect("memory"), 0);

    local.enqueue("other work".to_owned(), Vec::new()).await.expect("queued");
    local.receive(1).await.expect("memory");
    local.delete(&old.receipt).await.expect("memory");
    assert_eq!(local.backlog().expect("memory"), 1, "nor does it fit a later message");
}
