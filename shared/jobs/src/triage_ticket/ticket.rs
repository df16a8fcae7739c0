//! A ticket, as Zendesk has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use derive_more::Display;
use hookdock_pipeline::job::{Context, ErrorClass, Failure, accepted};
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::api::{secret, unfit};
use crate::settings::Zendesk;

const ACTION: &str = "read the ticket from Zendesk";

/// The number of a ticket. In events it is a text; nothing but a number gets into a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Display)]
#[serde(try_from = "String")]
pub(super) struct TicketId(u64);

/// What a ticket says ("Tickets", Zendesk API reference, read 2026-11).
#[derive(Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) subject: Option<String>,
    pub(super) description: Option<String>,
}

#[derive(Deserialize)]
struct Shown {
    ticket: Ticket,
}

/// The ticket. `None`: it has been deleted.
pub(super) async fn fetch(
    cx: &Context,
    zendesk: &Zendesk,
    id: TicketId,
) -> Result<Option<Ticket>, Failure> {
    let credentials = format!("{}/token:{}", zendesk.user, zendesk.token.reveal());
    let basic = secret(&format!("Basic {}", STANDARD.encode(credentials)))?;
    let request = Request::get(zendesk.url.join(&format!("/api/v2/tickets/{id}.json")))
        .header(AUTHORIZATION, basic)
        .body(Bytes::new())
        .map_err(|_| unfit("the request"))?;
    let web = cx.web()?;
    let body = zendesk.dependency(cx).call(async || found(web.call(request).await?));
    let Some(body) = body.await? else {
        return Ok(None);
    };
    // The parser's own message can quote the ticket.
    let shown: Shown = serde_json::from_slice(&body).map_err(|_| {
        Failure::transient(ErrorClass::Refused, "Zendesk's answer is not a ticket as documented")
    })?;
    Ok(Some(shown.ticket))
}

fn found(answer: Response<Bytes>) -> Result<Option<Bytes>, Failure> {
    match answer.status() {
        StatusCode::NOT_FOUND => Ok(None),
        _ => accepted(ACTION, answer).map(Some),
    }
}

impl TryFrom<String> for TicketId {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}
