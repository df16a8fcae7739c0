//! What is known of an event, put together from the stored deliveries and the ledger.

use anyhow::Context as _;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::job::result_document;
use hookdock_pipeline::ledger::{
    Attempt, EventRecord, EventRef, Run, RunState, StepRecord, StepResult,
};
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::names::{EventKey, TenantId};
use hookdock_pipeline::ports::{Deliveries, Histories, Packs};
use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use serde::Serialize;

use crate::inspect::target::{Name, Target};

/// What is known of an event.
#[derive(Debug, Serialize)]
pub(crate) struct Account {
    version: u32,
    pub(super) endpoint: String,
    pub(super) event_key: String,
    /// The delivery that was asked for, or the first.
    pub(super) delivery: Option<Received>,
    /// What the ledger says. Nothing: no worker has seen the event.
    pub(super) event: Option<Recorded>,
    pub(super) runs: Vec<RunAccount>,
}

/// A stored delivery.
#[derive(Debug, Serialize)]
pub(super) struct Received {
    pub(super) id: String,
    pub(super) received_at: Timestamp,
    pub(super) provider_timestamp: Option<Timestamp>,
    pub(super) scheme: String,
    pub(super) secret_id: String,
    pub(super) body_bytes: usize,
    pub(super) sha256: String,
    pub(super) object: String,
    /// The kind of work that was to be done with it at once, at a direct endpoint.
    pub(super) direct: Option<String>,
    /// The events of a request that carries several; each has an account of its own.
    pub(super) events: Vec<ItemAccount>,
}

/// One event of several in a request.
#[derive(Debug, Serialize)]
pub(super) struct ItemAccount {
    pub(super) event_key: String,
    pub(super) id: Option<String>,
    pub(super) event_type: Option<String>,
}

/// An event in the ledger.
#[derive(Debug, Serialize)]
pub(super) struct Recorded {
    pub(super) provider: String,
    pub(super) id: Option<String>,
    pub(super) event_type: Option<String>,
    pub(super) tenant: Option<String>,
    /// The provider's deliveries; never added to the attempts.
    pub(super) deliveries: u64,
    pub(super) first_delivery: String,
    pub(super) conflicts: Vec<String>,
    pub(super) flags: Vec<String>,
    pub(super) ignored: Option<String>,
}

/// One job for the event.
#[derive(Debug, Serialize)]
pub(super) struct RunAccount {
    pub(super) job: String,
    pub(super) state: &'static str,
    /// Why, where the state has a reason.
    pub(super) cause: Option<String>,
    pub(super) attempts_counted: u32,
    pub(super) attempts: Vec<AttemptAccount>,
    pub(super) steps: Vec<StepAccount>,
    pub(super) next: Next,
}

/// One try.
#[derive(Debug, Serialize)]
pub(super) struct AttemptAccount {
    pub(super) number: u32,
    pub(super) code: String,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) result: Option<&'static str>,
    pub(super) step: Option<String>,
    pub(super) error_class: Option<&'static str>,
    pub(super) error_message: Option<String>,
}

/// One step. What it yielded is business, and stays out.
#[derive(Debug, Serialize)]
pub(super) struct StepAccount {
    pub(super) name: String,
    pub(super) state: StepState,
    pub(super) attempt: u32,
    pub(super) started_at: Timestamp,
    pub(super) saved_at: Option<Timestamp>,
    /// Where its result is, if it is too large for the ledger.
    pub(super) document: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepState {
    /// Its result is saved.
    Saved,
    /// The attempt that began it is under way.
    Running,
    /// It began, and nothing is known of it.
    Unknown,
}

/// What will happen without anybody's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub(super) enum Next {
    /// Nothing: the run has ended.
    Nothing,
    /// A worker has it; should it die, another takes over from then on.
    TakeOver { from: Timestamp },
    /// The next attempt.
    Attempt { not_before: Timestamp },
    /// Nothing, until a person moves the dead letter back.
    DeadLetter { sent: bool },
}

impl Account {
    pub(crate) async fn of(
        deliveries: &(impl Deliveries + Packs),
        ledger: &impl Histories,
        target: &Target,
        tenant: Option<&TenantId>,
    ) -> anyhow::Result<Self> {
        let (key, asked) = match &target.name {
            Name::Key(key) => (key.clone(), None),
            Name::Id(id) => (EventKey::of_signed_id(tenant, id), None),
            Name::Delivery(id) => {
                let found = lookup::find(deliveries, &target.endpoint, id).await?;
                let (object, stored) = found.with_context(|| unknown(target))?;
                let stored = StoredDelivery::parse(&stored)?;
                (stored.event.key.clone(), Some(Received::of(&stored, &object)?))
            }
        };
        let event = EventRef { endpoint: target.endpoint.clone(), key };
        let history = ledger.history(&event).await?;
        let delivery = match (asked, &history) {
            (Some(received), _) => Some(received),
            (None, Some(history)) => first_of(deliveries, &history.event).await?,
            (None, None) => {
                // The processor never sees an event of a direct endpoint; its record is all.
                let object = ObjectKey::direct(&event.endpoint, &event.key);
                let recorded = deliveries.read(&object).await?.with_context(|| unknown(target))?;
                Some(Received::of(&StoredDelivery::parse(&recorded)?, &object)?)
            }
        };
        let runs = history.iter().flat_map(|history| history.runs.iter().map(RunAccount::of));
        Ok(Self {
            version: 1,
            endpoint: event.endpoint.to_string(),
            event_key: event.key.to_string(),
            delivery,
            runs: runs.collect(),
            event: history.as_ref().map(|history| Recorded::of(&history.event)),
        })
    }
}

fn unknown(target: &Target) -> String {
    let hint = match &target.name {
        Name::Id(_) => {
            "; where the provider does not sign its ids, ask for the delivery: the answer's \
             X-Hookdock-Delivery, which the provider's own log shows"
        }
        Name::Delivery(_) => {
            "; an event of a direct endpoint has the name of its key, which the log tells beside \
             the delivery, and where the endpoint stores inline, a delivery is found once a worker \
             has taken it"
        }
        Name::Key(_) => "",
    };
    format!("nothing of that name is known at {}{hint}", target.endpoint)
}

/// The first delivery of an event. The record names its pack, or it is an object of its own.
async fn first_of(
    deliveries: &impl Deliveries,
    event: &EventRecord,
) -> anyhow::Result<Option<Received>> {
    let id = &event.first_delivery;
    let own = || ObjectKey::of(&event.event.endpoint, id, id.received_at());
    let object = event.pack_of(id).cloned().unwrap_or_else(own);
    let Some(stored) = lookup::read(deliveries, &object, id).await? else {
        return Ok(None);
    };
    Ok(Some(Received::of(&StoredDelivery::parse(&stored)?, &object)?))
}

impl Received {
    fn of(stored: &StoredDelivery<'_>, object: &ObjectKey) -> anyhow::Result<Self> {
        Ok(Self {
            id: stored.delivery_id.to_string(),
            received_at: stored.received_at,
            provider_timestamp: stored.provider_timestamp,
            scheme: stored.verification.scheme.to_string(),
            secret_id: stored.verification.secret_id.to_string(),
            body_bytes: stored.body_bytes()?.len(),
            sha256: stored.sha256.to_string(),
            object: object.to_string(),
            direct: stored.direct.as_deref().map(str::to_owned),
            events: ItemAccount::of(stored),
        })
    }
}

impl ItemAccount {
    /// One alone is the delivery's event.
    fn of(stored: &StoredDelivery<'_>) -> Vec<Self> {
        let several = stored.items.iter().filter(|_| stored.items.len() > 1);
        several
            .map(|item| Self {
                event_key: item.event.key.to_string(),
                id: item.event.id.as_ref().map(ToString::to_string),
                event_type: item.event.event_type.as_ref().map(ToString::to_string),
            })
            .collect()
    }
}

impl Recorded {
    fn of(event: &EventRecord) -> Self {
        Self {
            provider: event.provider.clone(),
            id: event.event_id.as_ref().map(ToString::to_string),
            event_type: event.event_type.as_ref().map(ToString::to_string),
            tenant: event.tenant.as_ref().map(ToString::to_string),
            deliveries: event.deliveries,
            first_delivery: event.first_delivery.to_string(),
            conflicts: event.conflicts.iter().map(ToString::to_string).collect(),
            flags: event.flags.iter().map(code).collect(),
            ignored: event.ignored.as_ref().map(code),
        }
    }
}

/// The name under which a value is stored.
fn code(value: &impl Serialize) -> String {
    let code = serde_json::to_value(value).ok();
    code.and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
}

impl RunAccount {
    fn of(run: &Run) -> Self {
        Self {
            job: run.id.job.to_string(),
            state: run.state.name(),
            cause: match &run.state {
                RunState::Ignored { cause } | RunState::Waiting { cause, .. } => {
                    Some(cause.clone())
                }
                RunState::Dead { reason, .. } => Some(reason.code().to_owned()),
                RunState::Running { .. } | RunState::Retrying { .. } | RunState::Done => None,
            },
            attempts_counted: run.tries(),
            attempts: run.attempts.iter().map(AttemptAccount::of).collect(),
            steps: run.steps.iter().map(|step| StepAccount::of(step, run)).collect(),
            next: Next::of(&run.state),
        }
    }
}

impl AttemptAccount {
    fn of(attempt: &Attempt) -> Self {
        let ended = attempt.ended.as_ref();
        let failure = ended.and_then(|ending| ending.failure());
        Self {
            number: attempt.number,
            code: attempt.code.to_string(),
            started_at: time(attempt.started_at),
            ended_at: ended.map(|ending| time(ending.at)),
            result: ended.map(|ending| ending.result.code()),
            step: ended.and_then(|ending| ending.step.as_ref()).map(ToString::to_string),
            error_class: failure.map(|failure| failure.class.code()),
            error_message: failure.map(|failure| failure.message.clone()),
        }
    }
}

impl StepAccount {
    fn of(step: &StepRecord, run: &Run) -> Self {
        let under_way =
            matches!(run.state, RunState::Running { .. }) && step.attempt == run.attempt;
        Self {
            name: step.name.to_string(),
            state: match &step.saved {
                Some(_) => StepState::Saved,
                None if under_way => StepState::Running,
                None => StepState::Unknown,
            },
            attempt: step.attempt,
            started_at: time(step.started_at),
            saved_at: step.saved.as_ref().map(|saved| time(saved.at)),
            document: step.saved.as_ref().and_then(|saved| match &saved.result {
                StepResult::Inline(_) => None,
                StepResult::Kept { sha256, .. } => {
                    Some(format!("documents/{}", result_document(&run.id, &step.name, sha256)))
                }
            }),
        }
    }
}

impl Next {
    fn of(state: &RunState) -> Self {
        match state {
            RunState::Running { lease_until } => Self::TakeOver { from: time(*lease_until) },
            RunState::Retrying { not_before } | RunState::Waiting { not_before, .. } => {
                Self::Attempt { not_before: time(*not_before) }
            }
            RunState::Done | RunState::Ignored { .. } => Self::Nothing,
            RunState::Dead { buried, .. } => Self::DeadLetter { sent: *buried },
        }
    }
}

fn time(at: EpochMillis) -> Timestamp {
    Timestamp::from_millisecond(at.get()).unwrap_or_default()
}
