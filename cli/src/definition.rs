//! A provider's definition as it is written, for people and for explanations.
//!
//! The library keeps most of a scheme to itself. Its file says the rest, and only a part of it
//! is read here: what is not understood is left out of explanations, never guessed.

use hookdock_signature::{Headers, Provider, catalog};
use serde::{Deserialize, Serialize};

/// The parts of a definition that people are told about.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Definition {
    scheme: Scheme,
    #[serde(default)]
    alternatives: Vec<Alternative>,
    pub(crate) event_id: Option<Places>,
    pub(crate) event_type: Option<Places>,
    #[serde(default)]
    pub(crate) items: Vec<Items>,
}

/// Where an event's id or type is.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Places {
    #[serde(default)]
    pub(crate) from: Vec<String>,
}

/// Where the events of a request are that carries several.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Items {
    pub(crate) form: Option<String>,
    pub(crate) at: String,
    #[serde(default)]
    pub(crate) id: Vec<String>,
    #[serde(default, rename = "type")]
    pub(crate) event_type: Vec<String>,
}

/// One way of signing.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Scheme {
    pub(crate) kind: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) signature: Option<Carrier>,
    pub(crate) timestamp: Option<Time>,
    pub(crate) key: Option<Key>,
    jwt: Option<Token>,
}

/// A token that names what it binds.
#[derive(Debug, Clone, Deserialize)]
struct Token {
    /// None where the body is the token.
    header: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Alternative {
    #[serde(default)]
    scheme: Scheme,
}

/// What carries the signature.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Carrier {
    #[serde(default)]
    pub(crate) from: String,
    name: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    numbered_prefix: Option<String>,
    pub(crate) prefix: Option<String>,
    pub(crate) layout: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) item_sep: Option<String>,
}

/// Where the time is.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Time {
    pub(crate) from: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) unit: String,
    pub(crate) tolerance_seconds: Option<u32>,
}

/// How a secret becomes a key.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Key {
    pub(crate) format: Option<String>,
    pub(crate) strip_prefix: Option<String>,
}

impl Definition {
    /// The definition of a provider of the catalogue.
    pub(crate) fn of(id: &str) -> Self {
        let text = catalog::text(id).unwrap_or_default();
        toml::from_str(text).unwrap_or_default()
    }

    /// The main scheme.
    pub(crate) const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The main scheme, then the alternatives.
    pub(crate) fn schemes(&self) -> Vec<Scheme> {
        let others = self.alternatives.iter().map(|other| other.scheme.clone().or(&self.scheme));
        std::iter::once(self.scheme.clone()).chain(others).collect()
    }

    /// Every header that a scheme looks at, once.
    pub(crate) fn headers(&self, provider: &Provider) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.schemes().iter().flat_map(|scheme| scheme.headers(provider)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The scheme whose signature is in the request; the main one where there is none.
    pub(crate) fn scheme_of(&self, provider: &Provider, headers: &Headers) -> Scheme {
        let carried = |scheme: &Scheme| {
            scheme.signature_headers(provider).iter().any(|name| headers.contains(name))
        };
        let found = self.schemes().into_iter().find(carried);
        found.unwrap_or_else(|| self.scheme.clone())
    }
}

impl Scheme {
    /// An alternative that names a kind stands alone; any other fills its gaps from the main one.
    fn or(self, main: &Self) -> Self {
        if self.kind.is_some() {
            return self;
        }
        let main = main.clone();
        Self {
            kind: main.kind,
            digest: self.digest.or(main.digest),
            encoding: self.encoding.or(main.encoding),
            message: self.message.or(main.message),
            signature: self.signature.or(main.signature),
            timestamp: self.timestamp.or(main.timestamp),
            key: self.key.or(main.key),
            jwt: self.jwt.or(main.jwt),
        }
    }

    /// Whether a value in the request is itself the secret.
    pub(crate) fn is_credential(&self) -> bool {
        matches!(self.kind.as_deref(), Some("token" | "basic"))
    }

    /// Whether a part of the request, such as `{url`, is signed.
    pub(crate) fn signs(&self, part: &str) -> bool {
        self.message.as_ref().is_some_and(|message| message.contains(part))
    }

    /// Whether a changed body can make a difference.
    pub(crate) fn covers_body(&self) -> bool {
        ["{body", "{json", "{form", "{sorted_form"].iter().any(|part| self.signs(part))
    }

    /// The headers that carry the signature.
    pub(crate) fn signature_headers(&self, provider: &Provider) -> Vec<String> {
        match (&self.signature, &self.jwt, self.kind.as_deref()) {
            (Some(carrier), ..) => carrier.headers(provider),
            (None, Some(token), _) => token.header.iter().cloned().collect(),
            (None, None, Some("basic")) => vec!["Authorization".to_owned()],
            (None, None, _) => Vec::new(),
        }
    }

    /// The header that carries the time, where it has one of its own.
    pub(crate) fn time_header(&self) -> Option<&str> {
        self.timestamp.as_ref().filter(|time| time.from == "header").map(|time| &*time.name)
    }

    /// The other headers that are signed.
    pub(crate) fn signed_headers(&self) -> Vec<String> {
        let message = self.message.as_deref().unwrap_or_default();
        let parts = message.split("{header:").skip(1);
        parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
    }

    /// Every header that this scheme looks at.
    pub(crate) fn headers(&self, provider: &Provider) -> Vec<String> {
        let mut names = self.signature_headers(provider);
        names.extend(self.time_header().map(str::to_owned));
        names.extend(self.signed_headers());
        names
    }
}

impl Carrier {
    fn headers(&self, provider: &Provider) -> Vec<String> {
        if self.from != "header" {
            return Vec::new();
        }
        let numbered = self.numbered_prefix.as_ref().map(|prefix| format!("{prefix}1"));
        let named = self.name.as_deref().and_then(|name| resolve(name, provider));
        numbered.into_iter().chain(named).chain(self.also.iter().cloned()).collect()
    }
}

/// `{config:name}` stands for what the operator has set.
fn resolve(name: &str, provider: &Provider) -> Option<String> {
    let Some(setting) = name.strip_prefix("{config:").and_then(|rest| rest.strip_suffix('}'))
    else {
        return Some(name.to_owned());
    };
    let (_, setting) = provider.settings().find(|(known, _)| *known == setting)?;
    setting.value.clone()
}
