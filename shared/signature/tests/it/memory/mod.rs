//! The memory that a request takes, from any sender.

mod bodies;

use bodies::{any_provider, grown, items};
use hookdock_signature::{
    EpochMillis, Headers, Provider, Request, RequestView, Secret, catalog, handshake, key_requests,
    sign, verify,
};

use crate::support::vectors;

const SECRET: &str = "abcdefabcdef0123";
const NOW: EpochMillis = EpochMillis::new(1_800_000_000_000);
const URL: &str = "https://hooks.example/x?tenant=1";

/// The largest body that an endpoint takes, unless it says otherwise.
const LARGEST: usize = 4 << 20;
/// Enough to tell a multiple of a body from what no body changes.
const LARGE: usize = 64 << 10;

/// How much memory a request may take beside its body, in bodies, and a little that does not
/// depend on it.
const MOST_BODIES: u64 = 4;
const LITTLE: u64 = 32 << 10;

/// As many items as the pipeline takes apart, of the largest body.
const MOST_ITEMS: usize = 10_000;

/// A provider whose settings are set, and headers that carry something to check.
struct Endpoint {
    provider: Provider,
    secrets: [Secret; 1],
    method: String,
    url: String,
    headers: Headers,
    now: EpochMillis,
}

impl Endpoint {
    /// Headers as the library makes them, for another body.
    fn made(provider: &Provider) -> Self {
        let names: Vec<String> = provider.settings().map(|(name, _)| name.to_owned()).collect();
        let set = |provider: Provider, name: &String| provider.configure(name, "X-Set").unwrap();
        Self {
            provider: names.iter().fold(provider.clone(), set),
            secrets: [Secret::new("s1", SECRET).unwrap()],
            method: "POST".to_owned(),
            url: URL.to_owned(),
            headers: Headers::default(),
            now: NOW,
        }
        .signed(br#"{"id":1,"payloadId":"p","webhookTimestamp":1800000000000}"#)
    }

    /// With the headers that sign this body, as far as the library can sign for the provider.
    fn signed(mut self, body: &[u8]) -> Self {
        let message = self.provider.scheme().message().unwrap_or_default();
        let named = message.split("{header:").skip(1).filter_map(|rest| rest.split('}').next());
        let given: Headers = named.map(|name| (name, "msg_1")).collect();
        let draft = Request { method: "POST", url: &self.url, headers: &given, body };
        let made = sign(&self.provider, &self.secrets[0], &draft, NOW).unwrap_or_default();
        self.headers = given.clone();
        self.headers.extend(made);
        self
    }

    /// How many bytes are taken at once while all is done that a delivery has done to it.
    fn peak(&self, body: &[u8]) -> u64 {
        let Self { method, url, headers, .. } = self;
        let request = Request { method, url, headers, body };
        let most = MOST_ITEMS * body.len() / LARGEST;
        let measured = allocation_counter::measure(|| {
            let unsigned = handshake(&self.provider, &self.secrets, &request, None);
            let keys = key_requests(&self.provider, &self.secrets, &request);
            drop((unsigned, keys));
            let proof = verify(&self.provider, &self.secrets, &request, self.now).ok();
            drop(handshake(&self.provider, &self.secrets, &request, proof.as_ref()));
            let view = RequestView::of(&request);
            let id = self.provider.event_id().map(|id| id.select_from(&view));
            let event_type = self.provider.event_type().map(|name| name.select_from(&view));
            drop((id, event_type));
            drop(self.provider.items().map(|items| items.find(&view, most)));
        });
        measured.bytes_max
    }
}

/// Every provider of the catalogue; together with each of its vectors its own headers and secret.
fn endpoints() -> impl Iterator<Item = (Endpoint, Option<String>)> {
    catalog::ids().filter_map(catalog::find).flat_map(|provider| {
        let examples = vectors(provider.id()).into_iter().map(|vector| {
            let case = vector.case(provider.clone());
            let endpoint = Endpoint {
                headers: case.headers(),
                provider: case.provider,
                secrets: [Secret::new("s1", &*case.secrets[0]).unwrap()],
                method: case.method,
                url: case.url,
                now: EpochMillis::new(case.now_ms),
            };
            (endpoint, Some(vector.body))
        });
        let examples: Vec<_> = examples.collect();
        examples.into_iter().chain([(Endpoint::made(&provider), None)])
    })
}

/// Requests that took too much, and how many were sent at all.
#[derive(Default)]
struct Tally {
    sent: usize,
    exceeded: Vec<String>,
}

impl Tally {
    fn send(&mut self, endpoint: &Endpoint, what: &str, body: &[u8]) {
        let size = u64::try_from(body.len()).unwrap();
        let peak = endpoint.peak(body);
        self.sent += 1;
        if peak > MOST_BODIES * size + LITTLE {
            let id = endpoint.provider.id();
            self.exceeded.push(format!("{id}, {what}: {peak} for a body of {size}"));
        }
    }

    #[track_caller]
    fn check(self, least: usize) {
        assert!(self.exceeded.is_empty(), "{}\n", self.exceeded.join("\n"));
        assert!(self.sent >= least, "{}", self.sent);
    }
}

#[test]
fn a_request_that_nobody_signed_takes_four_times_its_body_at_most() {
    let (bodies, mut tally) = (any_provider(LARGE), Tally::default());
    for (endpoint, _) in endpoints() {
        for (what, body) in &bodies {
            tally.send(&endpoint, what, body);
        }
    }
    tally.check(4_000);
}

#[test]
fn so_does_one_that_begins_like_an_honest_one() {
    let mut tally = Tally::default();
    for (endpoint, example) in endpoints() {
        for (what, body) in example.iter().flat_map(|example| grown(example, LARGE)) {
            tally.send(&endpoint, &what, &body);
        }
    }
    tally.check(500);
}

#[test]
fn so_does_one_with_more_items_than_are_taken_apart() {
    let mut tally = Tally::default();
    for provider in catalog::ids().filter_map(catalog::find) {
        for item in ["0", "{}", "{\"id\":\"\",\"type\":1}"] {
            for (what, body) in items(&provider, item, LARGE) {
                tally.send(&Endpoint::made(&provider), &what, &body);
                tally.send(&Endpoint::made(&provider).signed(&body), &what, &body);
            }
        }
    }
    tally.check(180);
}

#[test]
fn so_does_the_largest_with_as_many_items_as_are_taken_apart() {
    let mut tally = Tally::default();
    let item = format!("{{\"id\":\"{}\"}}", "x".repeat(LARGEST / MOST_ITEMS - 9));
    for provider in catalog::ids().filter_map(catalog::find) {
        for (what, body) in items(&provider, &item, LARGEST - 1000) {
            tally.send(&Endpoint::made(&provider).signed(&body), &what, &body);
        }
    }
    tally.check(30);
}

/// Those that read their bodies before they know who sent them.
const READERS: [&str; 13] = [
    "adyen",
    "aws-sns",
    "dropbox-sign",
    "exact-online",
    "kinde",
    "mailgun",
    "mandrill",
    "microsoft-graph",
    "plivo",
    "strava",
    "treezor",
    "twilio",
    "wix",
];

#[test]
fn so_does_one_of_the_largest_where_the_body_is_read_before_its_signature() {
    let (bodies, mut tally) = (any_provider(LARGEST), Tally::default());
    for provider in READERS.into_iter().filter_map(catalog::find) {
        for (what, body) in bodies.iter().step_by(3) {
            tally.send(&Endpoint::made(&provider), what, body);
        }
    }
    tally.check(78);
}

#[test]
fn so_does_one_that_the_provider_signed() {
    let (bodies, mut tally) = (any_provider(LARGE), Tally::default());
    for provider in catalog::ids().filter_map(catalog::find) {
        for (what, body) in &bodies {
            tally.send(&Endpoint::made(&provider).signed(body), what, body);
        }
    }
    tally.check(3_000);
}

/// All bytes taken while a body of this size is verified, whether given back or not.
fn bytes_taken(provider: &Provider, size: usize) -> Option<u64> {
    let secrets = [Secret::new("s1", SECRET).unwrap()];
    // Not letters: those could be a challenge, which no event is.
    let body = vec![b'{'; size];
    let mut headers = Headers::from_iter([("webhook-id", "msg_1"), ("svix-id", "msg_1")]);
    let given = headers.clone();
    let draft = Request { method: "POST", url: "https://h.example/", headers: &given, body: &body };
    headers.extend(sign(provider, &secrets[0], &draft, NOW).ok()?);
    let request = Request { headers: &headers, ..draft };
    let mut outcome = None;
    let taken = allocation_counter::measure(|| {
        outcome = Some(verify(provider, &secrets, &request, NOW));
    });
    assert!(outcome.unwrap().is_ok(), "{}", provider.id());
    Some(taken.bytes_total)
}

#[test]
fn the_body_is_not_copied() {
    let signs_the_body = |provider: &Provider| {
        provider.scheme().message().is_some_and(|message| message.contains("{body}"))
    };
    let mut count = 0;
    for provider in catalog::ids().filter_map(catalog::find).filter(signs_the_body) {
        let Some(small) = bytes_taken(&provider, 10) else { continue };
        let large = bytes_taken(&provider, 1 << 20).unwrap();
        assert_eq!(small, large, "{}", provider.id());
        assert!(small < 4_000, "{}: {small}", provider.id());
        count += 1;
    }
    assert!(count > 90, "{count}");
}
