//! What the functions are called with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hookdock_signature::{EpochMillis, Headers, Request, Secret, catalog, sign};
use serde_json::{Value, json};

use crate::stubs::SECRET;

/// How a body gets into an event. The gateway puts what is not text into it as base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Text,
    Base64,
}

impl Body {
    /// Of about so many bytes: JSON as GitHub writes it, or bytes that are no text.
    pub(crate) fn of_size(self, bytes: usize) -> Vec<u8> {
        match self {
            Self::Text => text(bytes).into_bytes(),
            Self::Base64 => (0..bytes).map(|at| u8::try_from(at % 256).expect("a byte")).collect(),
        }
    }
}

/// A signed webhook of GitHub, as API Gateway hands it on (payload format 2.0). `number` tells it
/// from others.
pub(crate) fn webhook(kind: Body, body: &[u8], number: usize) -> Bytes {
    delivered(kind, body, number, &signature(body))
}

/// The same, signed by somebody who does not know the secret.
pub(crate) fn forged(kind: Body, body: &[u8]) -> Bytes {
    let mut headers = signature(body);
    let signature = headers.pop().expect("a signature").1;
    let last = if signature.ends_with('0') { "1" } else { "0" };
    let forged = [signature.get(..signature.len() - 1).expect("ASCII"), last].concat();
    delivered(kind, body, 0, &[("X-Hub-Signature-256".to_owned(), forged)])
}

/// Messages of the queue, as Lambda hands a batch of them on.
pub(crate) fn batch(messages: &[String]) -> Bytes {
    let records = messages.iter().enumerate().map(|(number, body)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-{number:012}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795262400100",
                "SenderId": "AROAEXAMPLE:ingest",
                "ApproximateFirstReceiveTimestamp": "1795262400110",
            },
            "messageAttributes": {},
            "md5OfBody": "5b7c20cb7b19ec2770bb634f1f3b2eb7",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:bench",
            "awsRegion": "us-east-1",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() }).to_string().into()
}

fn signature(body: &[u8]) -> Vec<(String, String)> {
    let secret = Secret::new("s1", SECRET).expect("not empty");
    let github = catalog::find("github").expect("in the catalogue");
    let headers = &Headers::default();
    let url = "https://example.com/webhooks/github";
    let draft = Request { method: "POST", url, headers, body };
    sign(&github, &secret, &draft, EpochMillis::new(0)).expect("signed").into_iter().collect()
}

fn delivered(kind: Body, body: &[u8], number: usize, signature: &[(String, String)]) -> Bytes {
    let mut headers = json!({
        "content-type": "application/json", "x-github-event": "issues",
        "x-github-delivery": format!("72d3162e-cc78-11e3-81ab-{number:012}"),
        "user-agent": "GitHub-Hookshot/044aadd", "host": "example.com",
    });
    for (name, value) in signature {
        headers[name.to_lowercase()] = value.as_str().into();
    }
    let body = match kind {
        Body::Text => String::from_utf8(body.to_vec()).expect("text"),
        Body::Base64 => STANDARD.encode(body),
    };
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/webhooks/github",
        "rawQueryString": "", "headers": headers, "body": body,
        "isBase64Encoded": kind == Body::Base64,
        "requestContext": {
            "domainName": "example.com", "requestId": "JKJaXmPLvHcESHA=",
            "http": { "method": "POST", "path": "/webhooks/github", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "GitHub-Hookshot/044aadd" },
        },
    })
    .to_string()
    .into()
}

/// An event of many short fields, a third of them URLs, as GitHub's are.
fn text(bytes: usize) -> String {
    let mut labels: Vec<Value> = Vec::new();
    let mut event = json!({
        "action": "opened",
        "issue": { "number": 1347, "title": "Found a bug", "user": { "login": "octocat", "id": 1 } },
        "repository": { "id": 1_296_269, "full_name": "octocat/Hello-World", "private": false },
        "padding": "",
    });
    let mut length = event.to_string().len();
    for id in 208_045_946.. {
        let label = json!({
            "id": id, "name": "bug", "description": "Something isn't working", "color": "f29513",
            "url": "https://api.github.com/repos/octocat/Hello-World/labels/bug", "default": true,
        });
        length += label.to_string().len() + 1;
        if length + 16 > bytes {
            break;
        }
        labels.push(label);
    }
    event["issue"]["labels"] = labels.into();
    let missing = bytes.saturating_sub(event.to_string().len());
    event["padding"] = "x".repeat(missing).into();
    event.to_string()
}
