//! What a receiver costs on Lambda, measured side by side.
//!
//! ```console
//! $ tests/run bench
//! $ cargo bench -p hookdock-tests --bench receive -- --calls 5000 --latency-ms 5 --json
//! ```
//!
//! Each function is started as Lambda starts it, under a Runtime API of our own, and calls
//! stand-ins for S3, SQS and Secrets Manager: over TLS, unless `--plain` is given. `--bytes` is
//! the size of the webhook, `--starts` how often each is started; the medians count. Calls take
//! turns in short blocks, so that a slow moment of the machine hits all of them, and still only
//! ratios within one run mean anything.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a run that breaks has measured nothing"
)]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures time and starts processes")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]

mod candidates;
mod function;
mod lambda;
mod report;
mod stubs;

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use function::{Candidate, Function};
use hookdock_https::testing::Authority;
use hookdock_signature::{EpochMillis, Headers, Request, Secret, catalog, sign};
use report::Row;
use serde_json::json;
use stubs::{Aws, SECRET};

/// Calls of one function before the next has its turn.
const BLOCK: usize = 50;

struct Options {
    calls: usize,
    starts: usize,
    body_bytes: usize,
    latency: Duration,
    plain: bool,
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = options();
    std::fs::create_dir_all(folder()).expect("a folder");
    let authority = Authority::default();
    std::fs::write(folder().join("authority.pem"), pem(&authority.root())).expect("written");
    let event = event(options.body_bytes);
    let candidates = candidates::all();
    let mut starts = vec![Vec::new(); candidates.len()];
    let mut functions = Vec::new();
    for _ in 0..options.starts {
        functions.clear();
        for (candidate, starts) in candidates.iter().zip(&mut starts) {
            let aws = aws(candidate, &options, &authority).await;
            let function = Function::start(candidate, aws, &event).await;
            starts.push(function.start);
            functions.push(function);
        }
    }
    for _ in 0..options.calls / BLOCK {
        for function in &mut functions {
            function.call_often(&event, BLOCK).await;
        }
    }
    let rows = functions.iter().zip(&starts).zip(&candidates);
    let rows = rows.map(|((function, starts), one)| Row::of(function, starts, one.zip_bytes()));
    report::print(&rows.collect::<Vec<_>>(), options.json);
}

async fn aws(candidate: &Candidate, options: &Options, authority: &Authority) -> Aws {
    if candidate.speaks_tls && !options.plain {
        Aws::tls(authority, options.latency).await
    } else {
        Aws::plain(options.latency).await
    }
}

/// Where what is installed and made for the benchmark lies.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench")
}

fn options() -> Options {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        let value = at.and_then(|at| arguments.get(at + 1));
        value.map_or(default, |value| value.parse().expect("a number"))
    };
    let size = |number: u64| usize::try_from(number).expect("a size");
    Options {
        calls: size(number("--calls", 1000)),
        starts: size(number("--starts", 5)).max(1),
        body_bytes: size(number("--bytes", 4096)),
        latency: Duration::from_millis(number("--latency-ms", 0)),
        plain: has("--plain"),
        json: has("--json"),
    }
}

/// A certificate as other programs take it, in lines as OpenSSL insists.
fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines = lines.collect::<Vec<_>>().join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

/// A signed GitHub event, as API Gateway hands it on (payload format 2.0).
fn event(body_bytes: usize) -> Bytes {
    let filling = "x".repeat(body_bytes.saturating_sub(64));
    let body = json!({ "action": "opened", "issue": { "title": filling } }).to_string();
    let secret = Secret::new("s1", SECRET).expect("not empty");
    let github = catalog::find("github").expect("in the catalogue");
    let headers = &Headers::default();
    let url = "https://example.com/webhooks/github";
    let draft = Request { method: "POST", url, headers, body: body.as_bytes() };
    let signed = sign(&github, &secret, &draft, EpochMillis::new(0)).expect("signed");
    let mut headers = json!({
        "content-type": "application/json", "x-github-event": "issues",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "user-agent": "GitHub-Hookshot/044aadd", "host": "example.com",
    });
    for (name, value) in signed {
        headers[name.to_lowercase()] = value.into();
    }
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/webhooks/github",
        "rawQueryString": "", "headers": headers, "body": body, "isBase64Encoded": false,
        "requestContext": {
            "domainName": "example.com", "requestId": "JKJaXmPLvHcESHA=",
            "http": { "method": "POST", "path": "/webhooks/github", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "GitHub-Hookshot/044aadd" },
        },
    })
    .to_string()
    .into()
}
