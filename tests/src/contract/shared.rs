//! What runs share and what jobs keep, each in its scope.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use hookdock_pipeline::model::names::CellTag;
use hookdock_pipeline::model::scope::Scope;
use hookdock_pipeline::ports::{Cell, Cells as _, Conditional, Document, DocumentName};
use serde_json::json;

use crate::contract::{Bench, one_wins, record};
use crate::stack::{START, scope};

/// A cell is written by one of those who saw the same in it, and the others are told what it holds.
pub async fn cells<B: Bench>(bench: &B) {
    let ledger = bench.ledger();
    let job = "sync_customer".parse().expect("a name");
    let entity = |id| Scope::SHARED.entity_cell(&job, id);
    let (name, other) = (entity("1"), entity("2"));
    let read = async |name| ledger.cell(name).await.expect("an answer");
    assert_eq!(read(&name).await, None);

    let cells: Vec<Cell> = (1..=10).map(cell).collect();
    let swaps = join_all(cells.iter().map(|to| ledger.swap(&name, None, to))).await;
    let (won, told) = one_wins(swaps);
    assert_eq!(told, vec![Some(cells[won].clone()); 9]);
    assert_eq!(read(&name).await.as_ref(), Some(&cells[won]));
    assert_eq!(read(&other).await, None, "cells are apart");

    let (first, wrong, next) = (&cells[won].tag, cell(12).tag, cell(11));
    let swap = async |from, to| ledger.swap(&name, from, to).await.expect("an answer");
    assert_eq!(swap(Some(&wrong), &next).await, Conditional::Refused(Some(cells[won].clone())));
    assert_eq!(swap(Some(first), &next).await, Conditional::Written);
    let again = "a write whose answer got lost may be made again";
    assert_eq!(swap(Some(first), &next).await, Conditional::Written, "{again}");
    assert_eq!(swap(Some(first), &cell(13)).await, Conditional::Refused(Some(next.clone())));
    assert_eq!(read(&name).await, Some(next.clone()), "its time is over, and it is still there");
    let missing = ledger.swap(&other, Some(first), &next).await.expect("an answer");
    assert_eq!(missing, Conditional::Refused(None));
}

/// A business record is written by one only, and the others are told what is there.
pub async fn records<B: Bench>(bench: &B) {
    let records = &bench.effects().records;
    assert_eq!(records.get("orders", "1").await.expect("an answer"), None);
    let bodies = (0..10).map(|number| json!({ "number": number, "lines": [1.5, null, "x"] }));
    let bodies: Vec<_> = bodies.collect();
    let inserts = bodies.iter().map(|body| records.insert(record("orders", "1", body)));
    let (won, told) = one_wins(join_all(inserts).await);
    assert_eq!(told, vec![bodies[won].clone(); 9]);
    let there = records.get("orders", "1").await.expect("an answer");
    assert_eq!(there.as_ref(), Some(&bodies[won]));
    let elsewhere = records.insert(record("invoices", "1", &json!("x"))).await;
    assert_eq!(elsewhere.expect("an answer"), Conditional::Written, "collections are apart");
}

/// A document is kept by one only, byte for byte, and stays as it is.
pub async fn documents<B: Bench>(bench: &B) {
    let documents = bench.documents();
    let invoice = |id| DocumentName::of(Scope::SHARED, "invoices", id, "txt");
    let name = invoice("order 1");
    let read = async |name| documents.read(name).await.expect("an answer");
    assert_eq!(read(&name).await, None);
    let document = |number: u8| Document {
        name: name.clone(),
        content_type: "text/plain",
        body: Bytes::from(vec![number, 0x00, 0xff]),
    };
    let kept = join_all((0..10).map(|number| documents.keep(document(number)))).await;
    let (won, _) = one_wins(kept);
    let winner = u8::try_from(won).expect("a small number");
    assert_eq!(read(&name).await, Some(document(winner).body));
    assert_eq!(read(&invoice("order 2")).await, None);
}

/// What has one id in several scopes is several things, each as it was written.
pub async fn scopes<B: Bench>(bench: &B) {
    let (ledger, documents) = (bench.ledger(), bench.documents());
    let records = &bench.effects().records;
    let (job, crm) = ("sync".parse().expect("a name"), "crm".parse().expect("a name"));
    let a = scope("stripe", Some("a"));
    let others = [scope("stripe", Some("b")), scope("stripe", None), scope("shop", Some("a"))];
    let all = [a].into_iter().chain(others).chain([Scope::Shared]);
    let all: Vec<(u8, Scope)> = (1..).zip(all).collect();
    let invoice = |scope| DocumentName::of(scope, "invoices", "1", "txt");
    let cells = |scope: &Scope| [scope.entity_cell(&job, "1"), scope.breaker_cell(&crm, "1")];
    for (number, scope) in &all {
        let inserted = records.insert(record("orders", &scope.key("1"), &json!(number))).await;
        assert_eq!(inserted.expect("an answer"), Conditional::Written, "{scope:?}");
        let body = Bytes::from(vec![*number]);
        let document = Document { name: invoice(scope), content_type: "text/plain", body };
        let kept = documents.keep(document).await;
        assert_eq!(kept.expect("an answer"), Conditional::Written, "{scope:?}");
        for name in cells(scope) {
            let swapped = ledger.swap(&name, None, &cell((*number).into())).await;
            assert_eq!(swapped.expect("an answer"), Conditional::Written, "{scope:?}");
        }
    }
    for (number, scope) in &all {
        let found = records.get("orders", &scope.key("1")).await.expect("an answer");
        assert_eq!(found, Some(json!(number)), "{scope:?}");
        let found = documents.read(&invoice(scope)).await.expect("an answer");
        assert_eq!(found.as_deref(), Some(&[*number][..]), "{scope:?}");
        for name in cells(scope) {
            let found = ledger.cell(&name).await.expect("an answer");
            assert_eq!(found, Some(cell((*number).into())), "{scope:?}");
        }
    }
}

/// Its life is over: that is nothing to the store.
fn cell(number: u128) -> Cell {
    Cell {
        tag: CellTag::new(number),
        value: format!(r#"{{"version":1,"note":"café {number}"}}"#),
        expires_at: START.minus(Duration::from_secs(60)).to_seconds(),
    }
}
