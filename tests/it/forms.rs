//! What is stored is read for as long as it is kept: each form has a sample, made by the code of
//! its version, and every later version of the code is judged by it.

use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ledger::{EventRecord, RunItem};
use hookdock_pipeline::ports::CellItem;
use serde_json::Value;

/// The sample is read, and written as it was.
fn check(sample: &str, rewritten: impl Fn(&str) -> Value) {
    let value: Value = serde_json::from_str(sample).expect("JSON");
    assert_eq!(value["version"], 1, "the first version");
    assert_eq!(rewritten(sample), value);
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("JSON")
}

#[test]
fn a_stored_delivery_is_read_as_it_was_written() {
    check(include_str!("forms/delivery.v1.json"), |text| {
        json(&StoredDelivery::parse(text.as_bytes()).expect("a delivery"))
    });
}

#[test]
fn a_reference_is_read_as_it_was_written() {
    check(include_str!("forms/reference.v1.json"), |text| {
        json(&Reference::parse(text).expect("a reference"))
    });
}

#[test]
fn the_record_of_an_event_is_read_as_it_was_written() {
    check(include_str!("forms/event.v1.json"), |text| {
        let record: EventRecord = serde_json::from_str(text).expect("a record");
        json(&record.known().expect("of this version"))
    });
}

#[test]
fn a_run_is_read_as_it_was_written() {
    check(include_str!("forms/run.v1.json"), |text| {
        let item: RunItem = serde_json::from_str(text).expect("a run");
        json(&RunItem::from(&item.known().expect("of this version")))
    });
}

#[test]
fn a_cell_is_read_as_it_was_written() {
    check(include_str!("forms/cell.v1.json"), |text| {
        let item: CellItem = serde_json::from_str(text).expect("a cell");
        json(&CellItem::from(&item.read("read the cell").expect("of this version")))
    });
}

#[test]
fn the_sample_of_the_processor_is_a_batch_of_references() {
    let event: Value =
        serde_json::from_str(include_str!("../../infra/events/processor-push.json")).expect("JSON");
    for record in event["Records"].as_array().expect("records") {
        let body = record["body"].as_str().expect("a body");
        assert_eq!(Reference::parse(body).expect("a reference").to_json().expect("JSON"), body);
    }
}
