//! An event as a person reads it: first what it is, then what happened, in order of time.

use hookdock_operate::{
    AttemptAccount, Event, ItemAccount, Next, Received, RunAccount, State, StepAccount, StepState,
};
use jiff::Timestamp;

use super::look::Look;
use crate::output::safe_lines;

/// The account of an event.
pub(crate) fn text(event: &Event, look: Look) -> String {
    let mut lines = vec![format!("{}  {}", event.endpoint, title(event))];
    lines.push(format!("  event key {}", event.key));
    if event.deliveries > 0 {
        lines.extend(recorded(event));
    }
    lines.extend(event.delivery.iter().flat_map(|delivery| received(delivery, look)));
    let events = event.delivery.as_ref().map_or(&[][..], |delivery| &delivery.events);
    lines.extend(events.iter().map(|item| item_line(item, &event.endpoint)));
    lines.extend(no_runs(event, events.len()));
    lines.extend(event.runs.iter().flat_map(|own| run(own, look)));
    safe_lines(&lines.join("\n"))
}

fn no_runs(event: &Event, events: usize) -> Option<String> {
    let direct = event.delivery.as_ref().and_then(|delivery| delivery.direct.as_deref());
    Some(match (direct, &event.ignored) {
        (Some(kind), _) => format!(
            "  Direct: no job runs. The work ({kind}) was done when it came or not at all; the log \
             says which."
        ),
        (None, Some(cause)) => format!("  No job runs: {cause}"),
        (None, None) if event.state == State::Forgotten => {
            "  Whether it ran is not known: its record's life of 30 days is over.".to_owned()
        }
        (None, None) if event.deliveries == 0 && events == 0 => {
            "  No worker has taken it yet: it waits in the queue, or it was answered 503 and never \
             queued."
                .to_owned()
        }
        (None, None) => return None,
    })
}

fn title(event: &Event) -> String {
    let delivery = event.delivery.as_ref();
    let several = delivery.map_or(0, |delivery| delivery.events.len());
    if event.deliveries == 0 {
        return match several {
            _ if event.state == State::Direct => "an event of a direct endpoint".to_owned(),
            0 => "not processed yet".to_owned(),
            several => format!("a request with {several} events"),
        };
    }
    let named = [&event.event_type, &event.id].into_iter().flatten().cloned();
    let title = named.collect::<Vec<_>>().join("  ");
    if title.is_empty() { "an event without a name".to_owned() } else { title }
}

fn recorded(event: &Event) -> Vec<String> {
    let times = match event.deliveries {
        1 => "one delivery".to_owned(),
        more => format!("{more} deliveries"),
    };
    let provider = event.provider.as_deref().unwrap_or_default();
    let mut lines = vec![format!("  sent by {provider}, {times}")];
    lines.extend(event.tenant.iter().map(|tenant| format!("  tenant {tenant}")));
    if !event.flags.is_empty() {
        lines.push(format!("  odd: {}", event.flags.join(", ")));
    }
    if !event.conflicts.is_empty() {
        let other = event.conflicts.join(", ");
        lines.push(format!("  CONFLICT: other bodies came under the same id, in {other}"));
    }
    lines
}

fn received(delivery: &Received, look: Look) -> Vec<String> {
    let Received { id, scheme, secret_id, body_bytes, object, received_at, .. } = delivery;
    let mut lines = vec![
        entry(look, *received_at, &format!("received  {id}, {body_bytes} bytes")),
        entry(look, *received_at, &format!("verified  {scheme}, secret {secret_id}")),
        entry(look, *received_at, &format!("stored    {object}")),
    ];
    if delivery.altered {
        lines.push(
            "  ALTERED: the stored body does not have the digest that was recorded when it was \
             received"
                .to_owned(),
        );
    }
    lines
}

fn item_line(item: &ItemAccount, endpoint: &str) -> String {
    let named = [&item.event_type, &item.id].into_iter().flatten().cloned();
    let named = named.collect::<Vec<_>>().join("  ");
    format!("  hookdock show {endpoint}/{}  {named}", item.event_key)
}

fn run(run: &RunAccount, look: Look) -> Vec<String> {
    let cause = run.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
    let mut lines = vec![format!("\njob {}  {}{cause}", run.job, look.words(run.state))];
    lines.extend(run.dismissed.iter().map(|who| format!("  set aside by {who}")));
    // Only the last attempts are on record; what earlier ones saved counts all the same.
    let first = run.attempts.first().map_or(0, |attempt| attempt.number);
    lines.extend(run.steps.iter().filter(|step| step.attempt < first).map(|own| step(own, look)));
    for attempt in &run.attempts {
        let begun = format!("attempt {}  by code {}", attempt.number, attempt.code);
        lines.push(entry(look, attempt.started_at, &begun));
        let own = run.steps.iter().filter(|step| step.attempt == attempt.number);
        lines.extend(own.map(|own| step(own, look)));
        lines.extend(ended(attempt, look));
    }
    lines.push(format!("  next: {}", next(run.next, look)));
    lines
}

fn ended(attempt: &AttemptAccount, look: Look) -> Option<String> {
    let result = attempt.result.as_ref()?.replace('_', " ");
    let failed = match (&attempt.error_class, &attempt.error_message) {
        (Some(class), Some(message)) => {
            let at = attempt.step.as_ref().map(|step| format!(" at step {step}"));
            format!("{}, {class}: {message}", at.unwrap_or_default())
        }
        _ => String::new(),
    };
    Some(entry(look, attempt.ended_at?, &format!("          {result}{failed}")))
}

fn step(step: &StepAccount, look: Look) -> String {
    let state = match step.state {
        StepState::Saved => "saved",
        StepState::Running => "under way",
        StepState::Failed => "failed",
        StepState::PutOff => "put off",
        StepState::Unfinished => "not finished when its attempt ended",
        StepState::Unlisted => "begun by an attempt that is not on record any more",
        StepState::Unknown => "UNKNOWN: begun, and nothing was reported",
    };
    let at = step.saved_at.unwrap_or(step.started_at);
    let document = step.document.as_ref().map(|name| format!(", in {name}"));
    let document = document.unwrap_or_default();
    entry(look, at, &format!("          step {}  {state}{document}", step.name))
}

fn next(next: Next, look: Look) -> String {
    match next {
        Next::Nothing => "nothing, it has ended".to_owned(),
        Next::TakeOver { from } => {
            let at = look.exact(from);
            format!(
                "a worker has it; if that worker died, another takes over when its message is \
                 visible again, at {at}"
            )
        }
        Next::Attempt { not_before } => {
            format!("another attempt, not before {}", look.exact(not_before))
        }
        Next::Restored => "nothing, until it is restored: hookdock dead restore".to_owned(),
        Next::DeadLetter { sent: true } => {
            "nothing, until somebody acts: hookdock retry".to_owned()
        }
        Next::DeadLetter { sent: false } => "its dead letter will be sent".to_owned(),
    }
}

fn entry(look: Look, at: Timestamp, text: &str) -> String {
    format!("  {}  {text}", look.exact(at))
}
