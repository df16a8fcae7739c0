//! Requests, as providers and strangers make them.

use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_signature::EpochMillis;
use hookdock_tests::requests::{Draft, request};

use crate::bodies::{any, bytes, text};

/// A URL that the tests' endpoints have, and whose secret opens it.
pub(crate) struct Target {
    /// The endpoint.
    pub(crate) endpoint: &'static str,
    tenant: Option<&'static str>,
    provider: &'static str,
    secret: &'static str,
    /// The most that it takes, in bytes.
    pub(crate) limit: usize,
    /// What becomes of a delivery.
    pub(crate) kept: Kept,
}

/// What becomes of a delivery.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is an object at once, and one event.
    Object,
    /// It is packed later, and one event.
    Inline,
    /// It can be several events.
    Batch,
    /// It is an object, and no event.
    Direct,
}

const CEILING: usize = 4_500_000;

/// The URLs whose signatures cover the whole body.
pub(crate) const TARGETS: [Target; 12] = [
    target("stripe", None, "stripe", "whsec_test", Kept::Object),
    target("small", None, "stripe", "whsec_small", Kept::Inline),
    target("accounts", None, "stripe", "whsec_accounts", Kept::Object),
    target("accounts", Some("acme"), "stripe", "whsec_acme", Kept::Object),
    target("picky", None, "stripe", "whsec_picky", Kept::Object),
    Target { limit: 100_000, ..target("github", None, "github", "github secret", Kept::Object) },
    target("pushes", None, "github", "github secret", Kept::Inline),
    target("direct", None, "github", "github secret", Kept::Direct),
    target("orders", Some("acme"), "shopify", "acme secret", Kept::Object),
    target("orders", Some("globex"), "shopify", "globex secret", Kept::Object),
    target("payments", None, "gocardless", "gocardless secret", Kept::Batch),
    target("transfers", None, "gocardless", "gocardless secret", Kept::Batch),
];

const fn target(
    endpoint: &'static str,
    tenant: Option<&'static str>,
    provider: &'static str,
    secret: &'static str,
    kept: Kept,
) -> Target {
    Target { endpoint, tenant, provider, secret, limit: CEILING, kept }
}

/// URLs of endpoints whose schemes differ, and of none.
const ELSEWHERE: [&str; 10] = [
    "/webhooks/mail",
    "/webhooks/letters",
    "/webhooks/cards",
    "/webhooks/channels",
    "/webhooks/books",
    "/webhooks/open",
    "/webhooks/orders",
    "/webhooks/orders/nobody",
    "/webhooks/nobody",
    "/",
];

/// Headers that a scheme or a host reads, and one that nobody does.
const READ: [&str; 14] = [
    "stripe-signature",
    "x-hub-signature-256",
    "x-github-event",
    "x-github-delivery",
    "x-shopify-hmac-sha256",
    "x-shopify-topic",
    "webhook-signature",
    "x-twilio-email-event-webhook-signature",
    "x-mandrill-signature",
    "x-pusher-signature",
    "x-xero-signature",
    "authorization",
    "content-type",
    "x-other",
];

/// Headers that no signature covers and no scheme reads.
const UNREAD: [&str; 6] = [
    "content-encoding",
    "transfer-encoding",
    "content-type",
    "expect",
    "x-forwarded-for",
    "x-\u{e9}",
];

/// A request, and who made it.
pub(crate) struct Shot {
    pub(crate) request: Incoming,
    pub(crate) by: By,
}

/// Who made a request.
#[derive(Clone, Copy)]
pub(crate) enum By {
    /// Somebody who has the secret.
    Provider(&'static Target),
    /// Somebody who has none, or another.
    Stranger(&'static str),
}

/// One request. `known` is a secret that strangers happen to know.
pub(crate) fn shot(rng: &mut Rng, now: EpochMillis, known: Option<&str>) -> Shot {
    let target = &TARGETS[rng.usize(..TARGETS.len())];
    let genuine = draft(rng, target);
    let (by, request) = match rng.u32(..10) {
        0..3 => (By::Provider(target), genuine.signed(now)),
        3 => (By::Stranger("any request"), noise(rng)),
        4 => (By::Stranger("another secret"), guessed(rng, genuine, known).signed(now)),
        5 => (By::Stranger("another body"), tampered(rng, genuine.signed(now))),
        6 => (By::Stranger("another URL"), elsewhere(rng, target, genuine.signed(now))),
        7 => (By::Stranger("the signature twice"), twice(rng, &genuine, now)),
        8 => return recorded(rng, now),
        _ => (By::Stranger("another method"), other_method(rng, genuine.signed(now))),
    };
    Shot { request, by }
}

fn draft(rng: &mut Rng, target: &Target) -> Draft {
    let mut headers: Vec<_> =
        (0..rng.usize(..3)).map(|_| (UNREAD[rng.usize(..6)].to_owned(), text(rng, 30))).collect();
    match target.provider {
        "github" => headers.extend([
            ("X-GitHub-Event".to_owned(), text(rng, 20)),
            ("X-GitHub-Delivery".to_owned(), text(rng, 20)),
        ]),
        "shopify" => headers.extend([
            ("X-Shopify-Topic".to_owned(), text(rng, 20)),
            ("X-Shopify-Event-Id".to_owned(), text(rng, 20)),
        ]),
        _ => {}
    }
    Draft {
        path: match target.tenant {
            None => format!("/webhooks/{}", target.endpoint),
            Some(tenant) => format!("/webhooks/{}/{tenant}", target.endpoint),
        },
        provider: target.provider,
        secret: target.secret.to_owned(),
        headers,
        body: any(rng),
    }
}

fn noise(rng: &mut Rng) -> Incoming {
    let path = match rng.u32(..4) {
        0 => text(rng, 30),
        1 => format!("/webhooks/{}", text(rng, 20)),
        2 => ELSEWHERE[rng.usize(..ELSEWHERE.len())].to_owned(),
        _ => format!("/webhooks/{}", TARGETS[rng.usize(..TARGETS.len())].endpoint),
    };
    let method = ["POST", "POST", "POST", "GET", "HEAD", "PUT", "post", ""][rng.usize(..8)];
    let header = |rng: &mut Rng| (READ[rng.usize(..READ.len())].to_owned(), value(rng));
    Incoming {
        headers: (0..rng.usize(..8)).map(|_| header(rng)).collect(),
        body: if rng.bool() { any(rng) } else { bytes(rng, 100).into() },
        ..request(method, &path)
    }
}

/// What looks like a signature, and anything else.
fn value(rng: &mut Rng) -> String {
    match rng.u32(..5) {
        0 => format!("sha256={:064x}", rng.u128(..)),
        1 => format!("t={},v1={:064x}", 1_800_000_000, rng.u128(..)),
        2 => "v1=00,".repeat(rng.usize(..200)),
        3 => "A".repeat(rng.usize(..2000)),
        _ => text(rng, 60),
    }
}

fn guessed(rng: &mut Rng, genuine: Draft, known: Option<&str>) -> Draft {
    let secret = known.map_or_else(|| format!("guessed {}", rng.u64(..)), str::to_owned);
    Draft { secret, ..genuine }
}

fn tampered(rng: &mut Rng, signed: Incoming) -> Incoming {
    let mut body = signed.body.to_vec();
    match body.len() {
        0 => body.push(rng.u8(..)),
        length => body[rng.usize(..length)] ^= rng.u8(1..),
    }
    Incoming { body: body.into(), ..signed }
}

/// Where another secret is needed, or nothing is.
fn elsewhere(rng: &mut Rng, from: &Target, signed: Incoming) -> Incoming {
    let others: Vec<_> = TARGETS.iter().filter(|other| other.secret != from.secret).collect();
    let path = match (rng.bool(), others[rng.usize(..others.len())]) {
        (true, _) => ELSEWHERE[rng.usize(..ELSEWHERE.len())].to_owned(),
        (false, Target { endpoint, tenant: None, .. }) => format!("/webhooks/{endpoint}"),
        (false, Target { endpoint, tenant: Some(tenant), .. }) => {
            format!("/webhooks/{endpoint}/{tenant}")
        }
    };
    Incoming { path: path.clone(), url: format!("https://hooks.example{path}"), ..signed }
}

/// Two signatures, of which one is right, where one belongs.
fn twice(rng: &mut Rng, genuine: &Draft, now: EpochMillis) -> Incoming {
    let before = genuine.headers.len();
    let mut signed = genuine.signed(now);
    let (name, _) = signed.headers.iter().skip(before).last().expect("a signature");
    let again = (name.to_owned(), value(rng));
    signed.headers.extend([again]);
    signed
}

fn other_method(rng: &mut Rng, signed: Incoming) -> Incoming {
    let method = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "POST ", ""][rng.usize(..8)];
    Incoming { method: method.to_owned(), ..signed }
}

/// A delivery that was recorded an hour ago, at an endpoint whose scheme signs the time.
fn recorded(rng: &mut Rng, now: EpochMillis) -> Shot {
    let hour_ago = EpochMillis::new(now.get() - 3_600_000);
    let request = draft(rng, &TARGETS[0]).signed(hour_ago);
    Shot { request, by: By::Stranger("an hour ago") }
}

/// How far the clock goes on between two requests.
pub(crate) fn pause(rng: &mut Rng) -> Duration {
    Duration::from_millis(rng.u64(..3000))
}

/// What a shot is, in a line.
pub(crate) fn told(shot: &Shot) -> String {
    let Shot { request, by } = shot;
    let by = match by {
        By::Provider(target) => format!("the provider of {}", target.endpoint),
        By::Stranger(with) => format!("a stranger with {with}"),
    };
    let start = Bytes::copy_from_slice(&request.body[..request.body.len().min(300)]);
    format!("{} {} by {by}\n{:?}\n{start:?}", request.method, request.path, request.headers)
}
