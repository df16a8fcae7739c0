//! Asks an endpoint something, and watches what comes of it.

use bytes::Bytes;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_signature::{Secret, catalog, sign};
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::request;
use hookdock_tests::stack::{START, Stack};
use http::Response;
use serde_json::Value;

/// A request to an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// Who sends; what stands for `*` in the endpoint.
    pub(crate) provider: &'static str,
    pub(crate) method: &'static str,
    pub(crate) query: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// What it is signed with, if it is.
    pub(crate) secret: Option<&'static str>,
}

/// The whole of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: &'static str,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Outcome {
    what: String,
    pub(crate) answer: Response<Bytes>,
    pub(crate) stored: usize,
    pub(crate) lines: Vec<Value>,
}

impl Ask {
    pub(crate) fn get(query: &str) -> Self {
        Self {
            provider: "",
            method: "GET",
            query: query.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            secret: None,
        }
    }

    pub(crate) fn head() -> Self {
        Self { method: "HEAD", ..Self::get("") }
    }

    pub(crate) fn post(query: &str, body: &str) -> Self {
        Self { method: "POST", body: body.to_owned(), ..Self::get(query) }
    }

    pub(crate) fn signed(provider: &'static str, secret: &'static str, body: &str) -> Self {
        let ask = Self { secret: Some(secret), ..Self::post("", body) }.to(provider);
        match provider {
            "twitch" => ask.with("Twitch-Eventsub-Message-Id", "e76c6bd4-55c9").with(
                "Twitch-Eventsub-Message-Type",
                if body.contains("challenge") {
                    "webhook_callback_verification"
                } else {
                    "revocation"
                },
            ),
            _ => ask,
        }
    }

    pub(crate) fn to(self, provider: &'static str) -> Self {
        Self { provider, ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn url(&self) -> String {
        format!("https://hooks.example/webhooks/hook{}", self.query)
    }

    fn request(&self) -> Incoming {
        let mut request = Incoming {
            url: self.url(),
            headers: self.headers.iter().map(|(name, value)| (*name, &**value)).collect(),
            body: self.body.clone().into(),
            trace: None,
            ..request(self.method, "/webhooks/hook")
        };
        if let Some(secret) = self.secret {
            let provider = catalog::find(self.provider).expect("in the catalogue");
            let secret = Secret::new("test", secret).expect("not empty");
            let made = sign(&provider, &secret, &request.request(), START);
            request.headers.extend(made.expect("a shared secret can sign"));
        }
        request
    }
}

/// Asks an endpoint that is written as in `endpoints.toml`.
pub(crate) async fn play(endpoint: &str, ask: &Ask) -> Outcome {
    let endpoint = endpoint.replace('*', ask.provider);
    let stack =
        Stack::serving(&format!("[endpoints.hook]\n{endpoint}"), registry(Settings::default()));
    send(&stack, ask).await
}

/// Asks the endpoint `hook` of a stack.
pub(crate) async fn send(stack: &Stack, ask: &Ask) -> Outcome {
    let before = stack.local.objects().expect("memory").len();
    let logs = Logs::capture();
    let answer = stack.send(ask.request()).await;
    let stored = stack.local.objects().expect("memory").len() - before;
    Outcome { what: format!("{ask:?}"), answer, stored, lines: logs.lines() }
}

impl Outcome {
    /// The answer has these headers and no others; a refusal names its delivery.
    pub(crate) fn check(&self, said: &Said) {
        let Self { what, answer, stored, .. } = self;
        assert_eq!((answer.status().as_u16(), self.body()), (said.status, said.body), "{what}");
        let headers = answer.headers().iter();
        let mut headers: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")))
            .filter(|(name, _)| said.status < 300 || *name != "x-hookdock-delivery")
            .collect();
        headers.sort_unstable();
        assert_eq!(headers, said.headers, "{what}");
        assert_eq!(*stored, 0, "{what}");
    }

    pub(crate) fn body(&self) -> &str {
        std::str::from_utf8(self.answer.body()).expect("UTF-8")
    }
}
