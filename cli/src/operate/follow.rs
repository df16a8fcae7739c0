//! A delivery that is followed until its events have ended.

use std::time::Duration;

use bytes::Bytes;
use hookdock_embedded::SystemClock;
use hookdock_operate::{Event, State};
use hookdock_pipeline::model::system::System as _;

use super::account;
use super::common::Common;
use super::place::Api;
use super::select::{Span, query};
use super::views::name;

/// How often it is looked.
const EACH: Duration = Duration::from_millis(200);

/// Shows each event of the delivery once it has ended, or as it is when the time is over. Answers
/// whether all of them are done.
pub(crate) async fn follow(
    common: &Common,
    api: &Api,
    endpoint: &str,
    delivery: &str,
    within: Span,
) -> anyhow::Result<bool> {
    let until = SystemClock.now().plus(Duration::from_secs(within.seconds().into()));
    let (_, event) = read(api, endpoint, delivery).await?;
    let items = event.delivery.map(|delivery| delivery.events).unwrap_or_default();
    let names: Vec<String> = match &items[..] {
        [] => vec![delivery.to_owned()],
        items => items.iter().map(|item| item.event_key.clone()).collect(),
    };
    let mut all_done = true;
    for named in names {
        let (mut answer, mut event) = read(api, endpoint, &named).await?;
        while !has_ended(event.state) && SystemClock.now() < until {
            SystemClock.sleep(EACH).await;
            (answer, event) = read(api, endpoint, &named).await?;
        }
        common.print(&answer, account::text, |event| vec![name(event)])?;
        if !has_ended(event.state) {
            common.say(&format!("It has not ended after {} s.", within.seconds()));
        }
        all_done &= event.state == State::Done;
    }
    Ok(all_done)
}

async fn read(api: &Api, endpoint: &str, named: &str) -> anyhow::Result<(Bytes, Event)> {
    let answer = api.get(&query(&format!("/events/{endpoint}/{named}"), &[])).await?;
    let event = serde_json::from_slice(&answer)?;
    Ok((answer, event))
}

fn has_ended(state: State) -> bool {
    match state {
        State::Done | State::Ignored | State::Dead | State::Dismissed | State::Direct => true,
        State::Forgotten | State::Queued | State::Running | State::LeaseOver => false,
        State::Retrying | State::Waiting => false,
    }
}
