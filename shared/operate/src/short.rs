//! Names that are shortened: any beginning of eight characters or more that only one event has.

use hookdock_pipeline::model::names::TenantId;
use hookdock_pipeline::model::system::System;

use crate::account::Event;
use crate::name::{Name, Target};
use crate::operator::Operator;
use crate::page::Paging;
use crate::ports::Place;
use crate::selection::Filters;
use crate::trouble::{Code, Trouble};

/// How long a beginning is at the least.
const LEAST: usize = 8;

/// How many of an endpoint's newest events are looked at.
const NEWEST: usize = 1000;

/// How many candidates are named.
const SHOWN: usize = 5;

impl<P: Place, S: System> Operator<P, S> {
    /// The one of the endpoint's newest events that has a name that begins so.
    pub(crate) async fn begins(
        &self,
        target: &Target,
        tenant: Option<&TenantId>,
    ) -> Result<Option<Target>, Trouble> {
        let text = target.name.to_string();
        if text.len() < LEAST {
            return Ok(None);
        }
        let selection = Filters {
            endpoint: Some(target.endpoint.to_string()),
            tenant: tenant.map(ToString::to_string),
            ..Filters::default()
        };
        let paging = Paging { limit: NEWEST, ..Paging::default() };
        let newest = self.list(&selection.check()?, &paging).await?;
        let found: Vec<&Event> =
            newest.items.iter().filter(|event| is_named(event, &text)).collect();
        match &found[..] {
            [] => Ok(None),
            [event] => Ok(Some(Target { name: Name::Key(event.key.parse()?), ..target.clone() })),
            several => Err(ambiguous(target, several)),
        }
    }
}

fn is_named(event: &Event, beginning: &str) -> bool {
    let names = [event.id.as_ref(), event.first_delivery.as_ref(), Some(&event.key)];
    names.into_iter().flatten().any(|name| name.starts_with(beginning))
}

fn ambiguous(target: &Target, several: &[&Event]) -> Trouble {
    let names = several.iter().take(SHOWN).map(|event| {
        format!("{}/{}", event.endpoint, event.id.as_deref().unwrap_or_else(|| event.name()))
    });
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if several.len() > SHOWN { ", and more" } else { "" };
    let count = several.len();
    let why = format!("{count} of the newest events begin so: {names}{more}");
    Trouble::new(Code::AmbiguousId, format!("{target} can mean several events"), why)
        .next("write more of the id")
}
