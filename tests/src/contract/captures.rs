//! A secret that a provider hands over is kept once.

use hookdock_pipeline::ports::{Captured, Captures as _};
use hookdock_signature::Secret;

use crate::contract::Bench;

/// The first secret that a provider hands over is kept, the same again changes nothing, and
/// another is refused.
pub async fn captures<B: Bench>(bench: &B) {
    let captures = bench.captures();
    let (asana, clio) = ("asana".parse().expect("a name"), "clio".parse().expect("a name"));
    let secret = |value: &str| Secret::new("captured", value).expect("not empty");
    let hand = async |id, value| captures.capture(id, &secret(value)).await.expect("an answer");
    assert_eq!(hand(&asana, "the first secret").await, Captured::New);
    assert_eq!(hand(&asana, "the first secret").await, Captured::Same);
    assert_eq!(hand(&asana, "another secret").await, Captured::Other);
    assert_eq!(hand(&asana, "the first secret").await, Captured::Same, "it stayed");
    assert_eq!(hand(&clio, "another secret").await, Captured::New, "endpoints are apart");
}
