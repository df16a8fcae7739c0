//! Zendesk's `ticket.created`: a model sorts the ticket, sums it up and drafts a reply; a channel
//! is told, and people decide.
//!
//! What the ticket says and what the model wrote are kept as documents. The ledger, the records
//! and the logs hold none of it.

mod answer;
mod papers;
mod ticket;

use std::sync::Arc;

use hookdock_pipeline::job::{Context, Failure, JobResult, Json, Outcome};
use hookdock_pipeline::ports::{Conditional, Record};
use serde::Deserialize;
use serde_json::json;

use self::papers::{Papers, Sorted};
use self::ticket::TicketId;
use crate::api::tell_slack;
use crate::settings::TriageTicket;

/// The part of Zendesk's event that a triage needs (Zendesk developer docs, "Ticket events",
/// read 2026-11).
#[derive(Debug, Deserialize)]
pub struct TicketCreated {
    detail: Detail,
}

#[derive(Debug, Deserialize)]
struct Detail {
    id: TicketId,
}

/// Four steps: the ticket is read, the model asked, the triage recorded, the channel told. The
/// model is asked once, whatever becomes of the channel.
///
/// # Errors
///
/// Zendesk, the model or Slack are unavailable.
pub async fn triage_ticket(
    cx: Context,
    settings: Arc<TriageTicket>,
    Json(event): Json<TicketCreated>,
) -> JobResult {
    let id = event.detail.id;
    let papers = Papers::of(&cx)?;
    if !read_ticket(&cx, &settings, id, &papers).await? {
        return Ok(Outcome::Ignored("the ticket is gone".to_owned()));
    }
    let sorted = ask_model(&cx, &settings, &papers).await?;
    if !record_triage(&cx, id, &sorted, &papers).await? {
        return Ok(Outcome::Ignored("another event has triaged this ticket".to_owned()));
    }
    tell_channel(&cx, &settings, id, &papers).await
}

/// `false`: Zendesk has no such ticket any more.
async fn read_ticket(
    cx: &Context,
    settings: &TriageTicket,
    id: TicketId,
    papers: &Papers<'_>,
) -> Result<bool, Failure> {
    cx.step("read-ticket", async |_| match ticket::fetch(cx, &settings.zendesk, id).await? {
        None => Ok(false),
        Some(ticket) => papers.keep_ticket(&ticket).await.map(|()| true),
    })
    .await
}

/// An answer that was kept was paid for: a worker that died before the step was saved must not
/// have it paid for again.
async fn ask_model(
    cx: &Context,
    settings: &TriageTicket,
    papers: &Papers<'_>,
) -> Result<Sorted, Failure> {
    cx.checked_step(
        "ask-model",
        async |_| papers.sorted().await,
        async |_| {
            let prompt = answer::prompt(&papers.ticket().await?, settings.tokens);
            let model = cx.model()?;
            let answer =
                cx.dependency("model").call(async || Ok(model.ask(&prompt).await?)).await?;
            papers.keep_answer(&answer).await
        },
    )
    .await
}

/// `false`: the run of another event has triaged the ticket, and tells the channel.
async fn record_triage(
    cx: &Context,
    id: TicketId,
    sorted: &Sorted,
    papers: &Papers<'_>,
) -> Result<bool, Failure> {
    let record = Record {
        collection: "triages".to_owned(),
        id: id.to_string(),
        body: json!({ "sorted": sorted, "answer": papers.answer_name().as_str() }),
    };
    Ok(cx.commit("record-triage", record).await? == Conditional::Written)
}

/// What the model is less sure of than it has to be is people's to sort.
async fn tell_channel(
    cx: &Context,
    settings: &TriageTicket,
    id: TicketId,
    papers: &Papers<'_>,
) -> JobResult {
    cx.last_step("tell-channel", async |_| {
        let link = settings.zendesk.url.join(&format!("/agent/tickets/{id}"));
        let triage = papers.triage().await?;
        let text = match triage.filter(|triage| triage.confidence >= settings.confidence) {
            Some(triage) => triage.message(&link),
            None => format!("<{link}|Ticket {id}> needs a person: the model is not sure of it."),
        };
        tell_slack(cx, &settings.slack, &text).await
    })
    .await
}
