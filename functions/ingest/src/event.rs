//! What API Gateway hands to the function: HTTP API events, payload format 2.0.
//!
//! `lambda_http` is not used for them. It parses host, path and query into one URL, which panics
//! on a query such as `?a=<b>` and rewrites others (`/../`, `#`), and some providers sign the URL
//! as they wrote it (`lambda_http` 1.3.2, tried 2026-11).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use derive_more::Debug;
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::model::trace::Trace;
use lambda_runtime::Diagnostic;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_with::{As, Map, Same};

use crate::body::unescaped;

/// An HTTP API event; of its fields those that matter here.
///
/// The gateway has written the names of headers in lower case and joined the values of a repeated
/// one with commas (AWS, "Create AWS Lambda proxy integrations for HTTP APIs", read 2026-11). It
/// has put text bodies into the event as text and all others as base64.
#[derive(Clone, Debug, Deserialize)]
// Headers, query and body stay out of logs.
#[debug(r#"HttpEvent {{ method: {:?}, raw_path: {raw_path:?}, .. }}"#, request_context.http.method)]
#[serde(rename_all = "camelCase")]
pub struct HttpEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default, with = "As::<Map<Same, Same>>")]
    headers: Vec<(String, String)>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<Box<RawValue>>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    domain_name: Option<String>,
    http: HttpContext,
}

#[derive(Clone, Deserialize)]
struct HttpContext {
    method: String,
}

/// Why an event is not an HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableEvent {
    /// The body is no text.
    #[error("the body of the event is not a text")]
    Text,
    /// The body is said to be base64 and is not.
    #[error("the body of the event is not base64")]
    Body,
}

impl HttpEvent {
    /// The request with the exact bytes of its body, its headers as the gateway wrote them.
    ///
    /// # Errors
    ///
    /// The event is not an HTTP request.
    pub fn into_incoming(self, trace: Option<&str>) -> Result<Incoming, UnusableEvent> {
        let url = self.url();
        Ok(Incoming {
            method: self.request_context.http.method,
            path: self.raw_path,
            url,
            other_url: None,
            sent_body: None,
            headers: with_cookies(self.headers, &self.cookies).into_iter().collect(),
            body: bytes(self.body, self.is_base64_encoded)?,
            trace: trace.and_then(Trace::read),
        })
    }

    /// The URL as the sender addressed it. API Gateway speaks nothing but HTTPS.
    fn url(&self) -> String {
        let named = self.request_context.domain_name.as_deref();
        let host = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = host.map(|(_, value)| value.as_str()).or(named).unwrap_or_default();
        let question = if self.raw_query_string.is_empty() { "" } else { "?" };
        format!("https://{host}{}{question}{}", self.raw_path, self.raw_query_string)
    }
}

impl From<UnusableEvent> for Diagnostic {
    fn from(error: UnusableEvent) -> Self {
        Self { error_type: "UnusableEvent".to_owned(), error_message: error.to_string() }
    }
}

fn bytes(body: Option<Box<RawValue>>, is_base64: bool) -> Result<Bytes, UnusableEvent> {
    let Some(body) = body else { return Ok(Bytes::new()) };
    let text = unescaped(body).ok_or(UnusableEvent::Text)?;
    if is_base64 {
        STANDARD.decode(text).map(Bytes::from).map_err(|_| UnusableEvent::Body)
    } else {
        Ok(text)
    }
}

/// The gateway has taken the cookies out of the headers.
fn with_cookies(mut headers: Vec<(String, String)>, cookies: &[String]) -> Vec<(String, String)> {
    if !cookies.is_empty() {
        headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    headers
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// An event as API Gateway documents it, with some of its fields changed.
    fn event(changes: &Value) -> HttpEvent {
        // AWS: "Create AWS Lambda proxy integrations for HTTP APIs", format 2.0 (read 2026-11).
        let mut event = json!({
            "version": "2.0",
            "routeKey": "ANY /webhooks/{endpoint}",
            "rawPath": "/webhooks/github",
            "rawQueryString": "",
            "headers": {
                "content-length": "14",
                "content-type": "application/json",
                "host": "abc123.execute-api.eu-central-1.amazonaws.com",
                "x-amzn-trace-id": "Root=1-5e6b4b01-1d92d9c0b4e5b1a7b4c5d6e7",
                "x-forwarded-for": "192.0.2.1",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abc123",
                "domainName": "abc123.execute-api.eu-central-1.amazonaws.com",
                "domainPrefix": "abc123",
                "http": {
                    "method": "POST",
                    "path": "/webhooks/github",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "GitHub-Hookshot/044aadd",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": "ANY /webhooks/{endpoint}",
                "stage": "$default",
                "time": "12/Mar/2020:19:03:58 +0000",
                "timeEpoch": 1_583_348_638_390_i64,
            },
            "pathParameters": {"endpoint": "github"},
            "body": "{\"zen\": \"Hi\"}",
            "isBase64Encoded": false,
        });
        for (pointer, value) in changes.as_object().expect("an object") {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            let parent = event.pointer_mut(parent).expect("a parent").as_object_mut();
            match value {
                Value::Null => parent.expect("an object").remove(name),
                value => parent.expect("an object").insert(name.to_owned(), value.clone()),
            };
        }
        serde_json::from_value(event).expect("an event")
    }

    fn incoming(changes: &Value) -> Incoming {
        event(changes).into_incoming(None).expect("a request")
    }

    fn headers(incoming: &Incoming) -> Vec<(&str, &str)> {
        incoming.headers.iter().collect()
    }

    #[test]
    fn a_documented_event_is_the_request_that_was_sent() {
        let trace = "Root=1-5e6b4b01-1d92d9c0b4e5b1a7b4c5d6e7";
        let incoming = event(&json!({})).into_incoming(Some(trace)).expect("a request");
        assert_eq!(incoming.method, "POST");
        assert_eq!(incoming.path, "/webhooks/github");
        assert_eq!(incoming.headers.single("Content-Type"), Ok(Some("application/json")));
        assert_eq!(incoming.headers.iter().count(), 7);
        assert_eq!(incoming.body, "{\"zen\": \"Hi\"}");
        assert_eq!(
            incoming.url,
            "https://abc123.execute-api.eu-central-1.amazonaws.com/webhooks/github"
        );
        assert_eq!(incoming.trace, Trace::read(trace));
        assert!(incoming.trace.is_some());
    }

    #[test]
    fn a_body_arrives_byte_for_byte() {
        for (body, is_base64, expected) in [
            (json!("a=1&b=%20\r\n"), false, b"a=1&b=%20\r\n".as_slice()),
            (json!("caf\u{e9} \u{1f980} \u{0}"), false, "caf\u{e9} \u{1f980} \u{0}".as_bytes()),
            (json!("/wCA/gAB"), true, b"\xff\x00\x80\xfe\x00\x01"),
            (json!("eyJ6ZW4iOiAiSGkifQ=="), true, b"{\"zen\": \"Hi\"}"),
            (json!(""), true, b""),
            (json!(""), false, b""),
            (json!(null), false, b""),
        ] {
            let changes = json!({"/body": body, "/isBase64Encoded": is_base64});
            assert_eq!(incoming(&changes).body, expected, "{changes}");
        }
    }

    #[test]
    fn the_url_has_the_path_and_the_query_as_they_were_sent() {
        for (path, query, expected) in [
            ("/webhooks/square", "", "https://hooks.example/webhooks/square"),
            (
                "/webhooks/square",
                "a=1&b=%2F+c",
                "https://hooks.example/webhooks/square?a=1&b=%2F+c",
            ),
            // These three made lambda_http panic.
            ("/webhooks/square", "a=<b>", "https://hooks.example/webhooks/square?a=<b>"),
            ("/webhooks/square", "a=\"b\"", "https://hooks.example/webhooks/square?a=\"b\""),
            ("/webhooks/square", "a=b c", "https://hooks.example/webhooks/square?a=b c"),
            // And this one it rewrote.
            ("/webhooks/../x", "", "https://hooks.example/webhooks/../x"),
        ] {
            let changes = json!({
                "/rawPath": path, "/rawQueryString": query, "/headers/host": "hooks.example"
            });
            assert_eq!(incoming(&changes).url, expected);
        }
    }

    #[test]
    fn without_a_host_header_the_url_has_the_gateway_s_name() {
        let incoming = incoming(&json!({
            "/headers/host": null, "/requestContext/domainName": "abc123.example"
        }));
        assert_eq!(incoming.url, "https://abc123.example/webhooks/github");
    }

    #[test]
    fn the_path_is_what_the_gateway_decoded() {
        for path in ["/webhooks/github?x", "/webhooks/caf\u{e9}", "https://elsewhere.example/", ""]
        {
            assert_eq!(incoming(&json!({"/rawPath": path})).path, path);
        }
    }

    #[test]
    fn a_repeated_header_is_the_joined_value_that_the_gateway_made() {
        let incoming = incoming(&json!({"/headers/x-hub-signature-256": "sha256=aa,sha256=bb"}));
        let values: Vec<_> = incoming.headers.get_all("X-Hub-Signature-256").collect();
        assert_eq!(values, ["sha256=aa,sha256=bb"]);
    }

    #[test]
    fn a_header_may_hold_text_outside_of_ascii() {
        let incoming = incoming(&json!({"/headers/x-name": "caf\u{e9}"}));
        assert_eq!(incoming.headers.single("x-name"), Ok(Some("caf\u{e9}")));
    }

    #[test]
    fn cookies_are_put_back_into_their_header() {
        let incoming = incoming(&json!({"/headers": {"x": "1"}, "/cookies": ["a=1", "b=2"]}));
        assert_eq!(headers(&incoming), [("x", "1"), ("cookie", "a=1; b=2")]);
    }

    #[test]
    fn other_methods_are_passed_on() {
        for method in ["GET", "DELETE", "OPTIONS", "PROPFIND"] {
            assert_eq!(incoming(&json!({"/requestContext/http/method": method})).method, method);
        }
    }

    #[test]
    fn an_event_that_is_no_request_is_refused_with_its_reason() {
        for (changes, reason) in [
            (json!({"/body": "!", "/isBase64Encoded": true}), UnusableEvent::Body),
            (json!({"/body": 1}), UnusableEvent::Text),
        ] {
            assert_eq!(event(&changes).into_incoming(None).err(), Some(reason), "{changes}");
        }
    }

    #[test]
    fn an_event_in_a_log_shows_neither_headers_nor_query_nor_body() {
        let text = format!("{:?}", event(&json!({"/rawQueryString": "token=hunter2"})));
        assert_eq!(text, r#"HttpEvent { method: "POST", raw_path: "/webhooks/github", .. }"#);
    }
}
