//! The API: each answer fits the OpenAPI document, and nobody is answered who must not be.

use axum::Router;
use axum::body::Body;
use hookdock_console::{Guard, api, document, guarded};
use hookdock_pipeline::job::{ErrorClass, Failure};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::of;
use crate::scripts::{accept, scripted};

async fn stack() -> Stack {
    let no = Failure::permanent(ErrorClass::Refused, "no such customer");
    let (jobs, _) = scripted(vec![Err(no); 3]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    accept(&stack, &Draft::checkout("evt_2", "cs_2")).await;
    stack.drain().await;
    stack.local.enqueue("no reference".to_owned(), Vec::new()).await.expect("memory");
    stack.drain().await;
    stack
}

pub(super) async fn ask(
    router: &Router,
    request: Request<Body>,
) -> (StatusCode, http::HeaderMap, Vec<u8>) {
    let answer = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts.status, parts.headers, body.to_vec())
}

pub(super) async fn get(router: &Router, path: &str) -> (StatusCode, http::HeaderMap, Vec<u8>) {
    let path = format!("/api/v1{path}");
    ask(router, Request::get(path).body(Body::empty()).expect("a request")).await
}

fn act(body: &Value, etag: Option<&str>, key: Option<&str>) -> Request<Body> {
    let mut request =
        Request::post("/api/v1/operations").header("content-type", "application/json");
    for (name, value) in [("if-match", etag), ("idempotency-key", key)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    request.body(Body::from(body.to_string())).expect("a request")
}

/// What of a value the schema does not allow. Members that it does not name are not allowed.
fn misfits(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = document.pointer(name.trim_start_matches('#')).expect(name);
        return misfits(document, schema, value, at);
    }
    for any in ["anyOf", "oneOf"] {
        if let Some(options) = schema[any].as_array() {
            let fits = |option| misfits(document, option, value, at).is_empty();
            return if options.iter().any(fits) {
                vec![]
            } else {
                vec![format!("{at}: no option fits")]
            };
        }
    }
    if let Some(constant) = schema.get("const") {
        return if constant == value { vec![] } else { vec![format!("{at}: not {constant}")] };
    }
    if let Some(values) = schema["enum"].as_array() {
        return if values.contains(value) { vec![] } else { vec![format!("{at}: {value}")] };
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return vec![format!("{at}: a schema without a type: {schema}")],
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.contains(&kind) {
        return vec![format!("{at}: {kind} is not {kinds:?}")];
    }
    match value {
        Value::Array(items) => items
            .iter()
            .flat_map(|item| misfits(document, &schema["items"], item, &format!("{at}[]")))
            .collect(),
        Value::Object(members) => {
            let required = schema["required"].as_array().into_iter().flatten();
            let missing =
                required.filter_map(Value::as_str).filter(|name| !members.contains_key(*name));
            let mut all: Vec<_> = missing.map(|name| format!("{at}: no {name}")).collect();
            for (name, member) in members {
                let at = format!("{at}/{name}");
                match (schema["properties"].get(name), &schema["additionalProperties"]) {
                    (Some(own), _) => all.extend(misfits(document, own, member, &at)),
                    (None, Value::Object(_)) => {
                        all.extend(misfits(document, &schema["additionalProperties"], member, &at));
                    }
                    (None, _) if schema.get("properties").is_none() => {}
                    (None, _) => all.push(format!("{at}: not in the document")),
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

pub(super) fn check(document: &Value, method: &str, route: &str, status: StatusCode, body: &[u8]) {
    let answers = &document["paths"][format!("/api/v1{route}")][method]["responses"];
    let (answer, kind) = match answers.get(status.as_str()) {
        Some(answer) => (answer, "application/json"),
        None => (&answers["default"], "application/problem+json"),
    };
    let schema = &answer["content"][kind]["schema"];
    let value: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(
        misfits(document, schema, &value, ""),
        [""; 0],
        "{method} {route} {status}: {value}"
    );
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_as_the_openapi_document_says() {
    let stack = stack().await;
    let (router, document) = (api(of(&stack)), document());
    for (route, path, expected) in [
        ("/status", "/status", 200),
        ("/status", "/status?x=1", 400),
        ("/endpoints", "/endpoints", 200),
        ("/events", "/events", 200),
        ("/events", "/events?state=dead&limit=1", 200),
        ("/events", "/events?state=odd", 400),
        ("/events", "/events?stat=dead", 400),
        ("/events", "/events?since=yesterday", 400),
        ("/events", "/events?cursor=x", 400),
        ("/events/{endpoint}/{id}", "/events/stripe/evt_1", 200),
        ("/events/{endpoint}/{id}", "/events/stripe/evt_9", 404),
        ("/deliveries/{endpoint}/{id}/headers", "/deliveries/stripe/evt_1/headers", 200),
        ("/diff", "/diff?a=stripe/evt_1&b=stripe/evt_2", 200),
        ("/diff", "/diff?a=stripe/evt_1", 400),
        ("/find", "/find?text=evt_1", 200),
        ("/dead", "/dead", 200),
        ("/dead", "/dead?by=colour", 400),
        ("/dead-letters", "/dead-letters", 200),
        ("/audit", "/audit", 200),
        ("/audit", "/audit?include_open=true", 200),
        ("/audit", "/audit?since=yesterday", 400),
        ("/holds", "/holds", 200),
        ("/replays", "/replays", 200),
        ("/replays/{operation}", "/replays/op_1", 400),
        ("/replays/{operation}", "/replays/op_01a3185c5861799d8726bd740fdad468", 404),
        ("/openapi.json", "/openapi.json", 200),
    ] {
        let (status, headers, body) = get(&router, path).await;
        assert_eq!(status.as_u16(), expected, "{path}: {}", String::from_utf8_lossy(&body));
        check(&document, "get", route, status, &body);
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
    let (_, _, event) = get(&router, "/events/stripe/evt_1").await;
    let event: Value = serde_json::from_slice(&event).expect("JSON");
    let etag = format!("\"{}\"", event["etag"].as_str().expect("an etag"));
    let retry = json!({"kind": "retry", "endpoint": "stripe", "id": "evt_1"});
    let dismiss = json!({"kind": "dismiss", "endpoint": "stripe", "id": "evt_1"});
    for (asked, etag, expected) in [
        (&retry, None, 428),
        (&retry, Some("\"old\""), 412),
        (&dismiss, Some(&*etag), 400),
        (&json!({"kind": "retry"}), Some("*"), 400),
        (&retry, Some(&*etag), 201),
    ] {
        let (status, _, body) = ask(&router, act(asked, etag, None)).await;
        assert_eq!(
            status.as_u16(),
            expected,
            "{asked} {etag:?}: {}",
            String::from_utf8_lossy(&body)
        );
        check(&document, "post", "/operations", status, &body);
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_about_a_replay_is_as_the_openapi_document_says() {
    let stack = stack().await;
    let (router, document) = (api(of(&stack)), document());
    let post = async |path: &str, body: Value| {
        let request = Request::post(format!("/api/v1{path}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        let (status, _, body) = ask(&router, request.expect("a request")).await;
        (status, body)
    };
    for (asked, expected) in [
        (json!({"job": "scripted", "seconds": 60, "reason": "a test"}), 201),
        (json!({"seconds": 60, "reason": "a test"}), 400),
        (json!({"all": true, "seconds": 0, "reason": "a test"}), 400),
        (json!({"all": true, "seconds": 60, "reason": ""}), 400),
    ] {
        let (status, body) = post("/holds", asked).await;
        assert_eq!(status.as_u16(), expected, "{}", String::from_utf8_lossy(&body));
        check(&document, "post", "/holds", status, &body);
    }
    let (_, _, held) = get(&router, "/holds").await;
    let held: Value = serde_json::from_slice(&held).expect("JSON");
    let release = format!("/holds/{}/release", held[0]["id"].as_str().expect("an id"));
    for expected in [201, 404] {
        let (status, body) = post(&release, json!({})).await;
        assert_eq!(status.as_u16(), expected);
        check(&document, "post", "/holds/{hold}/release", status, &body);
    }
    let plan = json!({"selection": {"state": "dead"}, "reason": "the CRM is back"});
    let (status, body) = post("/replays", plan).await;
    check(&document, "post", "/replays", status, &body);
    let planned: Value = serde_json::from_slice(&body).expect("JSON");
    let id = planned["plan"]["id"].as_str().expect("an id");
    for (route, path, asked, expected) in [
        ("/replays", "/replays".to_owned(), json!({"selection": {}, "reason": "x"}), 400),
        ("/replays", "/replays".to_owned(), json!({"reason": "x"}), 400),
        ("/replays/{operation}/{turn}", format!("/replays/{id}/run"), json!({"confirm": 3}), 409),
        ("/replays/{operation}/{turn}", format!("/replays/{id}/run"), json!({"confirm": 2}), 201),
        ("/replays/{operation}/drive", format!("/replays/{id}/drive"), json!({"driver": "a"}), 201),
        ("/replays/{operation}/{turn}", format!("/replays/{id}/cancel"), json!({}), 201),
        ("/replays/{operation}/{turn}", format!("/replays/{id}/pause"), json!({}), 409),
    ] {
        let (status, body) = post(&path, asked).await;
        assert_eq!(status.as_u16(), expected, "{path}: {}", String::from_utf8_lossy(&body));
        check(&document, "post", route, status, &body);
    }
    stack.drain().await;
    post(&format!("/replays/{id}/drive"), json!({"driver": "a"})).await;
    for (route, path) in [
        ("/replays", "/replays".to_owned()),
        ("/replays/{operation}", format!("/replays/{id}")),
        ("/replays/{operation}/items", format!("/replays/{id}/items?outcome=dead")),
    ] {
        let (status, _, body) = get(&router, &path).await;
        assert_eq!(status.as_u16(), 200, "{path}");
        check(&document, "get", route, status, &body);
        assert!(body.len() > 10, "{path}: {}", String::from_utf8_lossy(&body));
    }
}

#[test]
fn a_value_that_does_not_fit_is_found() {
    let document = document();
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    let problem =
        json!({"type": "a", "title": 1, "status": 2, "detail": "", "code": "odd", "x": 1});
    let found = misfits(&document, &schema, &problem, "");
    assert_eq!(found.len(), 3, "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn the_same_key_is_the_same_act() {
    let stack = stack().await;
    let router = api(of(&stack));
    let retry = json!({"kind": "retry", "endpoint": "stripe", "id": "evt_1"});
    let (first, _, one) = ask(&router, act(&retry, Some("*"), Some("k1"))).await;
    let (second, _, other) = ask(&router, act(&retry, Some("*"), Some("k1"))).await;
    assert_eq!((first, second, &one), (StatusCode::CREATED, StatusCode::CREATED, &other));
    assert_eq!(stack.local.backlog().expect("memory"), 1, "one message for both");
    let restore = json!({"kind": "restore", "endpoint": "stripe", "id": "evt_1"});
    let (reused, _, _) = ask(&router, act(&restore, Some("*"), Some("k1"))).await;
    assert_eq!(reused, StatusCode::CONFLICT);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_a_download_that_no_browser_opens() {
    let stack = stack().await;
    let (status, headers, body) = get(&api(of(&stack)), "/deliveries/stripe/evt_1/body").await;
    assert_eq!((status, body), (StatusCode::OK, Draft::checkout("evt_1", "cs_1").body.to_vec()));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ] {
        assert_eq!(headers[name], value);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_has_not_changed_is_not_sent_again() {
    let stack = stack().await;
    let router = api(of(&stack));
    let (_, headers, _) = get(&router, "/events/stripe/evt_1").await;
    let request = Request::get("/api/v1/events/stripe/evt_1")
        .header("if-none-match", &headers["etag"])
        .body(Body::empty());
    assert_eq!(ask(&router, request.expect("a request")).await.0, StatusCode::NOT_MODIFIED);
}

#[tokio::test(start_paused = true)]
async fn only_programs_of_this_machine_that_have_the_token_are_answered() {
    let stack = stack().await;
    let router = guarded(api(of(&stack)), Guard::new(9001, "the token"));
    let good = ("authorization", "Bearer the token");
    for (method, path, headers, expected) in [
        ("GET", "/api/v1/status", vec![("host", "127.0.0.1:9001"), good], 200),
        ("GET", "/api/v1/status", vec![("host", "localhost:9001"), good], 200),
        ("GET", "/api/v1/status", vec![("host", "[::1]:9001"), good], 200),
        ("GET", "/api/v1/status", vec![("host", "evil.example:9001"), good], 421),
        ("GET", "/api/v1/status", vec![("host", "0.0.0.0:9001"), good], 421),
        ("GET", "/api/v1/status", vec![("host", "127.0.0.1:9000"), good], 421),
        ("GET", "/nothing", vec![("host", "evil.example"), good], 421),
        ("GET", "/api/v1/status", vec![good], 421),
        ("GET", "/api/v1/status", vec![("host", "127.0.0.1:9001")], 401),
        (
            "GET",
            "/api/v1/status",
            vec![("host", "127.0.0.1:9001"), ("authorization", "Bearer the toker")],
            401,
        ),
        (
            "GET",
            "/api/v1/status",
            vec![("host", "127.0.0.1:9001"), ("authorization", "Bearer ")],
            401,
        ),
        (
            "POST",
            "/api/v1/operations",
            vec![("host", "127.0.0.1:9001"), good, ("origin", "http://127.0.0.1:9000")],
            403,
        ),
        ("OPTIONS", "/api/v1/status", vec![("host", "127.0.0.1:9001"), good], 405),
        ("DELETE", "/api/v1/events", vec![("host", "127.0.0.1:9001"), good], 405),
    ] {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let (status, answered, _) =
            ask(&router, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(status.as_u16(), expected, "{method} {path} {headers:?}");
        let cors = answered.keys().find(|name| name.as_str().starts_with("access-control"));
        assert_eq!(cors, None, "nothing is said to other origins");
    }
}
