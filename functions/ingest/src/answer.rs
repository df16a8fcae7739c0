//! What the function hands back to API Gateway, payload format 2.0.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Response};
use serde::Serialize;

/// An answer, as API Gateway takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpAnswer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response<Bytes>> for HttpAnswer {
    fn from(response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        let (body, is_base64_encoded) = match String::from_utf8(body.into()) {
            Ok(text) => (text, false),
            Err(binary) => (STANDARD.encode(binary.as_bytes()), true),
        };
        Self {
            status_code: parts.status.as_u16(),
            headers: headers(&parts.headers),
            body,
            is_base64_encoded,
        }
    }
}

/// The gateway takes one value for each name; several are joined, as HTTP allows.
fn headers(map: &HeaderMap) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in map {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push_str(", ");
                joined.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    headers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(response: Response<&'static [u8]>, expected: &serde_json::Value) {
        let answer = HttpAnswer::from(response.map(Bytes::from_static));
        assert_eq!(serde_json::to_value(answer).expect("JSON"), *expected);
    }

    #[test]
    fn an_empty_answer_is_a_status_and_an_empty_text() {
        check(
            Response::new(b""),
            &json!({"statusCode": 200, "headers": {}, "body": "", "isBase64Encoded": false}),
        );
    }

    #[test]
    fn a_text_answer_keeps_its_bytes_and_headers() {
        let response = Response::builder()
            .status(503)
            .header("Content-Type", "application/json")
            .header("Retry-After", "5")
            .header("Vary", "a")
            .header("Vary", "b")
            .body("{\"error\":\"caf\u{e9}\"}".as_bytes())
            .expect("a response");
        check(
            response,
            &json!({
                "statusCode": 503,
                "headers": {"content-type": "application/json", "retry-after": "5", "vary": "a, b"},
                "body": "{\"error\":\"caf\u{e9}\"}",
                "isBase64Encoded": false,
            }),
        );
    }

    #[test]
    fn a_binary_answer_is_written_in_base64() {
        check(
            Response::new(b"\xff\x00"),
            &json!({"statusCode": 200, "headers": {}, "body": "/wA=", "isBase64Encoded": true}),
        );
    }
}
