//! A delivery, and what its provider answers to who asks for keys.

use std::collections::BTreeMap;

use hookdock_signature::{
    EpochMillis, Headers, Keys, Provider, Rejection, Request, Secret, catalog, key_requests,
    verify_with,
};

use super::NOW;

/// A delivery, and what the provider answers to who asks for keys.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) provider: Provider,
    pub(super) secret: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) answers: BTreeMap<String, Vec<u8>>,
    pub(super) roots: Vec<Vec<u8>>,
    pub(super) now: i64,
}

impl Scene {
    pub(super) fn new(provider: &str, secret: &str, settings: &[(&str, &str)]) -> Self {
        let provider =
            settings.iter().fold(catalog::find(provider).unwrap(), |provider, (name, value)| {
                provider.configure(name, *value).unwrap()
            });
        Self {
            provider,
            secret: secret.to_owned(),
            headers: Vec::new(),
            body: r#"{"id":"evt_1"}"#.to_owned(),
            answers: BTreeMap::new(),
            roots: Vec::new(),
            now: NOW,
        }
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn answers(mut self, url: &str, answer: impl Into<Vec<u8>>) -> Self {
        self.answers.insert(url.to_owned(), answer.into());
        self
    }

    pub(super) fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// As the caller does it: which keys, what the provider says, and then the check.
    pub(super) fn verify(&self) -> Result<&'static str, Rejection> {
        let headers: Headers = self.headers.iter().cloned().collect();
        let (method, url) = ("POST", "https://hooks.example/x");
        let request = Request { method, url, headers: &headers, body: self.body.as_bytes() };
        let secrets = [Secret::new("s0", &*self.secret).unwrap()];
        let now = EpochMillis::new(self.now);
        let mut keys = Keys::none();
        for wanted in key_requests(&self.provider, &secrets, &request) {
            let source = wanted.source();
            let Some(answer) = self.answers.get(source.url()) else { continue };
            let Ok(set) = source.read(answer, || self.roots.clone(), now) else { continue };
            if let Some(key) = set.get(wanted.id()) {
                keys.insert(wanted.clone(), key.clone());
            }
        }
        verify_with(&self.provider, &secrets, &keys, &request, now).map(|proof| {
            assert_eq!(proof.secret_id(), "s0");
            proof.scheme()
        })
    }

    #[track_caller]
    pub(super) fn check(&self, expected: &Result<&'static str, Rejection>) {
        assert_eq!(&self.verify(), expected, "{}", self.provider.id());
    }

    /// Which event it is, by an id that the signature covers.
    #[track_caller]
    pub(super) fn carries(&self, id: &str, event_type: &str) {
        let (headers, body) = (Headers::default(), self.body.as_bytes());
        let request = Request { method: "POST", url: "", headers: &headers, body };
        let found = self.provider.event_id().unwrap().select(&request).unwrap().unwrap();
        assert_eq!((found.value.as_str(), found.covered), (id, true));
        let found = self.provider.event_type().unwrap().select(&request).unwrap().unwrap();
        assert_eq!(found.value, event_type);
    }

    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }
}
