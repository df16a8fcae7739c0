//! What API Gateway hands to the function: HTTP API events, payload format 2.0.
//!
//! `lambda_http` is not used for them. It parses host, path and query into one URL, which panics
//! on a query such as `?a=<b>` and rewrites others (`/../`, `#`), and some providers sign the URL
//! as they wrote it (`lambda_http` 1.3.2, tried 2026-11).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hookdock_pipeline::ingest::http::Origin;
use http::header::{COOKIE, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Uri};
use lambda_runtime::Diagnostic;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::body::unescaped;

/// An HTTP API event; of its fields those that matter here.
///
/// The gateway has joined the values of a repeated header with commas, and has put text bodies
/// into the event as text and all others as base64.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default, deserialize_with = "in_order")]
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
    /// A header that HTTP cannot have.
    #[error("a header of the event is not one that HTTP can have")]
    Header,
    /// A method that HTTP cannot have.
    #[error("the method of the event is not one that HTTP can have")]
    Method,
}

impl HttpEvent {
    /// The request with the exact bytes of its body, and the URL it was sent to.
    ///
    /// # Errors
    ///
    /// The event is not an HTTP request.
    pub fn into_request(
        self,
        trace: Option<String>,
    ) -> Result<(Request<Bytes>, Origin), UnusableEvent> {
        let headers = headers(&self.headers, &self.cookies)?;
        let origin = Origin { url: self.url(), trace };
        let method =
            self.request_context.http.method.parse().map_err(bad(UnusableEvent::Method))?;
        let mut request = Request::new(bytes(self.body, self.is_base64_encoded)?);
        *request.method_mut() = method;
        *request.uri_mut() = uri(&self.raw_path);
        *request.headers_mut() = headers;
        Ok((request, origin))
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

impl fmt::Debug for HttpEvent {
    /// Headers, query and body stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpEvent")
            .field("method", &self.request_context.http.method)
            .field("raw_path", &self.raw_path)
            .finish_non_exhaustive()
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
        STANDARD.decode(text).map(Bytes::from).map_err(bad(UnusableEvent::Body))
    } else {
        Ok(text)
    }
}

/// The fields of a JSON object, in the order in which they were written.
fn in_order<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<(String, String)>, D::Error> {
    struct Fields;

    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = object.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }

    json.deserialize_map(Fields)
}

/// The gateway has taken the cookies out of the headers.
fn headers(named: &[(String, String)], cookies: &[String]) -> Result<HeaderMap, UnusableEvent> {
    let mut headers = HeaderMap::with_capacity(named.len());
    for (name, value) in named {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(bad(UnusableEvent::Header))?;
        headers.append(name, header_value(value)?);
    }
    if !cookies.is_empty() {
        headers.append(COOKIE, header_value(&cookies.join("; "))?);
    }
    Ok(headers)
}

fn header_value(text: &str) -> Result<HeaderValue, UnusableEvent> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(bad(UnusableEvent::Header))
}

/// The gateway has decoded the path, so that anything can be in it: a `?` that began no query, a
/// space. No webhook URL has such a character; the root has none either, and is as unknown.
fn uri(raw_path: &str) -> Uri {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'.' | b'_' | b'~');
    if raw_path.bytes().all(plain) { raw_path.parse().unwrap_or_default() } else { Uri::default() }
}

fn bad<E>(unusable: UnusableEvent) -> impl FnOnce(E) -> UnusableEvent {
    move |_| unusable
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

    fn request(changes: &Value) -> (Request<Bytes>, String) {
        let (request, origin) = event(changes).into_request(None).expect("a request");
        (request, origin.url)
    }

    #[test]
    fn a_documented_event_is_the_request_that_was_sent() {
        let trace = Some("Root=1-2-3".to_owned());
        let (request, origin) = event(&json!({})).into_request(trace.clone()).expect("a request");
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri().path(), "/webhooks/github");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers().len(), 7);
        assert_eq!(request.body(), "{\"zen\": \"Hi\"}");
        assert_eq!(
            origin.url,
            "https://abc123.execute-api.eu-central-1.amazonaws.com/webhooks/github"
        );
        assert_eq!(origin.trace, trace);
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
            let (request, _) = request(&changes);
            assert_eq!(request.body(), expected, "{changes}");
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
            assert_eq!(request(&changes).1, expected);
        }
    }

    #[test]
    fn without_a_host_header_the_url_has_the_gateway_s_name() {
        let (_, url) = request(&json!({
            "/headers/host": null, "/requestContext/domainName": "abc123.example"
        }));
        assert_eq!(url, "https://abc123.example/webhooks/github");
    }

    #[test]
    fn a_path_that_no_webhook_url_has_never_becomes_one() {
        for path in [
            "/webhooks/github?x",
            "/webhooks/github#x",
            "/webhooks/github x",
            "/webhooks/caf\u{e9}",
            "/webhooks/github%2Fx",
            "https://elsewhere.example/webhooks/github",
            "",
        ] {
            let (request, _) = request(&json!({"/rawPath": path}));
            assert_eq!(request.uri().path(), "/", "{path}");
        }
    }

    #[test]
    fn a_repeated_header_is_the_joined_value_that_the_gateway_made() {
        let (request, _) = request(&json!({"/headers/x-hub-signature-256": "sha256=aa,sha256=bb"}));
        let values: Vec<_> = request.headers().get_all("x-hub-signature-256").iter().collect();
        assert_eq!(values, ["sha256=aa,sha256=bb"]);
    }

    #[test]
    fn headers_stay_in_the_order_in_which_they_came() {
        let json = r#"{"rawPath": "/", "requestContext": {"http": {"method": "POST"}},
            "headers": {"x-b": "1", "x-a": "2", "x-c": "3"}}"#;
        let event: HttpEvent = serde_json::from_str(json).expect("an event");
        let (request, _) = event.into_request(None).expect("a request");
        let names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-b", "x-a", "x-c"]);
    }

    #[test]
    fn a_header_may_hold_text_outside_of_ascii() {
        let (request, _) = request(&json!({"/headers/x-name": "caf\u{e9}"}));
        assert_eq!(request.headers()["x-name"].as_bytes(), "caf\u{e9}".as_bytes());
    }

    #[test]
    fn cookies_are_put_back_into_their_header() {
        let (request, _) = request(&json!({"/cookies": ["a=1", "b=2"]}));
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
    }

    #[test]
    fn other_methods_are_passed_on() {
        for method in ["GET", "DELETE", "OPTIONS", "PROPFIND"] {
            let (request, _) = request(&json!({"/requestContext/http/method": method}));
            assert_eq!(request.method(), method);
        }
    }

    #[test]
    fn an_event_that_is_no_request_is_refused_with_its_reason() {
        for (changes, reason) in [
            (json!({"/body": "!", "/isBase64Encoded": true}), UnusableEvent::Body),
            (json!({"/body": 1}), UnusableEvent::Text),
            (json!({"/headers/x y": "1"}), UnusableEvent::Header),
            (json!({"/headers/x": "a\nb"}), UnusableEvent::Header),
            (json!({"/requestContext/http/method": "GE T"}), UnusableEvent::Method),
        ] {
            assert_eq!(event(&changes).into_request(None).err(), Some(reason), "{changes}");
        }
    }

    #[test]
    fn an_event_in_a_log_shows_neither_headers_nor_query_nor_body() {
        let text = format!("{:?}", event(&json!({"/rawQueryString": "token=hunter2"})));
        assert_eq!(text, r#"HttpEvent { method: "POST", raw_path: "/webhooks/github", .. }"#);
    }
}
