//! Rows for a terminal: columns that fit 80 characters, a word and a symbol for each state.

use hookdock_console::RefusedRequest;
use hookdock_operate::{Dead, EndpointAccount, Event, Page, State, Status};

use super::look::Look;
use crate::output::safe;

/// How wide a table is where nothing says so.
const WIDTH: usize = 80;

/// How much a column may be shortened.
const LEAST: usize = 8;

/// Columns with a head. Those named in `elastic` are shortened where the table is too wide.
pub(super) fn table(head: &[&str], rows: &[Vec<String>], elastic: &[usize], look: Look) -> String {
    let length = |text: &str| text.chars().count();
    let mut widths: Vec<usize> = head.iter().map(|name| length(name)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(length(cell));
        }
    }
    while !look.wide && widths.iter().sum::<usize>() + 2 * widths.len() > WIDTH + 2 {
        let widest = elastic.iter().max_by_key(|column| widths.get(**column));
        match widest.and_then(|column| widths.get_mut(*column)).filter(|width| **width > LEAST) {
            Some(width) => *width = width.saturating_sub(1),
            None => break,
        }
    }
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| {
            let text = look.shortened(cell, *width);
            let gap = " ".repeat(width.saturating_sub(length(&text)));
            format!("{}{gap}", coloured(&text, look))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    std::iter::once(&head).chain(rows).map(|row| line(row)).collect::<Vec<_>>().join("\n")
}

/// A cell that is a state has its colour.
fn coloured(text: &str, look: Look) -> String {
    let states = State::names();
    let mut states = states.split(", ").filter_map(State::named);
    match states.find(|state| look.words(*state) == text) {
        Some(state) => look.coloured(text, look.sign(state).colour),
        None => text.to_owned(),
    }
}

/// A page of events.
pub(crate) fn events(events: &[Event], look: Look) -> String {
    let rows: Vec<Vec<String>> = events.iter().map(|event| row(event, look)).collect();
    table(&["TIME", "STATE", "ENDPOINT", "TYPE", "ID", "TRIES"], &rows, &[2, 3, 4], look)
}

fn row(event: &Event, look: Look) -> Vec<String> {
    let tries = event.runs.iter().map(|run| run.attempts_counted).max();
    vec![
        event.received_at.map(|at| look.time(at)).unwrap_or_default(),
        look.words(event.state),
        safe(&event.endpoint),
        safe(event.event_type.as_deref().unwrap_or("-")),
        safe(event.id.as_deref().unwrap_or_else(|| event.name())),
        tries.map_or_else(|| "-".to_owned(), |tries| tries.to_string()),
    ]
}

/// How far a page looked.
pub(crate) fn looked(page: &Page<Event>, command: &str, look: Look) -> String {
    let (found, names) = (page.items.len(), page.looked.names);
    let (from, to) = (look.time(page.looked.from), look.time(page.looked.to));
    match &page.next {
        Some(cursor) => {
            format!("{found} of the newest {names} looked at. Next: {command} --cursor {cursor}")
        }
        None => format!("{found} from {from} to {to}; {names} looked at, and that is all"),
    }
}

/// Dead runs in groups.
pub(crate) fn dead(dead: &Dead, by: &str, look: Look) -> String {
    let keys: Vec<&str> = by.split(',').collect();
    let heads: Vec<String> = keys.iter().map(|key| key.to_uppercase()).collect();
    let head: Vec<&str> = ["RUNS", "SINCE"]
        .into_iter()
        .chain(heads.iter().map(String::as_str))
        .chain(["LAST MESSAGE"])
        .collect();
    let rows: Vec<Vec<String>> = dead
        .groups
        .iter()
        .map(|group| {
            let values =
                keys.iter().map(|key| group.by.get(*key).map_or_else(String::new, |v| safe(v)));
            let message = safe(group.last_message.as_deref().unwrap_or("-"));
            let first = [group.runs.to_string(), look.time(group.since)];
            first.into_iter().chain(values).chain([message]).collect()
        })
        .collect();
    let elastic: Vec<usize> = (2..head.len()).collect();
    table(&head, &rows, &elastic, look)
}

/// The endpoints.
pub(crate) fn endpoints(endpoints: &[EndpointAccount], look: Look) -> String {
    let rows: Vec<Vec<String>> = endpoints
        .iter()
        .map(|endpoint| {
            let configured = endpoint.configured.as_ref();
            let said = |field: fn(&hookdock_operate::Configured) -> &str| {
                configured.map_or_else(|| "-".to_owned(), |configured| safe(field(configured)))
            };
            vec![
                safe(&endpoint.endpoint),
                said(|configured| &configured.provider),
                said(|configured| &configured.trust),
                said(|configured| &configured.path),
                endpoint.last_delivery.map_or_else(|| "-".to_owned(), |at| look.time(at)),
            ]
        })
        .collect();
    table(&["ENDPOINT", "PROVIDER", "TRUST", "URL", "LAST DELIVERY"], &rows, &[1, 3], look)
}

/// How the place is.
pub(crate) fn status(status: &Status, look: Look) -> String {
    let said = match &status.problems[..] {
        [] => "all is well".to_owned(),
        problems => format!("UNHEALTHY: {}", problems.join(", ")),
    };
    let newest = status.newest_dead.map(|at| format!(", the newest from {}", look.time(at)));
    [
        format!("{}  {said}", safe(&status.place)),
        format!(
            "  queue         {} visible, {} with a worker or put off",
            status.visible, status.hidden
        ),
        format!("  runs          {} retrying, {} waiting", status.retrying, status.waiting),
        format!("  dead          {} runs{}", status.dead, newest.unwrap_or_default()),
        format!("  dismissed     {} runs", status.dismissed),
        format!(
            "  dead letters  {} in the queue, {} without a run",
            status.dead_letters, status.dead_letters_without_run
        ),
    ]
    .join("\n")
}

/// The requests that were refused.
pub(crate) fn refused(refused: &[RefusedRequest], look: Look) -> String {
    let rows: Vec<Vec<String>> = refused
        .iter()
        .map(|one| {
            let explained = if one.kept { "yes" } else { "no" };
            let (number, status) = (one.number.to_string(), one.status.to_string());
            let (path, code) = (safe(&one.path), safe(&one.code));
            vec![
                number,
                look.time(one.at),
                safe(&one.method),
                path,
                status,
                code,
                explained.to_owned(),
            ]
        })
        .collect();
    table(&["NO", "TIME", "METHOD", "PATH", "STATUS", "REASON", "WHOLE"], &rows, &[3, 5], look)
}
