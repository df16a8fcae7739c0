//! Dead runs in groups, and dead letters that no run belongs to.

use std::collections::BTreeMap;

use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::{EventRef, Run};
use hookdock_pipeline::model::system::System;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{RunAccount, VERSION};
use crate::operator::Operator;
use crate::ports::{Attended, DeadLetter, Place, RunAt};
use crate::selection::Selection;
use crate::trouble::{Code, Trouble};

/// How many dead runs are grouped at most.
const MOST_RUNS: usize = 10_000;

/// How many are read in one call.
const A_READ: usize = 500;

/// How many dead letters are looked at.
const MOST_DEAD_LETTERS: usize = 100;

/// By what dead runs are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The job.
    Job,
    /// Why it is dead.
    Reason,
    /// The class of what went wrong last.
    Class,
    /// What went wrong last, in words.
    Message,
    /// The endpoint.
    Endpoint,
    /// The version of the code of the last attempt.
    Code,
}

const NAMES: [(By, &str); 6] = [
    (By::Job, "job"),
    (By::Reason, "reason"),
    (By::Class, "class"),
    (By::Message, "message"),
    (By::Endpoint, "endpoint"),
    (By::Code, "code"),
];

/// Dead runs in groups, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dead {
    /// The version of this form.
    pub version: u32,
    /// The groups.
    pub groups: Vec<Group>,
    /// How many runs are in them.
    pub runs: u64,
    /// Whether these are all that are meant; older ones are left out otherwise.
    pub complete: bool,
}

/// Dead runs that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// What they have in common, by the names that were asked for.
    pub by: BTreeMap<String, String>,
    /// How many there are.
    pub runs: u64,
    /// When the first of them died.
    pub since: Timestamp,
    /// When the last did.
    pub until: Timestamp,
    /// What went wrong in the last of them.
    pub last_message: Option<String>,
    /// How many there are of each endpoint.
    pub endpoints: BTreeMap<String, u64>,
}

/// A dead letter that no run belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterAccount {
    /// The queue's name for it.
    pub id: String,
    /// Why it is there; `set_aside` where the queue did it.
    pub reason: String,
    /// The same in words.
    pub message: Option<String>,
    /// The endpoint, where it is known.
    pub endpoint: Option<String>,
    /// The delivery, where it is known.
    pub delivery: Option<String>,
}

impl By {
    /// The keys that are named, with commas between them.
    ///
    /// # Errors
    ///
    /// One of them is none.
    pub fn read(text: &str) -> Result<Vec<Self>, Trouble> {
        let keys = text.split(',').map(|name| {
            NAMES.iter().find(|(_, own)| *own == name).map(|(by, _)| *by).ok_or_else(|| {
                let known = NAMES.map(|(_, name)| name).join(", ");
                let why = format!("what there is: {known}");
                Trouble::new(Code::BadRequest, format!("dead runs have no {name} to group by"), why)
            })
        });
        keys.collect()
    }

    fn name(self) -> &'static str {
        NAMES.iter().find(|(by, _)| *by == self).map_or("", |(_, name)| name)
    }

    fn of(self, run: &Run, account: &RunAccount) -> String {
        match self {
            Self::Job => account.job.clone(),
            Self::Reason => account.cause.clone().unwrap_or_default(),
            Self::Class => account.error_class.clone().unwrap_or_default(),
            Self::Message => account.error_message.clone().unwrap_or_default(),
            Self::Endpoint => run.id.event.endpoint.to_string(),
            Self::Code => account.code.clone().unwrap_or_default(),
        }
    }
}

impl<P: Place, S: System> Operator<P, S> {
    /// The dead runs that are meant, in groups, from the ledger: the queue is left alone. Tenants, types and ids are those of events, and do
    /// not narrow it.
    ///
    /// # Errors
    ///
    /// The place cannot be read.
    pub async fn dead(&self, selection: &Selection, by: &[By]) -> Result<Dead, Trouble> {
        let (mut groups, mut before): (BTreeMap<Vec<String>, Group>, Option<RunAt>) =
            Default::default();
        let (mut looked, mut complete) = (0, false);
        while looked < MOST_RUNS && !complete {
            let runs = self.place.runs(Attended::Dead, before.as_ref(), A_READ).await?;
            looked = looked.saturating_add(runs.len());
            complete = runs.is_empty();
            before = runs.last().map(RunAt::of);
            for run in &runs {
                if selection.since().is_some_and(|since| run.updated_at < since) {
                    complete = true;
                    break;
                }
                self.group(&mut groups, selection, by, run);
            }
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by(|one, other| other.runs.cmp(&one.runs).then(other.until.cmp(&one.until)));
        let runs = groups.iter().map(|group| group.runs).sum();
        Ok(Dead { version: VERSION, groups, runs, complete })
    }

    fn group(
        &self,
        groups: &mut BTreeMap<Vec<String>, Group>,
        selection: &Selection,
        by: &[By],
        run: &Run,
    ) {
        let account = RunAccount::of(run, self.now());
        let endpoint = &run.id.event.endpoint;
        if !selection.covers_run(&account)
            || selection.endpoint.as_ref().is_some_and(|own| own != endpoint)
            || selection.until().is_some_and(|until| until <= run.updated_at)
        {
            return;
        }
        let values: Vec<String> = by.iter().map(|by| by.of(run, &account)).collect();
        let at = account.changed_at;
        let group = groups.entry(values.clone()).or_insert_with(|| Group {
            by: by.iter().map(|by| by.name().to_owned()).zip(values).collect(),
            runs: 0,
            since: at,
            until: at,
            last_message: account.error_message.clone(),
            endpoints: BTreeMap::new(),
        });
        group.runs = group.runs.saturating_add(1);
        group.since = group.since.min(at);
        let count = group.endpoints.entry(endpoint.to_string()).or_default();
        *count = count.saturating_add(1);
    }

    /// Dead letters that no run belongs to: nothing lists these but the queue.
    ///
    /// # Errors
    ///
    /// The place cannot be read.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetterAccount>, Trouble> {
        let mut alone = Vec::new();
        for dead in self.place.dead_letters(MOST_DEAD_LETTERS).await? {
            if !self.has_run(&dead).await? {
                alone.push(DeadLetterAccount::of(&dead));
            }
        }
        Ok(alone)
    }

    async fn has_run(&self, dead: &DeadLetter) -> Result<bool, Trouble> {
        let Ok(reference) = Reference::parse(&dead.body) else { return Ok(false) };
        let Some(job) = &reference.job else { return Ok(false) };
        let history = self.place.history(&EventRef::of(&reference)).await?;
        Ok(history.is_some_and(|history| history.runs.iter().any(|run| run.id.job == *job)))
    }
}

impl DeadLetterAccount {
    fn of(dead: &DeadLetter) -> Self {
        let named = |name: &str| {
            let found = dead.attributes.iter().find(|(own, _)| own == name);
            found.map(|(_, value)| value.clone())
        };
        Self {
            id: dead.id.clone(),
            reason: named("reason").unwrap_or_else(|| "set_aside".to_owned()),
            message: named("message"),
            endpoint: named("endpoint"),
            delivery: named("delivery_id"),
        }
    }
}
