//! What people ask of the data: objects by their names, runs by their states, and the queues.

use bytes::Bytes;
use hookdock_operate::ports::{
    Attended, DeadLetter, Depth, NAMES_A_CALL, Names, Objects, Queues, RunAt, Runs,
};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::{Fence, Run, RunItem};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Conditional, Ledger as _, Messages as _};
use hookdock_signature::EpochMillis;
use redb::{ReadableTable as _, ReadableTableMetadata as _};

use crate::Embedded;
use crate::order::run_key;
use crate::queue::DeadMessage;
use crate::store::{DEAD_LETTERS, MESSAGES, OBJECTS, RUNS, RUNS_BY_STATE, VISIBLE, from_bytes};

/// What sorts after every text of ours.
const LAST: &str = "\u{7f}";

/// The place of a run in the order of its state; most states have none.
pub(crate) fn place(item: &RunItem) -> Option<(&str, i64, &str, &str, &str)> {
    let state = Attended::named(item.run.state.name())?.name();
    let (endpoint, key, job) = run_key(&item.run.id);
    Some((state, item.run.updated_at.get(), endpoint, key, job))
}

impl<S: System> Objects for Embedded<S> {
    async fn names(&self, prefix: &str, after: &str) -> Result<Names, PortError> {
        self.store.read("list the objects", |snapshot| {
            let objects = snapshot.open_table(OBJECTS)?;
            let mut listed = Names::default();
            for entry in objects.range(prefix.max(after)..)? {
                let name = entry?.0.value().to_owned();
                if !name.starts_with(prefix) {
                    break;
                }
                if listed.names.len() == NAMES_A_CALL {
                    listed.more = true;
                    break;
                }
                if name.as_str() > after {
                    listed.names.push(ObjectKey::listed(name));
                }
            }
            Ok(listed)
        })
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        self.store.read("list the folders", |snapshot| {
            let objects = snapshot.open_table(OBJECTS)?;
            let (mut folders, mut from) = (Vec::new(), prefix.to_owned());
            while let Some(entry) = objects.range(from.as_str()..)?.next() {
                let name = entry?.0.value().to_owned();
                let Some(rest) = name.strip_prefix(prefix) else { break };
                let Some((folder, _)) = rest.split_once('/') else {
                    from = name + "\0";
                    continue;
                };
                // The zero sorts right after the slash.
                from = format!("{prefix}{folder}0");
                folders.push(folder.to_owned());
            }
            Ok(folders)
        })
    }

    async fn keep(&self, object: &ObjectKey, bytes: Bytes) -> Result<Conditional<()>, PortError> {
        let object = object.as_str().to_owned();
        let kept = self.store.write("keep the object", move |changes| {
            let mut objects = changes.open_table(OBJECTS)?;
            if objects.get(object.as_str())?.is_some() {
                return Ok(Conditional::Refused(()));
            }
            objects.insert(object.as_str(), &*bytes)?;
            Ok(Conditional::Written)
        });
        kept.await
    }

    async fn beginning(
        &self,
        object: &ObjectKey,
        bytes: usize,
    ) -> Result<Option<Bytes>, PortError> {
        self.store.read("read the delivery", |snapshot| {
            let found = snapshot.open_table(OBJECTS)?.get(object.as_str())?;
            Ok(found.map(|object| {
                let whole = object.value();
                Bytes::copy_from_slice(whole.get(..bytes).unwrap_or(whole))
            }))
        })
    }
}

impl<S: System> Runs for Embedded<S> {
    async fn runs(
        &self,
        state: Attended,
        before: Option<&RunAt>,
        most: usize,
    ) -> Result<Vec<Run>, PortError> {
        const ACTION: &str = "list the runs";
        let newest = (state.name(), i64::MAX, LAST, LAST, LAST);
        let end = before.map_or(newest, |RunAt { at, run }| {
            let (endpoint, key) = (run.event.endpoint.as_str(), run.event.key.as_str());
            (state.name(), at.get(), endpoint, key, run.job.as_str())
        });
        let items: Vec<RunItem> = self.store.read(ACTION, |snapshot| {
            let (order, runs) = (snapshot.open_table(RUNS_BY_STATE)?, snapshot.open_table(RUNS)?);
            let mut found = Vec::new();
            let oldest = (state.name(), i64::MIN, "", "", "");
            for entry in order.range(oldest..end)?.rev().take(most) {
                let key = entry?.0;
                let (_, _, endpoint, event, job) = key.value();
                if let Some(item) = runs.get((endpoint, event, job))? {
                    found.push(from_bytes(item.value())?);
                }
            }
            Ok(found)
        })?;
        let readable = items.into_iter().map(RunItem::known).collect::<Result<_, _>>();
        readable.map_err(PortError::invalid(ACTION))
    }

    async fn count(&self, state: Attended) -> Result<u64, PortError> {
        self.store.read("count the runs", |snapshot| {
            let order = snapshot.open_table(RUNS_BY_STATE)?;
            let all =
                (state.name(), i64::MIN, "", "", "")..=(state.name(), i64::MAX, LAST, LAST, LAST);
            let mut count = 0_u64;
            for entry in order.range(all)? {
                entry?;
                count = count.saturating_add(1);
            }
            Ok(count)
        })
    }

    async fn move_run(&self, from: &Fence, to: &Run) -> Result<Conditional<Run>, PortError> {
        self.compare_and_swap(from, to).await
    }
}

impl<S: System> Queues for Embedded<S> {
    async fn send(&self, reference: &Reference) -> Result<(), PortError> {
        self.send_items(std::slice::from_ref(reference), None).await.map(drop)
    }

    async fn dead_letters(&self, most: usize) -> Result<Vec<DeadLetter>, PortError> {
        self.store.read("read the dead letters", |snapshot| {
            let dead_letters = snapshot.open_table(DEAD_LETTERS)?;
            let newest = dead_letters.iter()?.rev().take(most).map(|entry| {
                let (number, message) = entry?;
                let DeadMessage { body, attributes } = from_bytes(message.value())?;
                Ok(DeadLetter { id: number.value().to_string(), body, attributes })
            });
            newest.collect()
        })
    }

    async fn depth(&self) -> Result<Depth, PortError> {
        let now = self.system.now();
        self.store.read("count the messages", |snapshot| {
            let all = snapshot.open_table(MESSAGES)?.len()?;
            let mut visible = 0_u64;
            for entry in snapshot.open_table(VISIBLE)?.iter()? {
                let (_, from, _) = entry?.0.value();
                visible = visible.saturating_add(u64::from(EpochMillis::new(from) <= now));
            }
            let dead_letters = snapshot.open_table(DEAD_LETTERS)?.len()?;
            Ok(Depth { visible, hidden: all.saturating_sub(visible), dead_letters })
        })
    }
}
