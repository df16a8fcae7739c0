//! A request in a file: JSON with `method`, `url`, `headers`, and `body` or `body_base64`.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use derive_more::Debug;
use hookdock_signature::{Headers, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use serde_with::{As, Map, Same};

use crate::input;

/// A request that somebody kept.
#[derive(Clone, Debug)]
#[debug("{:?}", self.request())]
pub(crate) struct SavedRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// The file as it is written.
#[derive(Serialize)]
pub(crate) struct File {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// The file as it is read. Values are looked at later, because an error of the JSON reader
/// would quote them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    method: Option<Value>,
    url: Option<Value>,
    headers: Box<RawValue>,
    body: Option<Value>,
    body_base64: Option<Value>,
}

impl SavedRequest {
    /// Reads a file; `-` is standard input.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let next = "`hookdock verify --help` shows the form of a request";
        let bytes = input::bytes(path).map_err(|error| input::advised(error, next))?;
        let saved = Self::parse(&bytes);
        saved.with_context(|| format!("{} is not a saved request", path.display()))
    }

    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        if !bytes.trim_ascii_start().starts_with(b"{") {
            bail!(
                "it has to be a JSON object with `method`, `url`, `headers`, \
                 and `body` or `body_base64`"
            );
        }
        let raw: RawFile = serde_json::from_slice(bytes)?;
        Ok(Self {
            method: text("method", raw.method)?.unwrap_or_else(|| "POST".to_owned()),
            url: text("url", raw.url)?.unwrap_or_default(),
            headers: headers(&raw.headers)?,
            body: body(text("body", raw.body)?, text("body_base64", raw.body_base64)?)?,
        })
    }

    /// The request, for the verifier.
    pub(crate) fn request(&self) -> Request<'_> {
        Request { method: &self.method, url: &self.url, headers: &self.headers, body: &self.body }
    }

    /// The request with these headers, instead of those that have the same names.
    pub(crate) fn with(mut self, headers: Vec<(String, String)>) -> Self {
        let replaced = |name: &str| headers.iter().any(|(new, _)| new.eq_ignore_ascii_case(name));
        let kept: Vec<_> = self.headers.iter().filter(|(name, _)| !replaced(name)).collect();
        let mut all: Headers = kept.into_iter().collect();
        all.extend(headers);
        self.headers = all;
        self
    }

    /// The request as a file.
    pub(crate) fn file(&self) -> File {
        let text = String::from_utf8(self.body.clone());
        let (body, body_base64) = match text {
            Ok(text) => (Some(text), None),
            Err(bytes) => (None, Some(STANDARD.encode(bytes.as_bytes()))),
        };
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        File { method: self.method.clone(), url: self.url.clone(), headers, body, body_base64 }
    }
}

fn text(key: &str, value: Option<Value>) -> anyhow::Result<Option<String>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) if key == "body" => Err(anyhow!(
            "`body` has to be a string: the exact text that was received, not the JSON in it"
        )),
        Some(_) => Err(anyhow!("`{key}` has to be a string")),
    }
}

fn body(body: Option<String>, base64: Option<String>) -> anyhow::Result<Vec<u8>> {
    match (body, base64) {
        (Some(_), Some(_)) => bail!("it has both `body` and `body_base64`; leave one out"),
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(text)) => {
            STANDARD.decode(text.trim()).map_err(|_| anyhow!("`body_base64` is not base64"))
        }
        (None, None) => Ok(Vec::new()),
    }
}

/// A map of names to a value or a list of values, or a list of pairs. Repeats are kept.
fn headers(raw: &RawValue) -> anyhow::Result<Headers> {
    let wrong = || anyhow!("`headers` has to be a map, or a list of [name, value] pairs");
    let pairs = match serde_json::from_str::<Pairs>(raw.get()) {
        Ok(Pairs(pairs)) => pairs,
        Err(_) => serde_json::from_str::<Vec<(String, Value)>>(raw.get()).map_err(|_| wrong())?,
    };
    let mut headers = Vec::new();
    for (name, value) in pairs {
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let value = value.as_str().ok_or_else(|| anyhow!("header {name:?} is not a string"))?;
            headers.push(input::header(&name, value)?);
        }
    }
    Ok(headers.into_iter().collect())
}

/// A JSON object that keeps repeated keys.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Pairs(#[serde(with = "As::<Map<Same, Same>>")] Vec<(String, Value)>);

impl Pairs {
    /// The keys, in their order.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.0.into_iter().map(|(name, _)| name).collect()
    }
}
