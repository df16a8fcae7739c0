//! What `lambda_http` makes of the events of API Gateway, beside what ingest makes of them.

#![expect(clippy::expect_used, reason = "a test stops where something is not as it should be")]

mod conversion;
mod failure;
#[expect(clippy::disallowed_methods, clippy::panic, reason = "as in the benchmark")]
#[path = "../../../lambda.rs"]
mod lambda;

use serde_json::Value;

/// An event of API Gateway (payload format 2.0), with some of its fields changed.
fn event(changes: &[(&str, Value)]) -> String {
    let event = include_str!("../../../../../infra/events/ingest-github.json");
    let mut event: Value = serde_json::from_str(event).expect("JSON");
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = event.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        parent.insert(name.to_owned(), value.clone());
    }
    event.to_string()
}
