//! How the place is, on one screen; and its endpoints.

use futures_util::future::try_join_all;
use hookdock_pipeline::model::system::System;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{VERSION, time};
use crate::operator::{Configured, Operator};
use crate::page::Paging;
use crate::ports::{Attended, Place};
use crate::selection::Filters;
use crate::trouble::{Code, Trouble};

/// How the place is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The version of this form.
    pub version: u32,
    /// The place.
    pub place: String,
    /// When this was asked.
    pub at: Timestamp,
    /// What is wrong; nothing where all is well.
    pub problems: Vec<String>,
    /// Runs that are dead, and that nobody has dismissed.
    pub dead: u64,
    /// When the newest of them died.
    pub newest_dead: Option<Timestamp>,
    /// Runs that another attempt will be made of.
    pub retrying: u64,
    /// Runs that are held back.
    pub waiting: u64,
    /// Runs that were set aside.
    pub dismissed: u64,
    /// Messages that a worker could take now.
    pub visible: u64,
    /// Messages that a worker has, or that are put off.
    pub hidden: u64,
    /// Dead letters in the queue, with and without a run.
    pub dead_letters: u64,
    /// Dead letters without a run, among those that the queue showed.
    pub dead_letters_without_run: usize,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointAccount {
    /// Its name.
    pub endpoint: String,
    /// What its settings say, where they are known.
    pub configured: Option<Configured>,
    /// When its last delivery came in, of those of the last 90 days.
    pub last_delivery: Option<Timestamp>,
}

impl<P: Place, S: System> Operator<P, S> {
    /// How the place is.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub async fn status(&self) -> Result<Status, Trouble> {
        let counts = Attended::ALL.map(|state| self.place.count(state));
        let counts = try_join_all(counts).await?;
        let [retrying, waiting, dead, dismissed] = counts[..] else {
            return Err(Trouble::new(
                Code::Unavailable,
                "the runs were not counted",
                "the place gave another number of answers",
            ));
        };
        let newest = self.place.runs(Attended::Dead, None, 1).await?;
        let depth = self.place.depth().await?;
        let dead_letters_without_run = self.dead_letters().await?.len();
        let mut problems = Vec::new();
        if dead > 0 {
            problems.push(format!("{dead} dead runs"));
        }
        if dead_letters_without_run > 0 {
            problems.push(format!("{dead_letters_without_run} dead letters without a run"));
        }
        Ok(Status {
            version: VERSION,
            place: self.name.clone(),
            at: time(self.now()),
            problems,
            dead,
            newest_dead: newest.first().map(|run| time(run.updated_at)),
            retrying,
            waiting,
            dismissed,
            visible: depth.visible,
            hidden: depth.hidden,
            dead_letters: depth.dead_letters,
            dead_letters_without_run,
        })
    }

    /// The endpoints.
    ///
    /// # Errors
    ///
    /// The place cannot be read.
    pub async fn endpoints(&self) -> Result<Vec<EndpointAccount>, Trouble> {
        let names = self.endpoint_names().await?;
        try_join_all(names.iter().map(async |endpoint| {
            let filters =
                Filters { endpoint: Some(endpoint.to_string()), ..Filters::default() }.check()?;
            let paging = Paging { limit: 1, look: 1, cursor: None };
            let newest = self.list(&filters, &paging).await?;
            let configured =
                self.configured.iter().find(|own| own.endpoint == endpoint.as_str()).cloned();
            // A repeat is no event of its own; where the newest is one, the page says how far it
            // came.
            let last = newest.items.first().and_then(|event| event.received_at);
            let last = last.or((newest.looked.names > 0).then_some(newest.looked.from));
            Ok(EndpointAccount { endpoint: endpoint.to_string(), configured, last_delivery: last })
        }))
        .await
    }
}
