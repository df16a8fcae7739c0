//! The database: tables, and writes that wait for the disk together.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use std::{fmt, thread};

use futures_channel::oneshot;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind, chain};
use hookdock_pipeline::ports::Conditional;
use redb::backends::InMemoryBackend;
use redb::{
    Database, DatabaseError, ReadTransaction, ReadableTable as _, Table, TableDefinition,
    WriteTransaction,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Object name -> object.
pub(crate) const OBJECTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("objects");
/// Message number -> message.
pub(crate) const MESSAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("messages");
/// (Group; visible from, in ms; message number): those of a group in the order in which they are
/// handed out.
pub(crate) const VISIBLE: TableDefinition<'_, (&str, i64, u64), ()> =
    TableDefinition::new("visible");
/// The group that a message was handed out of last.
pub(crate) const LAST_GROUP: TableDefinition<'_, (), &str> = TableDefinition::new("last_group");
/// Dead letter number -> dead letter.
pub(crate) const DEAD_LETTERS: TableDefinition<'_, u64, &[u8]> =
    TableDefinition::new("dead_letters");
/// The last number that was given to a message or a dead letter. Numbers are never given twice:
/// a receipt that is late must not fit another message.
pub(crate) const NUMBERS: TableDefinition<'_, (), u64> = TableDefinition::new("numbers");
/// (Endpoint, event key) -> event.
pub(crate) const EVENTS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("events");
/// (Endpoint, event key, delivery) for every delivery that carried the event.
pub(crate) const RECORDED: TableDefinition<'_, (&str, &str, &str), ()> =
    TableDefinition::new("recorded");
/// (Endpoint, event key, job) -> run.
pub(crate) const RUNS: TableDefinition<'_, (&str, &str, &str), &[u8]> =
    TableDefinition::new("runs");
/// (Shard; due at, in ms; endpoint, event key, job) of each run that waits in the ledger alone.
pub(crate) const DUE: TableDefinition<'_, (u8, i64, &str, &str, &str), ()> =
    TableDefinition::new("due");
/// (State; last change, in ms; endpoint, event key, job) of the runs that people look after.
pub(crate) const RUNS_BY_STATE: TableDefinition<'_, (&str, i64, &str, &str, &str), ()> =
    TableDefinition::new("runs_by_state");
/// Cell name -> cell.
pub(crate) const CELLS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("cells");
/// Endpoint -> the secret that its provider handed over.
pub(crate) const CAPTURED: TableDefinition<'_, &str, &str> = TableDefinition::new("captured");
/// (Collection, id) -> business record.
pub(crate) const RECORDS: TableDefinition<'_, (&str, &str), &[u8]> =
    TableDefinition::new("records");

/// Document name -> document.
pub(crate) const DOCUMENTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("documents");
/// Effect key -> what was sent.
pub(crate) const OUTBOX: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("outbox");

/// How many writes may share one commit.
const MOST_IN_A_COMMIT: usize = 256;

/// How many writes are refused between two tries to open the database again.
const MOST_REFUSED: usize = 1024;

/// How long a database that cannot be opened is left alone.
const OPENED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the file cannot be made.
    #[error("failed to make the data folder")]
    Folder(#[from] std::io::Error),
    /// The file cannot be opened; most often another process has it open.
    #[error("failed to open the database")]
    Database(#[from] DatabaseError),
    /// The tables cannot be made.
    #[error("failed to set up the database")]
    SetUp(#[from] redb::Error),
}

/// What a transaction can fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Database(#[from] redb::Error),
    #[error("a stored value is not readable")]
    Value(#[from] serde_json::Error),
    #[error("nothing was written, and the database's own line in the log says why")]
    Stopped,
    #[error("the database failed and is being opened again")]
    Closed,
}

/// redb has an error type for each of its calls, which all turn into `redb::Error`.
macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                Self::Database(error.into())
            }
        }
    )*};
}
from_redb!(StorageError, TableError, TransactionError, CommitError);

/// Runs inside a write transaction; what it returns is run once the transaction is durable.
/// `Err`: the database itself failed, and nothing of the transaction can be kept.
type Write = Box<dyn FnOnce(&WriteTransaction) -> Result<Told, StoreError> + Send>;
type Told = Box<dyn FnOnce() + Send>;

pub(crate) struct Store {
    file: Arc<File>,
    /// `None`: nothing waits for a disk, so a write runs where it is made.
    writer: Option<Sender<Write>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Opens a database that exists.
type Open = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

/// The database, and the way to open it again. Once the disk has failed it, as a full one does,
/// redb refuses everything until then.
struct File {
    /// `None`: it failed, and is not open again yet.
    database: RwLock<Option<Database>>,
    open: Open,
}

impl File {
    fn of(database: Database, open: Open) -> Result<Arc<Self>, OpenError> {
        set_up(&database)?;
        Ok(Arc::new(Self { database: RwLock::new(Some(database)), open }))
    }

    fn with<T>(
        &self,
        use_it: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        use_it(database.as_ref().ok_or(StoreError::Closed)?)
    }

    /// What was durable before is there again. The old handle goes first, for it has the lock.
    fn reopen(&self) -> Result<(), OpenError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        *database = None;
        let opened = (self.open)()?;
        set_up(&opened)?;
        *database = Some(opened);
        Ok(())
    }
}

impl Store {
    pub(crate) fn in_memory() -> Result<Self, OpenError> {
        let new = || Database::builder().create_with_backend(InMemoryBackend::new());
        Ok(Self { file: File::of(new()?, Box::new(new))?, writer: None, thread: None })
    }

    pub(crate) fn on_disk(folder: &Path) -> Result<Self, OpenError> {
        let path = private_file(folder)?;
        let database = Database::create(&path)?;
        Self::writing(File::of(database, Box::new(move || Database::open(&path)))?)
    }

    fn writing(file: Arc<File>) -> Result<Self, OpenError> {
        let (writer, writes) = channel();
        let thread = thread::Builder::new().name("commits".to_owned()).spawn({
            let file = Arc::clone(&file);
            move || commit_all(&file, &writes)
        })?;
        Ok(Self { file, writer: Some(writer), thread: Some(thread) })
    }

    /// Runs the closure in a write transaction; returns once it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        action: &'static str,
        write: impl FnOnce(&WriteTransaction) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, PortError> {
        let (sender, receiver) = oneshot::channel();
        let write: Write = Box::new(move |transaction| {
            let written = match write(transaction) {
                Err(error @ StoreError::Database(_)) => return Err(error),
                // What cannot be read is its own caller's trouble, and not its neighbours'.
                written => written,
            };
            Ok(Box::new(move || drop(sender.send(written))))
        });
        match &self.writer {
            None => self
                .file
                .with(|database| commit(database, write, std::iter::empty()))
                .map_err(|error| unavailable(action, error))?,
            Some(writer) => {
                writer.send(write).map_err(|_| unavailable(action, StoreError::Stopped))?;
            }
        }
        let written = receiver.await.unwrap_or(Err(StoreError::Stopped));
        written.map_err(|error| unavailable(action, error))
    }

    /// Runs the closure over a snapshot.
    pub(crate) fn read<T>(
        &self,
        action: &'static str,
        read: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, PortError> {
        use redb::ReadableDatabase as _;
        let read = self.file.with(|database| read(&database.begin_read()?));
        read.map_err(|error| unavailable(action, error))
    }
}

impl Drop for Store {
    /// Waits for the writes under way, so that nothing that was accepted is lost.
    fn drop(&mut self) {
        self.writer = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("on_disk", &self.writer.is_some()).finish_non_exhaustive()
    }
}

/// Makes the folder and the file if need be. Nobody but their owner can read them: deliveries are
/// in there, and secrets that providers handed over.
fn private_file(folder: &Path) -> std::io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join("hookdock.redb");
    let mut open = OpenOptions::new();
    let file = open.write(true).create(true).truncate(false).mode(0o600).open(&path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(path)
}

/// A table exists from the first write on; reading needs it to.
fn set_up(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(OBJECTS)?;
    transaction.open_table(MESSAGES)?;
    transaction.open_table(VISIBLE)?;
    transaction.open_table(LAST_GROUP)?;
    transaction.open_table(DEAD_LETTERS)?;
    transaction.open_table(NUMBERS)?;
    transaction.open_table(EVENTS)?;
    transaction.open_table(RECORDED)?;
    transaction.open_table(RUNS)?;
    transaction.open_table(DUE)?;
    transaction.open_table(RUNS_BY_STATE)?;
    transaction.open_table(CELLS)?;
    transaction.open_table(RECORDS)?;
    transaction.open_table(DOCUMENTS)?;
    transaction.open_table(OUTBOX)?;
    transaction.open_table(CAPTURED)?;
    Ok(transaction.commit()?)
}

/// Ends when the last handle to the store is gone.
fn commit_all(file: &File, writes: &Receiver<Write>) {
    while let Ok(first) = writes.recv() {
        let more = writes.try_iter().take(MOST_IN_A_COMMIT);
        if let Err(error) = file.with(|database| commit(database, first, more)) {
            // The callers were told by the loss of their channel.
            let error = chain(&error);
            tracing::error!(error, "a commit failed; the database is opened again");
            open_again(file, writes);
        }
    }
}

/// Tries until the disk has recovered, or nobody is there any more. What waits is told after each
/// try that it cannot be written.
fn open_again(file: &File, writes: &Receiver<Write>) {
    let mut is_told = false;
    while let Err(error) = file.reopen() {
        if !is_told {
            let error = chain(&error);
            tracing::error!(error, "the database cannot be opened again yet; nothing is accepted");
            is_told = true;
        }
        // Those that come meanwhile must not keep it from another try.
        writes.try_iter().take(MOST_REFUSED).for_each(drop);
        if matches!(writes.try_recv(), Err(TryRecvError::Disconnected)) {
            return;
        }
        thread::park_timeout(OPENED_AGAIN_AFTER);
    }
    tracing::info!("the database is open again");
}

/// All of them or none: the first that fails drops the others with it, and their callers hear
/// that nothing was written.
fn commit(
    database: &Database,
    first: Write,
    more: impl Iterator<Item = Write>,
) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    let mut told = vec![first(&transaction)?];
    for write in more {
        told.push(write(&transaction)?);
    }
    transaction.commit()?;
    told.into_iter().for_each(|tell| tell());
    Ok(())
}

fn unavailable(action: &'static str, error: StoreError) -> PortError {
    let kind = match error {
        StoreError::Value(_) => PortErrorKind::Invalid,
        StoreError::Database(_) | StoreError::Stopped | StoreError::Closed => {
            PortErrorKind::Unavailable
        }
    };
    PortError::new(action, kind).with_source(error)
}

/// Writes the value unless its name is taken.
pub(crate) fn keep(
    mut table: Table<'_, &str, &[u8]>,
    name: &str,
    value: &[u8],
) -> Result<Conditional<()>, StoreError> {
    if table.get(name)?.is_some() {
        return Ok(Conditional::Refused(()));
    }
    table.insert(name, value)?;
    Ok(Conditional::Written)
}

pub(crate) fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    Ok(serde_json::to_vec(value)?)
}

pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    Ok(serde_json::from_slice(bytes)?)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use redb::StorageBackend;

    use super::*;

    /// A disk that is full as long as the switch is on. What was written to it stays.
    #[derive(Debug, Clone, Default)]
    struct Disk {
        bytes: Arc<InMemoryBackend>,
        is_full: Arc<AtomicBool>,
    }

    impl Disk {
        fn room(&self) -> std::io::Result<()> {
            match self.is_full.load(Ordering::SeqCst) {
                true => Err(std::io::ErrorKind::StorageFull.into()),
                false => Ok(()),
            }
        }

        fn fill(&self, is_full: bool) {
            self.is_full.store(is_full, Ordering::SeqCst);
        }

        fn store(&self) -> Store {
            let disk = self.clone();
            let open = move || Database::builder().create_with_backend(disk.clone());
            Store::writing(File::of(open().expect("room"), Box::new(open)).expect("room"))
                .expect("a thread")
        }
    }

    impl StorageBackend for Disk {
        fn len(&self) -> std::io::Result<u64> {
            self.bytes.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
            self.bytes.read(offset, out)
        }

        fn set_len(&self, len: u64) -> std::io::Result<()> {
            self.room()?;
            self.bytes.set_len(len)
        }

        fn sync_data(&self) -> std::io::Result<()> {
            self.room()
        }

        fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
            self.room()?;
            self.bytes.write(offset, data)
        }
    }

    async fn put(store: &Store, name: &'static str) -> Result<(), PortError> {
        let put = store.write("write", move |transaction| {
            transaction.open_table(OBJECTS)?.insert(name, name.as_bytes())?;
            Ok(())
        });
        put.await
    }

    fn names(store: &Store) -> Result<Vec<String>, PortError> {
        store.read("list", |snapshot| {
            let objects = snapshot.open_table(OBJECTS)?;
            objects.iter()?.map(|entry| Ok(entry?.0.value().to_owned())).collect()
        })
    }

    #[tokio::test]
    async fn what_a_full_disk_refused_is_written_once_there_is_space_again() {
        let disk = Disk::default();
        let store = disk.store();
        put(&store, "before").await.expect("room");
        disk.fill(true);
        let refused = put(&store, "refused").await.expect_err("no room");
        assert_eq!(refused.kind(), PortErrorKind::Unavailable);
        put(&store, "refused too").await.expect_err("no room");
        disk.fill(false);
        let mut tries = 0;
        while put(&store, "after").await.is_err() {
            tries += 1;
            assert!(tries < 2 * MOST_REFUSED, "it is still refused");
        }
        assert_eq!(names(&store).expect("open"), ["after", "before"]);
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_opened_again_can_be_left() {
        let disk = Disk::default();
        let store = disk.store();
        disk.fill(true);
        put(&store, "refused").await.expect_err("no room");
        drop(store);
    }
}
