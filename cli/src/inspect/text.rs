//! The account as a person reads it: first the event, then what happened, in order of time.

use jiff::Timestamp;

use crate::inspect::account::{Account, Recorded};
use crate::inspect::delivery::{ItemAccount, Received};
use crate::inspect::runs::{AttemptAccount, Next, RunAccount, StepAccount, StepState};

impl Account {
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![format!("{}  {}", self.endpoint, self.title())];
        lines.push(format!("  event key {}", self.event_key));
        lines.extend(self.event.iter().flat_map(Recorded::lines));
        lines.extend(self.delivery.iter().flat_map(Received::lines));
        let events = self.delivery.as_ref().map_or(&[][..], |delivery| &delivery.events);
        lines.extend(events.iter().map(|event| event.line(&self.endpoint)));
        let direct = self.direct();
        if let Some(kind) = direct {
            lines.push(format!(
                "  Direct: no job runs. The work ({kind}) was done when it came or not at all; the \
                 log says which."
            ));
        } else if self.event.is_none() && events.is_empty() {
            lines.push(
                "  No worker has taken it yet: it waits in the queue, or it was answered 503 and \
                 never queued."
                    .to_owned(),
            );
        }
        if let Some(cause) = self.event.as_ref().and_then(|event| event.ignored.as_ref()) {
            lines.push(format!("  No job runs: {cause}"));
        }
        lines.extend(self.runs.iter().flat_map(RunAccount::lines));
        lines.join("\n")
    }

    fn direct(&self) -> Option<&str> {
        self.delivery.as_ref()?.direct.as_deref()
    }

    fn title(&self) -> String {
        let several = self.delivery.as_ref().map_or(0, |delivery| delivery.events.len());
        let Some(event) = &self.event else {
            return match several {
                _ if self.direct().is_some() => "an event of a direct endpoint".to_owned(),
                0 => "not processed yet".to_owned(),
                several => format!("a request with {several} events"),
            };
        };
        let named = [&event.event_type, &event.id].into_iter().flatten().cloned();
        let title = named.collect::<Vec<_>>().join("  ");
        if title.is_empty() { "an event without a name".to_owned() } else { title }
    }
}

impl Recorded {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("  sent by {}, {}", self.provider, times(self.deliveries))];
        lines.extend(self.tenant.iter().map(|tenant| format!("  tenant {tenant}")));
        if !self.flags.is_empty() {
            lines.push(format!("  odd: {}", self.flags.join(", ")));
        }
        if !self.conflicts.is_empty() {
            let other = self.conflicts.join(", ");
            lines.push(format!("  CONFLICT: other bodies came under the same id, in {other}"));
        }
        lines
    }
}

fn times(deliveries: u64) -> String {
    match deliveries {
        1 => "one delivery".to_owned(),
        more => format!("{more} deliveries"),
    }
}

impl Received {
    fn lines(&self) -> Vec<String> {
        let Self { id, scheme, secret_id, body_bytes, object, .. } = self;
        let mut lines = vec![
            entry(self.received_at, &format!("received  {id}, {body_bytes} bytes")),
            entry(self.received_at, &format!("verified  {scheme}, secret {secret_id}")),
            entry(self.received_at, &format!("stored    {object}")),
        ];
        if self.altered {
            lines.push(
                "  ALTERED: the stored body does not have the digest that was recorded when it \
                 was received"
                    .to_owned(),
            );
        }
        lines
    }
}

impl ItemAccount {
    fn line(&self, endpoint: &str) -> String {
        let named = [&self.event_type, &self.id].into_iter().flatten().cloned();
        let named = named.collect::<Vec<_>>().join("  ");
        format!("  hookdock inspect {endpoint}/{}  {named}", self.event_key)
    }
}

impl RunAccount {
    fn lines(&self) -> Vec<String> {
        let cause = self.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        let mut lines = vec![format!("\njob {}  {}{cause}", self.job, self.state)];
        // Only the last attempts are on record; what earlier ones saved counts all the same.
        let first = self.attempts.first().map_or(0, |attempt| attempt.number);
        let before = self.steps.iter().filter(|step| step.attempt < first);
        lines.extend(before.map(StepAccount::line));
        for attempt in &self.attempts {
            lines.push(entry(attempt.started_at, &attempt.begun()));
            let own = self.steps.iter().filter(|step| step.attempt == attempt.number);
            lines.extend(own.map(StepAccount::line));
            lines.extend(attempt.ended());
        }
        lines.push(format!("  next: {}", self.next.words()));
        lines
    }
}

impl AttemptAccount {
    fn begun(&self) -> String {
        format!("attempt {}  by code {}", self.number, self.code)
    }

    fn ended(&self) -> Option<String> {
        let result = self.result?.replace('_', " ");
        let failed = match (self.error_class, &self.error_message) {
            (Some(class), Some(message)) => {
                let at = self.step.as_ref().map(|step| format!(" at step {step}"));
                format!("{}, {class}: {message}", at.unwrap_or_default())
            }
            _ => String::new(),
        };
        Some(entry(self.ended_at?, &format!("          {result}{failed}")))
    }
}

impl StepAccount {
    fn line(&self) -> String {
        let state = match self.state {
            StepState::Saved => "saved",
            StepState::Running => "under way",
            StepState::Failed => "failed",
            StepState::PutOff => "put off",
            StepState::Unfinished => "not finished when its attempt ended",
            StepState::Unlisted => "begun by an attempt that is not on record any more",
            StepState::Unknown => "UNKNOWN: begun, and nothing was reported",
        };
        let at = self.saved_at.unwrap_or(self.started_at);
        let document = self.document.as_ref().map(|name| format!(", in {name}"));
        let document = document.unwrap_or_default();
        entry(at, &format!("          step {}  {state}{document}", self.name))
    }
}

impl Next {
    fn words(self) -> String {
        match self {
            Self::Nothing => "nothing, it has ended".to_owned(),
            Self::TakeOver { from: Some(from) } => format!(
                "a worker has it; if that worker died, another takes over when its message is \
                 visible again, at {}",
                clock(from)
            ),
            Self::TakeOver { from: None } => {
                "its worker died or was stopped; the next `hookdock dev` takes over at once"
                    .to_owned()
            }
            Self::Attempt { not_before } => {
                format!("another attempt, not before {}", clock(not_before))
            }
            Self::DeadLetter { sent: true } => {
                "nothing, until its dead letter is moved back to the queue".to_owned()
            }
            Self::DeadLetter { sent: false } => "its dead letter will be sent".to_owned(),
        }
    }
}

fn entry(at: Timestamp, text: &str) -> String {
    format!("  {}  {text}", clock(at))
}

fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.%3fZ").to_string()
}
