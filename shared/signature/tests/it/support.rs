//! One delivery, changed in one place per test.

use std::collections::BTreeMap;

use hookdock_signature::{
    EpochMillis, Headers, Proof, Provider, Rejection, Request, Secret, catalog, verify,
};
use serde::Deserialize;

/// A signed example. What is not asserted anywhere is for the reader.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) definition: String,
    pub(crate) origin: String,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) confirmed_by: Vec<String>,
    pub(crate) read: String,
    #[serde(default)]
    pub(crate) trust: String,
    pub(crate) secret: String,
    pub(crate) method: String,
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) now_ms: i64,
    #[serde(default)]
    pub(crate) expect: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) provider: Provider,
    pub(crate) secrets: Vec<String>,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) now_ms: i64,
}

impl Vector {
    pub(crate) fn case(&self, provider: Provider) -> Case {
        let provider = self
            .settings
            .iter()
            .fold(provider, |provider, (name, value)| provider.configure(name, value).unwrap());
        Case {
            provider,
            secrets: vec![self.secret.clone()],
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone().into_iter().collect(),
            body: self.body.clone().into_bytes(),
            now_ms: self.now_ms,
        }
    }
}

impl Case {
    pub(crate) fn verify(&self) -> Result<Proof, Rejection> {
        let secrets = self.secrets.iter().enumerate();
        let secrets: Vec<Secret> = secrets
            .map(|(index, value)| Secret::new(format!("s{index}"), value).unwrap())
            .collect();
        let headers = self.headers();
        let now = EpochMillis::new(self.now_ms);
        verify(&self.provider, &secrets, &self.request(&headers), now)
    }

    pub(crate) fn headers(&self) -> Headers {
        self.headers.iter().cloned().collect()
    }

    pub(crate) fn request<'a>(&'a self, headers: &'a Headers) -> Request<'a> {
        Request { method: &self.method, url: &self.url, headers, body: &self.body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(candidate, _)| candidate.eq_ignore_ascii_case(name));
        &found.unwrap().1
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.add(name, value);
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(candidate, _)| !candidate.eq_ignore_ascii_case(name));
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let value = self.header(from).to_owned();
        self.remove(from);
        self.add(to, &value);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorFile {
    #[serde(default)]
    provider: String,
    vectors: Vec<Vector>,
}

/// The signed examples that come with a provider of the catalogue, if any.
pub(crate) fn vectors(provider: &str) -> Vec<Vector> {
    let path = format!("{}/vectors/{provider}.json", env!("CARGO_MANIFEST_DIR"));
    if !std::fs::exists(&path).unwrap() {
        return Vec::new();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let file: VectorFile = serde_json::from_str(&text).unwrap();
    assert_eq!(file.provider, provider);
    file.vectors
}

pub(crate) fn shape_vectors() -> Vec<Vector> {
    serde_json::from_str::<VectorFile>(include_str!("shapes.json")).unwrap().vectors
}

/// Whether this build has what its schemes need.
pub(crate) fn is_verifiable(provider: &Provider) -> bool {
    let public = ["ed25519", "ecdsa", "rsa"];
    let mut schemes = std::iter::once(provider.scheme()).chain(provider.alternatives());
    let needs_public_key =
        schemes.any(|scheme| public.iter().any(|name| scheme.name().starts_with(name)));
    cfg!(feature = "public-key") || !needs_public_key
}

/// An example of the catalogue, ready to be changed.
pub(crate) fn case(id: &str) -> Case {
    for provider in catalog::ids() {
        if let Some(vector) = vectors(provider).iter().find(|vector| vector.id == id) {
            return vector.case(catalog::find(provider).unwrap());
        }
    }
    panic!("no vector {id}");
}

/// Wraps the scheme part of a definition into a whole one.
pub(crate) fn definition(scheme: &str) -> String {
    let head = "id = \"acme\"\nname = \"Acme\"\n";
    let trust = "trust = { scheme = \"verified\", delivery = \"unconfirmed\" }\n";
    format!("{head}{trust}{scheme}")
}

pub(crate) fn provider(scheme: &str) -> Provider {
    definition(scheme).parse().unwrap_or_else(|error| panic!("{error}\n{scheme}"))
}

/// One change, one reason.
#[track_caller]
pub(crate) fn check(name: &str, case: &Case, expected: &Result<&str, Rejection>) {
    let outcome = case.verify();
    let outcome = outcome.as_ref().map(Proof::secret_id).map_err(Clone::clone);
    assert_eq!(&outcome, expected, "{name}");
}
