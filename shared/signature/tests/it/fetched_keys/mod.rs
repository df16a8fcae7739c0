//! Providers whose keys are fetched, with keys that are made here.

#![cfg(feature = "public-key")]

mod by_id;
mod certificates;
mod made;
mod scene;
mod tokens;

use serde_json::Value;

const NOW: i64 = 1_800_000_000_000;
const NOW_SECONDS: i64 = NOW / 1000;
const KID: &str = "key-1";

/// Signed by another program: AWS-LC verifies under SHA-1 and does not sign.
fn under_sha1() -> Value {
    serde_json::from_str(include_str!("sha1.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
