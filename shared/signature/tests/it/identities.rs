//! The id and the type of an event are found in a request of every provider that states them.

use std::collections::{BTreeMap, BTreeSet};

use hookdock_signature::{Headers, Request, Selector, catalog};
use serde::Deserialize;

/// A request with no more in it than what is looked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    provider: String,
    headers: BTreeMap<String, String>,
    body: String,
    id: Option<String>,
    r#type: Option<String>,
}

#[test]
fn every_provider_has_its_ids_and_types_found() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("identities.json")).unwrap();
    for row in &rows {
        let provider = catalog::find(&row.provider).unwrap();
        let headers: Headers = row.headers.clone().into_iter().collect();
        let body = row.body.as_bytes();
        let request = Request { method: "POST", url: "/", headers: &headers, body };
        let select = |selector: Option<&Selector>| {
            selector
                .and_then(|selector| selector.select(&request).unwrap())
                .map(|found| found.value)
        };
        assert_eq!(select(provider.event_id()), row.id, "{}", row.provider);
        assert_eq!(select(provider.event_type()), row.r#type, "{}", row.provider);
    }
    let tested: BTreeSet<&str> = rows.iter().map(|row| &*row.provider).collect();
    for id in catalog::ids() {
        let provider = catalog::find(id).unwrap();
        let states = provider.event_id().is_some() || provider.event_type().is_some();
        assert_eq!(states, tested.contains(id), "{id}");
    }
}
