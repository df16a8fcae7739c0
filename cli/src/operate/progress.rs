//! Operations on many, as a person reads them.

use std::collections::BTreeMap;

use hookdock_operate::{Phase, Progress, ReportLine};

use super::look::Look;
use super::table::table;
use crate::output::safe;

/// One operation: what it is about, and how far it is.
pub(super) fn progress(progress: &Progress, look: Look) -> String {
    let plan = &progress.plan;
    let mut lines = vec![
        format!("{}  replay, {}   place: {}", plan.id, said(progress), safe(&plan.place)),
        format!("  by        {}: {}", safe(&plan.actor), safe(&plan.reason)),
        format!("  mode      {}, {} effect keys", mode(progress), lower(&plan.effects)),
        format!(
            "  items     {}{}{}",
            plan.items,
            span(progress, look),
            some(" of ", &plan.endpoints)
        ),
    ];
    lines.extend(full("states", &plan.states));
    lines.extend(full("left out", &plan.left_out));
    let outcomes = outcomes(progress);
    if progress.phase != Phase::Planned {
        let (open, left) = (progress.open, progress.left);
        lines.push(format!("  so far    {outcomes}{open} under way, {left} left"));
    }
    lines.join("\n")
}

/// The same while it goes on.
pub(super) fn line(progress: &Progress) -> String {
    let (open, left) = (progress.open, progress.left);
    format!("{}  {}{open} under way, {left} left", said(progress), outcomes(progress))
}

/// Several.
pub(super) fn operations(all: &[Progress], look: Look) -> String {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|progress| {
            let plan = &progress.plan;
            let (items, left) = (plan.items.to_string(), progress.left.to_string());
            let words = [plan.id.clone(), look.time(plan.at), progress.phase.name().to_owned()];
            let who = [safe(&plan.actor), safe(&plan.reason)];
            words.into_iter().chain([items, left]).chain(who).collect()
        })
        .collect();
    table(&["OPERATION", "MADE", "PHASE", "ITEMS", "LEFT", "BY", "WHY"], &rows, &[5, 6], look)
}

/// What became of each item.
pub(super) fn report(all: &[ReportLine], look: Look) -> String {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|line| {
            let job = line.job.as_deref().unwrap_or("-");
            let event = format!("{}/{}", safe(&line.endpoint), safe(&line.key));
            vec![line.item.to_string(), line.outcome.name(), safe(job), event]
        })
        .collect();
    table(&["ITEM", "OUTCOME", "JOB", "EVENT"], &rows, &[3], look)
}

fn said(progress: &Progress) -> String {
    match (progress.phase, &progress.why) {
        (Phase::Planned, _) => "planned, nothing has run".to_owned(),
        (phase, Some(why)) => format!("{}: {}", phase.name(), safe(why)),
        (Phase::Canary | Phase::Running, None) if progress.driven_until.is_none() => {
            format!("{}, but its driver is gone", progress.phase.name())
        }
        (phase, None) => phase.name().to_owned(),
    }
}

fn mode(progress: &Progress) -> &'static str {
    use hookdock_pipeline::model::restart::Mode;
    match progress.plan.mode {
        Mode::Resume => "resume: finished steps stay finished",
        Mode::StartOver => "start over: all steps again",
        Mode::Again => "again: all steps, also of runs that are done",
    }
}

fn lower(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

fn span(progress: &Progress, look: Look) -> String {
    match (progress.plan.from, progress.plan.to) {
        (Some(from), Some(to)) => format!(", received {} to {}", look.time(from), look.time(to)),
        _ => String::new(),
    }
}

fn outcomes(progress: &Progress) -> String {
    let outcomes = progress.outcomes.iter();
    outcomes.map(|(outcome, count)| format!("{count} {}, ", outcome.name())).collect()
}

fn some(before: &str, counts: &BTreeMap<String, u64>) -> String {
    let counts = counts.iter().map(|(name, count)| format!("{} ({count})", safe(name)));
    let counts = counts.collect::<Vec<_>>().join(", ");
    if counts.is_empty() { counts } else { format!("{before}{counts}") }
}

fn full(head: &str, counts: &BTreeMap<String, u64>) -> Option<String> {
    (!counts.is_empty()).then(|| format!("  {head:9} {}", some("", counts)))
}
