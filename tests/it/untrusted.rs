//! Whatever bytes come in, something answers.

use bytes::Bytes;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_tests::requests::{Draft, request};
use hookdock_tests::stack::{START, Stack};
use proptest::prelude::*;

/// Headers that the endpoints of the tests look at, and one that none does.
const HEADERS: [&str; 6] = [
    "x-hub-signature-256",
    "x-github-event",
    "x-github-delivery",
    "stripe-signature",
    "x-shopify-hmac-sha256",
    "x-other",
];

fn on_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().expect("a runtime").block_on(work)
}

fn header() -> impl Strategy<Value = (&'static str, String)> {
    let value =
        prop_oneof![any::<String>(), "(sha256=|t=|v1=|,|[0-9a-f]|-|99999999999999999999){0,30}",];
    (prop::sample::select(&HEADERS[..]), value)
}

proptest! {
    #[test]
    fn any_request_is_answered_and_none_without_a_signature_is_accepted(
        endpoint in "(github|stripe|orders/acme|accounts|nobody|[a-z/%.]{0,20}|.{0,20})",
        headers in prop::collection::vec(header(), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..500),
    ) {
        let request = Incoming {
            headers: headers.into_iter().collect(),
            body: Bytes::from(body),
            ..request("POST", &format!("/webhooks/{endpoint}"))
        };
        let status = on_virtual_time(async {
            let stack = Stack::with(registry(Settings::default()));
            stack.send(request).await.status()
        });
        prop_assert!([401, 404].contains(&status.as_u16()), "{status}");
    }

    #[test]
    fn any_signed_body_is_accepted_and_its_event_comes_to_an_end(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            r#"\{("(id|type|data|object|account)":("[a-z_.]{0,20}"|[0-9]{1,9}|null|\{\}|\[\]),?){0,4}\}"#
                .prop_map(String::into_bytes),
        ],
        endpoint in prop::sample::select(vec![("stripe", "whsec_test"), ("accounts", "whsec_accounts")]),
    ) {
        on_virtual_time(async {
            let stack = Stack::with(registry(Settings::default()));
            let draft = Draft { body: body.into(), ..Draft::stripe(endpoint.0, endpoint.1, "") };
            let answer = stack.send(draft.signed(START)).await;
            assert!(answer.status().is_success(), "{}", answer.status());
            stack.drain().await;
            assert_eq!(stack.event().deliveries, 1);
        });
    }

    #[test]
    fn no_stored_form_makes_its_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        text in r#"\{("[a-z_]{1,12}":("[a-z0-9_]{0,12}"|-?[0-9]{1,20}|null|\[\]|\{\}),?){0,6}\}"#,
    ) {
        for bytes in [&bytes[..], text.as_bytes()] {
            prop_assert!(StoredDelivery::parse(bytes).is_err());
            prop_assert!(Endpoint::from_json(&"a".parse().expect("a name"), bytes).is_err());
        }
        prop_assert!(Reference::parse(&text).is_err());
    }
}
