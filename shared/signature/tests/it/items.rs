//! The events of a request that carries several are found, all of them, as they are written.

use std::time::Instant;

use hookdock_signature::{
    Found, Headers, Provider, Request, RequestView, Sought, catalog, item_at,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::provider;

fn find_in(provider: &Provider, body: &str, most: usize) -> Option<(usize, Vec<Row>)> {
    let headers = Headers::default();
    let request = Request { method: "POST", url: "/", headers: &headers, body: body.as_bytes() };
    let items = provider.items().unwrap();
    let found: Found<'_> = items.find(&RequestView::of(&request), most).unwrap()?;
    let rows = found.items.iter().map(|item| {
        assert_eq!(item_at(request.body, items.form(), &item.pointer), Some(item.bytes.clone()));
        let text = |sought: &Sought| match sought {
            Sought::Nowhere => "-".to_owned(),
            Sought::Missing => "?".to_owned(),
            Sought::Found(selected) => selected.value.clone(),
        };
        (item.pointer.clone(), text(&item.id), text(&item.event_type))
    });
    Some((found.count, rows.collect()))
}

/// Pointer, id and type.
type Row = (String, String, String);

#[track_caller]
fn check(id: &str, body: &str, expected: &[(&str, &str, &str)]) {
    let (count, rows) = find_in(&catalog::find(id).unwrap(), body, 100).expect("several events");
    let rows: Vec<_> = rows.iter().map(|(at, id, name)| (&**at, &**id, &**name)).collect();
    assert_eq!(rows, expected, "{id}");
    assert_eq!(count, expected.len(), "{id}");
}

/// A provider, a body, and the items in it: pointer, id and type.
type Sample = (&'static str, &'static str, &'static [(&'static str, &'static str, &'static str)]);

const SAMPLES: &[Sample] = &[
    (
        "akeneo",
        r#"{"events":[{"action":"product.created","event_id":"e1"}]}"#,
        &[("/events/0", "e1", "product.created")],
    ),
    ("enode", r#"[{"event":"user:vehicle:updated"}]"#, &[("/0", "-", "user:vehicle:updated")]),
    (
        "mailtrap",
        r#"{"events":[{"event":"delivery","event_id":"e1"}]}"#,
        &[("/events/0", "e1", "delivery")],
    ),
    (
        "pandadoc",
        r#"[{"event":"document_state_changed"}]"#,
        &[("/0", "-", "document_state_changed")],
    ),
    (
        "tailscale",
        r#"[{"type":"nodeCreated"},{"type":"test"}]"#,
        &[("/0", "-", "nodeCreated"), ("/1", "-", "test")],
    ),
    (
        "ably",
        r#"{"items":[{"webhookId":"w","source":"channel.message"}]}"#,
        &[("/items/0", "-", "channel.message")],
    ),
    (
        "adyen",
        r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"eventCode":"REFUND","pspReference":"8313547924770610","success":"true"}}]}"#,
        &[(
            "/notificationItems/0/NotificationRequestItem",
            "REFUND.8313547924770610.true",
            "REFUND",
        )],
    ),
    (
        "asana",
        r#"{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}},{"action":"added","resource":{"gid":"2"}}]}"#,
        &[("/events/0", "-", "task.changed"), ("/events/1", "-", "?")],
    ),
    (
        "attio",
        r#"{"webhook_id":"w","events":[{"event_type":"note.created"}]}"#,
        &[("/events/0", "-", "note.created")],
    ),
    ("auth0", r#"[{"log_id":"9001","data":{"type":"s"}}]"#, &[("/0", "9001", "s")]),
    (
        "fastspring",
        r#"{"events":[{"id":"E1","type":"order.completed"}]}"#,
        &[("/events/0", "E1", "order.completed")],
    ),
    ("fitbit", r#"[{"collectionType":"foods","ownerId":"1"}]"#, &[("/0", "-", "foods")]),
    (
        "gocardless",
        r#"{"events":[{"id":"EV1","resource_type":"payments","action":"paid_out"}],"meta":{"webhook_id":"WB1"}}"#,
        &[("/events/0", "EV1", "payments.paid_out")],
    ),
    (
        "hubspot",
        r#"[{"eventId":1,"subscriptionId":2,"occurredAt":3,"attemptNumber":0,"subscriptionType":"contact.creation"},{"eventId":1}]"#,
        &[("/0", "1.2.3", "contact.creation"), ("/1", "?", "?")],
    ),
    (
        "hubspot-legacy",
        r#"[{"eventId":1,"subscriptionId":2,"occurredAt":3,"subscriptionType":"deal.deletion"}]"#,
        &[("/0", "1.2.3", "deal.deletion")],
    ),
    (
        "klaviyo",
        r#"{"data":[{"topic":"event:opened","external_id":"k1"}],"meta":{}}"#,
        &[("/data/0", "k1", "event:opened")],
    ),
    (
        "kontent",
        r#"{"notifications":[{"message":{"action":"published"}}]}"#,
        &[("/notifications/0", "-", "published")],
    ),
    (
        "line",
        r#"{"destination":"U1","events":[{"webhookEventId":"01H","type":"follow"}]}"#,
        &[("/events/0", "01H", "follow")],
    ),
    (
        "mandrill",
        "mandrill_events=%5B%7B%22_id%22%3A%22m%22%2C%22event%22%3A%22open%22%2C%22ts%22%3A1%7D%5D",
        &[("/0", "m.open.1", "open")],
    ),
    (
        "meta",
        r#"{"object":"page","entry":[{"changes":[{"field":"feed"}]},{"messaging":[{"timestamp":5,"message":{"mid":"m1"}},{"read":{}}]},{"id":"9"}]}"#,
        &[
            ("/entry/0/changes/0", "-", "page.feed"),
            ("/entry/1/messaging/0", "m1.5", "page"),
            ("/entry/1/messaging/1", "?", "page"),
            ("/entry/2", "-", "page"),
        ],
    ),
    (
        "microsoft-graph",
        r#"{"value":[{"id":"n1","changeType":"created"},{"lifecycleEvent":"missed"}]}"#,
        &[("/value/0", "n1", "created"), ("/value/1", "?", "missed")],
    ),
    (
        "okta",
        r#"{"eventId":"e","data":{"events":[{"uuid":"u1","eventType":"user.session.start"}]}}"#,
        &[("/data/events/0", "u1", "user.session.start")],
    ),
    (
        "pusher",
        r#"{"time_ms":1,"events":[{"name":"channel_vacated"}]}"#,
        &[("/events/0", "-", "channel_vacated")],
    ),
    (
        "quickbooks",
        r#"{"eventNotifications":[{"realmId":"11","dataChangeEvent":{"entities":[{"name":"Customer","id":"1","operation":"Create","lastUpdated":"2026"}]}},{"realmId":"12"}]}"#,
        &[
            (
                "/eventNotifications/0/dataChangeEvent/entities/0",
                "11.Customer.1.Create.2026",
                "Customer.Create",
            ),
            ("/eventNotifications/1", "-", "-"),
        ],
    ),
    (
        "quickbooks",
        r#"[{"id":"c1","type":"qbo.invoice.created.v1"}]"#,
        &[("/0", "c1", "qbo.invoice.created.v1")],
    ),
    ("segment", r#"[{"messageId":"s1","type":"track"}]"#, &[("/0", "s1", "track")]),
    (
        "sendgrid",
        r#"[{"sg_event_id":"a","event":"open"},7]"#,
        &[("/0", "a", "open"), ("/1", "?", "?")],
    ),
    ("sharepoint", r#"{"value":[{"resource":"r"}]}"#, &[("/value/0", "-", "-")]),
    ("slack", "payload=%7B%22type%22%3A%22block_actions%22%7D", &[("", "-", "block_actions")]),
    ("github", "payload=%7B%22action%22%3A%22opened%22%7D", &[("", "?", "?")]),
    (
        "whatsapp",
        r#"{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"w1","type":"text"}],"statuses":[{"id":"w2","status":"read"}]}},{"field":"account_update","value":{}}]}]}"#,
        &[
            ("/entry/0/changes/0/value/messages/0", "w1", "messages.text"),
            ("/entry/0/changes/0/value/statuses/0", "w2.read", "messages.read"),
            ("/entry/0/changes/1", "-", "account_update"),
        ],
    ),
    (
        "xero",
        r#"{"events":[{"resourceId":"r","eventDateUtc":"2026-11-22T01:02:03.4","eventType":"UPDATE","eventCategory":"INVOICE"}],"lastEventSequence":1}"#,
        &[("/events/0", "r.2026-11-22T01:02:03.4.UPDATE", "INVOICE.UPDATE")],
    ),
];

#[test]
fn every_provider_that_sends_several_events_has_them_found() {
    for (id, body, expected) in SAMPLES {
        check(id, body, expected);
    }
    let with_items = catalog::ids().filter(|id| catalog::find(id).unwrap().items().is_some());
    let untested: Vec<&str> =
        with_items.filter(|id| SAMPLES.iter().all(|(tested, ..)| tested != id)).collect();
    assert_eq!(untested, [""; 0]);
}

#[test]
fn a_request_without_the_arrays_is_no_batch_and_one_with_empty_ones_has_no_items() {
    let none = [r#"{"events":{}}"#, r#"{"events":null}"#, "{}", "[]", "7", r#""events""#];
    for body in none {
        assert_eq!(find_in(&catalog::find("line").unwrap(), body, 100), None, "{body}");
    }
    check("line", r#"{"events":[]}"#, &[]);
    check("sendgrid", " [ ] ", &[]);
    check("meta", r#"{"entry":[{"changes":[],"messaging":[]}]}"#, &[]);
}

#[test]
fn of_a_member_that_is_repeated_the_last_counts_as_it_does_for_a_signature() {
    check(
        "line",
        r#"{"events":[{"type":"a"}],"events":[{"type":"b"}]}"#,
        &[("/events/0", "?", "b")],
    );
    check("line", r#"{"events":[{"type":"a"}],"\u0065vents":[]}"#, &[]);
}

#[test]
fn more_items_than_are_asked_for_are_counted_and_not_read() {
    let line = catalog::find("line").unwrap();
    let body = r#"{"events":[1,2,3]}"#;
    assert_eq!(find_in(&line, body, 2), Some((3, vec![])));
    assert_eq!(find_in(&line, body, 3).unwrap().1.len(), 3);
}

#[test]
fn a_definition_names_an_array_before_those_inside_it_and_each_once() {
    let scheme = "[scheme]\nkind = \"hmac\"\ndigest = \"sha256\"\nencoding = \"hex\"\nmessage = \"{body}\"\nsignature = { from = \"header\", name = \"S\" }\n";
    let trust = "id = \"acme\"\nname = \"Acme\"\ntrust = { scheme = \"unconfirmed\", delivery = \"unconfirmed\" }\n";
    let rows = [
        ("[[items]]\nat = \"a\"", "needs []"),
        ("[[items]]\nat = \"a[0].b[]\"", "takes no number"),
        ("[[items]]\nat = \"a[].b[]\"", "no rule of its own before"),
        ("[[items]]\nat = \"a[]\"\n[[items]]\nat = \"a[]\"", "named twice"),
        ("[[items]]\nat = \"a[].c\"\n[[items]]\nat = \"a[].b[]\"", "not its elements"),
        ("[[items]]\nat = \"a[]\"\n[[items]]\nform = \"f\"\nat = \"b[]\"", "differs"),
        ("[[items]]\nat = \"a[]\"\nid = [\"outer:x\"]", "means nothing here"),
        ("[[items]]\nat = \"a[]\"\nid = [\"item:x[].y\"]", "one is needed"),
        ("[event_id]\nfrom = [\"item:x\"]", "means nothing here"),
    ];
    for (items, problem) in rows {
        let error = format!("{trust}{scheme}{items}").parse::<Provider>().unwrap_err().to_string();
        assert!(error.contains(problem), "{items}: {error}");
    }
    assert!(provider(&format!("{scheme}[[items]]\nat = \"a[]\"")).items().is_some());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn the_work_grows_with_the_body_and_not_with_its_square() {
    let headers = Headers::default();
    let seek = |count: usize| {
        let body = format!(r#"{{"entry":[{{"changes":[{}]}}]}}"#, vec!["7"; count].join(","));
        let meta = catalog::find("meta").unwrap();
        let request =
            Request { method: "POST", url: "/", headers: &headers, body: body.as_bytes() };
        let began = Instant::now();
        assert_eq!(
            meta.items()
                .unwrap()
                .find(&RequestView::of(&request), usize::MAX)
                .unwrap()
                .unwrap()
                .count,
            count
        );
        began.elapsed()
    };
    let quickest = |count: usize| (0..3).map(|_| seek(count)).min().unwrap();
    // 32 times as many: 32 if it is linear, 1024 if it is not; the machine may be busy.
    let (few, many) = (quickest(3_125), quickest(100_000));
    assert!(many < few * 300, "{few:?} {many:?}");
    // Depth costs no stack: what is passed over is not built.
    let deep =
        format!(r#"{{"entry":[{{"changes":[{}{}]}}]}}"#, "[".repeat(1 << 20), "]".repeat(1 << 20));
    let meta = catalog::find("meta").unwrap();
    let request = Request { method: "POST", url: "/", headers: &headers, body: deep.as_bytes() };
    assert_eq!(
        meta.items().unwrap().find(&RequestView::of(&request), 10).unwrap().unwrap().count,
        1
    );
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[a-z/~\\\\\"é ]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = prop_oneof!["entry", "changes", "messaging", "value", "[a-z/~]{0,3}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_sent_an_item_is_the_value_at_its_pointer_in_any_spacing(
        entries in prop::collection::vec(json(), 0..5),
    ) {
        let meta = catalog::find("meta").unwrap();
        let body = serde_json::json!({ "entry": entries });
        let (tight, wide) = (body.to_string(), serde_json::to_string_pretty(&body).unwrap());
        let (headers, items) = (Headers::default(), meta.items().unwrap());
        let find = |text: &str| {
            let request = Request { method: "POST", url: "/", headers: &headers, body: text.as_bytes() };
            let found = items.find(&RequestView::of(&request), 1000).unwrap().unwrap();
            assert_eq!(found.count, found.items.len());
            let read = found.items.iter().map(|item| {
                let value: Value = serde_json::from_slice(&item.bytes).unwrap();
                assert_eq!(body.pointer(&item.pointer), Some(&value));
                (item.pointer.clone(), item.id.clone(), item.event_type.clone())
            });
            read.collect::<Vec<_>>()
        };
        prop_assert_eq!(find(&tight), find(&wide));
    }
}
