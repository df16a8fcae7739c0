//! What holds for any input at all.

use std::sync::LazyLock;

use hookdock_signature::{EpochMillis, Provider, Secret, catalog, sign};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::schemes::{self, scheme};
use crate::support::{Case, case, provider, shape_vectors, vectors};

/// Parsed once, because there are many.
static EVERY_PROVIDER: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    let shapes = schemes::all().map(|(_, text)| provider(text));
    catalog::ids().filter_map(catalog::find).chain(shapes).collect()
});

/// Header names that some definition looks at, with any spelling.
fn header_name() -> impl Strategy<Value = String> {
    let vectors = catalog::ids().flat_map(vectors);
    let known: Vec<String> = shape_vectors()
        .into_iter()
        .chain(vectors)
        .flat_map(|vector| vector.headers.into_keys())
        .chain(
            ["Stripe-Signature", "X-Hub-Signature-256", "webhook-id", "webhook-signature"]
                .map(str::to_owned),
        )
        .collect();
    select(known)
}

/// Near the grammars, so that the parsers get somewhere.
fn header_value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(vec![
            "t=",
            "ts=",
            "v1=",
            "v1,",
            "v0=",
            "h1=",
            "sha256=",
            "Basic ",
            "Bearer ",
            "JWT ",
            "eyJhbGciOiJIUzI1NiJ9",
            "e30",
            "multipart/form-data; boundary=x",
            "x-contentful-timestamp",
            "x-contentful-signed-headers",
            "{",
            "[",
            "|",
            "&"
        ]),
        select(vec![
            ",",
            ";",
            " ",
            ".",
            "=",
            "-",
            "1795302439",
            "1795302439000",
            "AAAA",
            "00",
            "é",
            "\u{0}"
        ]),
    ];
    let near = vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![near, any::<String>()]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let json = select(vec![
        r#"{"webhookTimestamp":1e400}"#,
        r#"{"signature":{"timestamp":"1","token":"a","signature":"00"}}"#,
        r#"{"value":[{"clientState":[]}]}"#,
        "bt_signature=a|b&bt_payload=%zz",
        "[[[[[[[[[[",
        r#"{"notificationItems":[{"NotificationRequestItem":{"additionalData":{"hmacSignature":"AA=="}}}]}"#,
        r#"{"object_payload":{},"object_payload_signature":"AA=="}"#,
        r#"{"Content":[],"HashCode":"00"}"#,
        "--x\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{}\r\n--x--",
    ]);
    prop_oneof![json.prop_map(|text| text.as_bytes().to_vec()), vec(any::<u8>(), 0..200)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_sent_panics_or_is_accepted(
        headers in vec((header_name(), header_value()), 0..8),
        body in body(),
        url in any::<String>(),
        now_ms in any::<i64>(),
    ) {
        for provider in &*EVERY_PROVIDER {
            let case = Case {
                provider: provider.clone(),
                secrets: vec!["a secret that nobody can guess".to_owned()],
                method: "POST".to_owned(),
                url: url.clone(),
                headers: headers.clone(),
                body: body.clone(),
                now_ms,
            };
            prop_assert!(case.verify().is_err());
            let headers = case.headers();
            let request = case.request(&headers);
            for selector in [case.provider.event_id(), case.provider.event_type()].into_iter().flatten() {
                drop(selector.select(&request));
            }
        }
    }

    #[test]
    fn no_definition_panics(text in any::<String>(), message in "[{}a-z:.\\[\\]0-9]{0,20}") {
        prop_assert!(text.parse::<Provider>().is_err() || text.contains("id"));
        drop(scheme("slack").replace("v0:{ts}:{body}", &message).parse::<Provider>());
    }

    #[test]
    fn what_is_signed_is_accepted_until_a_bit_flips(
        body in vec(any::<u8>(), 1..300),
        secret in "[!-~]{1,40}",
        now_ms in 0..4_000_000_000_000_i64,
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        for name in ["github", "stripe", "shopify", "slack", "fitbit", "easypost", "paystack", "recharge", "recurly", "cronofy", "docusign", "square", "retell", "twitch"] {
            let mut case = signed(name, &body, &secret, now_ms);
            prop_assert!(case.verify().is_ok(), "{name}: {:?}", case.verify());
            let index = place.index(case.body.len());
            case.body[index] ^= 1 << bit;
            prop_assert!(case.verify().is_err(), "{name}");
        }
    }

    #[test]
    fn a_signature_with_a_flipped_bit_is_refused(
        body in vec(any::<u8>(), 0..100),
        place in any::<prop::sample::Index>(),
        bit in 0..4_u8,
    ) {
        let mut case = signed("github", &body, "secret", 0);
        let mut signature = case.header("X-Hub-Signature-256").to_owned().into_bytes();
        // The prefix stays; a digit is changed as the number that it stands for.
        let index = 7 + place.index(64);
        let digit = char::from(signature[index]).to_digit(16).unwrap() ^ (1 << bit);
        signature[index] = char::from_digit(digit, 16).unwrap() as u8;
        case.set("X-Hub-Signature-256", std::str::from_utf8(&signature).unwrap());
        prop_assert!(case.verify().is_err());
    }

    #[test]
    fn order_and_case_of_headers_do_not_matter(
        seed in vec(any::<u64>(), 8),
        upper in any::<bool>(),
        extra in header_value(),
    ) {
        for id in ["github-1", "stripe-gen-2", "standard-webhooks-1", "shopify-gen-1"] {
            let mut case = case(id);
            case.add("X-Unrelated", &extra);
            case.add("X-Unrelated", "again");
            for (name, _) in &mut case.headers {
                *name = if upper { name.to_uppercase() } else { name.to_lowercase() };
            }
            let mut order = seed.iter().cycle();
            case.headers.sort_by_cached_key(|_| order.next().copied());
            prop_assert!(case.verify().is_ok(), "{id}");
        }
    }
}

fn signed(name: &str, body: &[u8], secret: &str, now_ms: i64) -> Case {
    let mut case = Case {
        provider: catalog::find(name).unwrap_or_else(|| provider(scheme(name))),
        secrets: vec![secret.to_owned()],
        method: "POST".to_owned(),
        url: "https://example.com/hooks/x".to_owned(),
        headers: vec![("Twitch-Eventsub-Message-Id".to_owned(), "m1".to_owned())],
        body: body.to_vec(),
        now_ms,
    };
    let headers = case.headers();
    let key = Secret::new("s0", secret).unwrap();
    let added = sign(&case.provider, &key, &case.request(&headers), EpochMillis::new(now_ms));
    case.headers.extend(added.unwrap());
    case
}
