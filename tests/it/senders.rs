//! What senders really send: by other methods, in other encodings, of several subscriptions.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hookdock_pipeline::delivery::identity::{Flag, IgnoreCause};
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::job::{Context, Delivery, JobResult, On, Outcome, Registry};
use hookdock_pipeline::ledger::EventRecord;
use hookdock_signature::{EpochMillis, Secret, catalog, sign};
use hookdock_tests::requests::{Draft, form, request};
use hookdock_tests::stack::{START, Stack};
use http::StatusCode;
use serde_json::{Value, json};

/// The events that a job was handed, as JSON.
type Seen = Arc<Mutex<Vec<Value>>>;

/// A stack with one endpoint, and a job that notes what it is handed of these events.
fn stack(provider: &str, more: &str, events: &str) -> (Stack, Seen) {
    let secret = format!("{provider} secret");
    let endpoint = format!(
        "[endpoints.it]\nprovider = \"{provider}\"\nsecrets = [\"{secret}\", \"other secret\"]\n{more}"
    );
    let seen = Seen::default();
    let notes = Arc::clone(&seen);
    let job = move |_: Context, delivery: Delivery| {
        let event = serde_json::from_slice(delivery.event_bytes()).unwrap_or(Value::Null);
        notes.lock().expect("a lock").push(event);
        async { JobResult::Ok(Outcome::Done) }
    };
    let on = On::endpoint("it").event(events);
    (Stack::serving(&endpoint, Registry::new().job("notes", on, job)), seen)
}

fn draft(provider: &'static str, body: &Value) -> Draft {
    Draft::to("it", provider, &body.to_string())
}

async fn accept(stack: &Stack, request: Incoming) -> Vec<EventRecord> {
    assert_eq!(stack.send(request).await.status(), StatusCode::OK);
    stack.drain().await;
    stack.local.events().expect("memory")
}

fn seen(seen: &Seen) -> Vec<Value> {
    seen.lock().expect("a lock").clone()
}

fn issue(body: &str) -> Draft {
    Draft::to("it", "github", body).with("X-GitHub-Event", "issues").with("X-GitHub-Delivery", "d1")
}

#[tokio::test(start_paused = true)]
async fn json_in_a_field_of_a_form_is_the_same_event_as_bare_json() {
    let event = json!({"action": "opened", "issue": {"title": "caf\u{e9} & \u{1F692}"}});
    for body in [event.to_string(), form("payload", &event.to_string())] {
        let (stack, notes) = stack("github", "", "issues.opened");
        let events = accept(&stack, issue(&body).signed(START)).await;
        assert_eq!(seen(&notes), std::slice::from_ref(&event), "{body}");
        assert_eq!(events[0].event_id.as_ref().expect("an id").as_str(), "d1");
        assert_eq!(events[0].flags, [] as [Flag; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn text_inside_of_json_is_not_taken_for_a_form() {
    let title = format!("x&{}&y", form("payload", r#"{"action": "deleted"}"#));
    let (stack, notes) = stack("github", "", "issues.deleted");
    let body = json!({"action": "opened", "issue": {"title": title}}).to_string();
    let events = accept(&stack, issue(&body).signed(START)).await;
    assert_eq!(events[0].event_type.as_ref().expect("a type").as_str(), "issues.opened");
    assert_eq!(seen(&notes), [] as [Value; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_message_about_the_subscription_runs_no_job_of_its_events() {
    let (stack, notes) = stack("twitch", "", "channel.*");
    let message = |kind: &str, body: &Value| {
        draft("twitch", body)
            .with("Twitch-Eventsub-Message-Id", kind)
            .with("Twitch-Eventsub-Message-Type", kind)
            .with("Twitch-Eventsub-Subscription-Type", "channel.follow")
            .signed(START)
    };
    let follow = json!({"event": {"user_name": "x"}});
    accept(&stack, message("notification", &follow)).await;
    let events = accept(&stack, message("revocation", &json!({"subscription": {}}))).await;
    assert_eq!(seen(&notes), [follow]);
    let types = events.iter().filter_map(|event| Some(event.event_type.as_ref()?.as_str()));
    assert!(types.into_iter().any(|name| name == "revocation"), "{events:#?}");
}

#[tokio::test(start_paused = true)]
async fn each_item_may_carry_the_secret_of_another_subscription_and_none_may_carry_none() {
    let item = |state: &str| json!({"clientState": state, "changeType": "updated", "id": state});
    for (states, status, runs) in [
        (&["microsoft-graph secret"][..], 200, 1),
        (&["microsoft-graph secret", "other secret"], 200, 2),
        (&["other secret", "nobody's"], 401, 0),
        (&["nobody's", "other secret"], 401, 0),
    ] {
        let (stack, notes) = stack("microsoft-graph", "", "updated");
        let items: Vec<_> = states.iter().map(|state| item(state)).collect();
        let request = draft("microsoft-graph", &json!({ "value": items })).unsigned();
        assert_eq!(stack.send(request).await.status(), status, "{states:?}");
        stack.drain().await;
        assert_eq!(seen(&notes).len(), runs, "{states:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_tenant_of_a_body_may_have_any_characters() {
    let long = "/".repeat(43);
    for (context, tenant) in [
        ("acct_1", Some("acct_1")),
        ("wksp_1/acct_1", Some("wksp_1%2Facct_1")),
        ("a b~c", Some("a%20b%7Ec")),
        ("caf\u{e9}\u{7}", Some("caf%C3%A9%07")),
        (&long, None),
        ("", None),
    ] {
        let (stack, _) = stack("stripe", "tenant_from = \"/context\"\n", "*");
        let body = json!({"id": "evt_1", "type": "x", "context": context});
        let events = accept(&stack, draft("stripe", &body).signed(START)).await;
        let found = events[0].tenant.as_ref().map(|tenant| tenant.as_str());
        assert_eq!(found, tenant, "{context:?}");
        assert_eq!(events[0].flags.contains(&Flag::TenantMissing), tenant.is_none());
    }
}

/// The HMAC-SHA1 of the URL below under `twilio secret`, made with Python's hmac.
const TWILIO: &str = "e7E20U3KdzxrJhjau0FYeiaAv6Y=";

/// Signed for the URL that it goes to.
fn by_method(provider: &str, method: &str, path: &str, at: EpochMillis) -> Incoming {
    let mut request = request(method, path);
    request.path = "/webhooks/it".to_owned();
    if provider == "twilio" {
        request.headers.extend([("X-Twilio-Signature".to_owned(), TWILIO.to_owned())]);
        return request;
    }
    let secret = Secret::new("s", format!("{provider} secret")).expect("not empty");
    let definition = catalog::find(provider).expect("known");
    request.headers.extend(sign(&definition, &secret, &request.request(), at).expect("signed"));
    request
}

#[tokio::test(start_paused = true)]
async fn events_come_by_the_methods_that_the_definition_names() {
    let path = "/webhooks/it?MessageStatus=delivered&MessageSid=SM1";
    for (provider, method, status, event_type) in [
        ("twilio", "GET", 200, Some("delivered")),
        ("twilio", "PUT", 405, None),
        ("segment", "PUT", 200, None),
        ("segment", "GET", 405, None),
        ("zendesk", "DELETE", 200, None),
        ("stripe", "GET", 405, None),
    ] {
        let (stack, _) = stack(provider, "", "*");
        let request = by_method(provider, method, path, START);
        assert_eq!(stack.send(request).await.status(), status, "{provider} by {method}");
        let events = match status {
            200 => {
                stack.drain().await;
                stack.local.events().expect("memory")
            }
            _ => Vec::new(),
        };
        let found = events.first().and_then(|event| event.event_type.as_ref());
        assert_eq!(found.map(|name| name.as_str()), event_type, "{provider} by {method}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_batch_that_is_signed_over_its_first_event_the_others_never_run() {
    let (stack, notes) = stack("segment", "", "track");
    let event = |id: &str| json!({"type": "track", "messageId": id});
    let signature = draft("segment", &event("m1")).signed(START).headers;
    let mut batch = draft("segment", &json!([event("m1"), event("m2")])).unsigned();
    batch.headers = signature;
    let events = accept(&stack, batch).await;
    assert_eq!(seen(&notes), [event("m1")]);
    let unsigned: Vec<_> =
        events.iter().filter(|event| event.ignored == Some(IgnoreCause::Unsigned)).collect();
    assert_eq!(unsigned.len(), 1);
    assert_eq!(unsigned[0].flags, [Flag::Unsigned]);

    accept(&stack, draft("segment", &event("m2")).signed(START)).await;
    assert_eq!(seen(&notes), [event("m1"), event("m2")], "it did not take the key of the real one");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_reads_the_answer_gets_the_one_that_it_reads() {
    let secret = "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let endpoint =
        format!("[endpoints.it]\nprovider = \"supabase-auth\"\nsecrets = [\"{secret}\"]\n");
    let stack = Stack::serving(&endpoint, Registry::new());
    let draft = Draft { secret: secret.to_owned(), ..draft("supabase-auth", &json!({"user": {}})) };
    let answer = stack.send(draft.with("webhook-id", "msg_1").signed(START)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(&answer.body()[..], b"{}");
}

/// Signed by Square for the public URL, as a host behind a proxy sees it.
fn behind_a_proxy(public: &str) -> Incoming {
    let mut request = draft("square", &json!({"event_id": "e1", "type": "x"})).unsigned();
    let seen = std::mem::replace(&mut request.url, public.to_owned());
    let secret = Secret::new("s", "square secret").expect("not empty");
    let definition = catalog::find("square").expect("known");
    request.headers.extend(sign(&definition, &secret, &request.request(), START).expect("signed"));
    Incoming { url: seen.replace("https", "http"), ..request }
}

#[tokio::test(start_paused = true)]
async fn the_url_that_a_provider_signs_can_be_stated_for_an_endpoint_or_for_all() {
    let public = "https://shop.example/hooks/it?x=1";
    let seen = "http://10.0.0.1/webhooks/it?x=1";
    let post = async |of_endpoint: &str, of_all: Option<&str>| {
        let (mut stack, _) = stack("square", of_endpoint, "*");
        stack.ingest.public_url = of_all.map(|url| url.parse().expect("public"));
        let request = Incoming { url: seen.to_owned(), ..behind_a_proxy(public) };
        stack.send(request).await.status()
    };
    assert_eq!(post("", None).await, StatusCode::UNAUTHORIZED);
    let own = "public_url = \"https://shop.example/hooks/it\"\n";
    assert_eq!(post(own, None).await, StatusCode::OK);
    assert_eq!(post(own, Some("https://other.example")).await, StatusCode::OK);
    assert_eq!(post("", Some("https://shop.example/hooks")).await, StatusCode::UNAUTHORIZED);
    let of_all = "https://shop.example/webhooks/it?x=1";
    let (mut stack, _) = stack("square", "", "*");
    stack.ingest.public_url = Some("https://shop.example/".parse().expect("public"));
    let request = Incoming { url: seen.to_owned(), ..behind_a_proxy(of_all) };
    assert_eq!(stack.send(request).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn the_other_url_of_a_request_is_tried_and_the_one_that_was_signed_is_recorded() {
    let public = "https://shop.example/webhooks/it";
    for (other, status) in [(None, 401), (Some("https://wrong.example/"), 401), (Some(public), 200)]
    {
        let (stack, _) = stack("square", "", "*");
        let request = Incoming { other_url: other.map(str::to_owned), ..behind_a_proxy(public) };
        assert_eq!(stack.send(request).await.status(), status, "{other:?}");
        for object in stack.local.objects().expect("memory") {
            let bytes = stack.local.named(&object).expect("memory").expect("stored");
            assert_eq!(StoredDelivery::parse(&bytes).expect("a delivery").url, public);
        }
    }
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory").into()
}

#[tokio::test(start_paused = true)]
async fn a_compressed_body_is_read_whether_it_was_signed_before_or_after() {
    let event = json!({"action": "opened"});
    let plain = issue(&event.to_string());
    let packed = Draft { body: gzip(&plain.body), ..plain.clone() };
    for signed in [&plain, &packed] {
        let (stack, notes) = stack("github", "", "issues.opened");
        let mut request = signed.signed(START);
        request.headers.extend([("Content-Encoding".to_owned(), "gzip".to_owned())]);
        request.body = packed.body.clone();
        accept(&stack, request).await;
        assert_eq!(seen(&notes), std::slice::from_ref(&event));
        let name = stack.local.objects().expect("memory").remove(0);
        let object = stack.local.named(&name).expect("memory").expect("stored");
        let stored = StoredDelivery::parse(&object).expect("a delivery");
        assert_eq!(stored.sent_body.is_some(), signed.body == packed.body, "what was signed stays");
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_body_that_is_too_large_or_not_signed_is_refused() {
    let body = json!({"action": "opened", "padding": "x".repeat(2000)}).to_string();
    for (limit, secret, status) in
        [(3000, "github secret", 200), (3000, "wrong", 401), (1000, "github secret", 401)]
    {
        let (stack, _) = stack("github", &format!("max_body_bytes = {limit}\n"), "*");
        let signed = Draft { secret: secret.to_owned(), ..issue(&body) };
        let mut request = signed.signed(START);
        request.headers.extend([("Content-Encoding".to_owned(), "gzip".to_owned())]);
        request.body = gzip(body.as_bytes());
        assert_eq!(stack.send(request).await.status(), status, "{limit} {secret}");
    }
}
