//! Messages are sent, hidden, counted and given up.

use std::time::Duration;

use hookdock_pipeline::delivery::part::{Item, Part};
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::model::names::BodyDigest;
use hookdock_pipeline::ports::{MOST_AT_ONCE, Messages as _, WorkQueue as _};

use crate::contract::{Bench, Seen, seal};
use crate::requests::Draft;

/// A reference that is sent is received; put off, it is hidden for that long and counted again;
/// a dead letter keeps its body and its attributes.
pub async fn queue<B: Bench>(bench: &B) {
    let sealed = seal(&Draft::order("acme", "acme secret"), 1).await;
    bench.queue().send(&sealed).await.expect("sent");
    let first = only(bench.receive().await);
    assert_eq!(first.body, sealed.message());
    assert_eq!(first.attributes["endpoint"], "orders");
    assert_eq!(first.attributes["event_type"], "orders/create");
    assert_eq!(first.receives, 1);
    assert_eq!(bench.receive().await, [], "a message that was handed out is hidden");

    let second = Duration::from_secs(1);
    bench.messages().change_visibility(&first.receipt, second).await.expect("put off");
    assert_eq!(bench.receive().await, [], "a message that was put off is hidden");
    bench.wait(second + Duration::from_millis(200)).await;
    assert_eq!(only(bench.receive().await).receives, 2);

    let dead_letter = DeadLetter {
        body: "caf\u{e9}".to_owned(),
        attributes: vec![("reason", "bad_reference".to_owned()), ("job", "a_job".to_owned())],
    };
    bench.messages().dead_letter(&dead_letter).await.expect("dead_lettered");
    let dead_lettered = only(bench.dead_letters().await);
    assert_eq!(dead_lettered.body, dead_letter.body);
    assert_eq!(dead_lettered.attributes["reason"], "bad_reference");
    assert_eq!(dead_lettered.attributes["job"], "a_job");
}

/// References to items are received like any other, all of them, each with its own attributes.
pub async fn items<B: Bench>(bench: &B) {
    let batch = seal(&Draft::order("acme", "acme secret"), 1).await.into_reference();
    let item = |number: usize| Reference {
        event_type: Some(format!("type {number}").parse().expect("a type")),
        tenant: batch.tenant.clone().filter(|_| number.is_multiple_of(2)),
        part: Part::Item(Item {
            form: None,
            pointer: format!("/{number}"),
            sha256: BodyDigest::of(&[]),
        }),
        ..batch.clone()
    };
    let items: Vec<Reference> = (0..MOST_AT_ONCE).map(item).collect();
    let trace = Some("Root=1-5759e988-bd862e3fe1be46a994272793");
    let refused = bench.messages().send_items(&items, trace).await.expect("an answer");
    assert_eq!(refused, [0_usize; 0]);
    assert!(bench.messages().send_items(&items[..1], None).await.expect("an answer").is_empty());

    let mut seen = Vec::new();
    while seen.len() < items.len() + 1 {
        let more = bench.receive().await;
        assert!(!more.is_empty(), "{} are missing", items.len() + 1 - seen.len());
        seen.extend(more);
    }
    for item in &items {
        let body = item.to_json().expect("a reference");
        let found = seen.iter().find(|seen| seen.body == body).expect("each is there");
        let event_type = item.event_type.as_ref().expect("each has one").as_str();
        assert_eq!(found.attributes["event_type"], event_type);
        assert_eq!(found.attributes["endpoint"], "orders");
    }
}

fn only(mut seen: Vec<Seen>) -> Seen {
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}
