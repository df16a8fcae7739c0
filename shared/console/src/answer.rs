//! How answers are written: JSON that nobody keeps, and bodies that no browser opens.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// What is on every answer.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// JSON with a version of its own; nothing where the asker has that version already.
pub(crate) fn versioned(value: &impl Serialize, etag: &str, known: Option<&str>) -> Response {
    let quoted = format!("\"{etag}\"");
    let is_known = known == Some(quoted.as_str());
    let mut answer = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => json(StatusCode::OK, value),
    };
    if let Ok(quoted) = HeaderValue::from_str(&quoted) {
        answer.headers_mut().insert(header::ETAG, quoted);
    }
    answer
}

/// The bytes of a body, to be kept in a file and never to be shown as a page.
pub(crate) fn download(body: Bytes) -> Response {
    let etag = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
        (header::ETAG, format!("\"{etag}\"")),
    ];
    (headers, body).into_response()
}

/// Adds what is on every answer.
pub(crate) fn finished(mut answer: Response) -> Response {
    for (name, value) in ALWAYS {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}
