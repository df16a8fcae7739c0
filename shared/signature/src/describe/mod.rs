//! A definition in words, for people who look at a provider or at a request that was refused.
//!
//! ```
//! use hookdock_signature::catalog;
//! use hookdock_signature::describe::Definition;
//!
//! let stripe = Definition::of(&catalog::find("stripe").unwrap());
//! assert_eq!(stripe.headers(), ["Stripe-Signature"]);
//! assert_eq!(stripe.scheme().time.as_ref().unwrap().name, "t");
//! assert_eq!(stripe.event_id, ["json:id"]);
//! ```

mod advice;
mod card;
mod words;

pub use card::card;
use serde::Serialize;

use crate::definition::algorithm::KeyRule;
use crate::definition::jwt::TokenPlace;
use crate::definition::scheme::{Kind, Signed};
use crate::definition::signature::{Layout, Prefix, Signature, Source, Timestamp, TimestampSource};
use crate::{Headers, Provider, Selector, definition};

/// What a definition says about requests.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Definition {
    #[serde(skip)]
    scheme: Scheme,
    #[serde(skip)]
    alternatives: Vec<Scheme>,
    /// The parts of the event's id, each with the places that are tried for it.
    pub event_id: Vec<String>,
    /// The parts of the event's type.
    pub event_type: Vec<String>,
    /// Where several events of one request are.
    pub items: Vec<Items>,
    /// The types of messages about a subscription, which are no events of it.
    pub controls: Vec<String>,
    /// What an operator does to set an endpoint up, step by step.
    pub set_up: Vec<String>,
    /// What is read of a body, and how it may be written.
    pub body: String,
    /// How the age window fits the provider's retries, where a time is checked.
    pub window: Option<String>,
    /// What somebody could do who has seen a request, and what else is not proven.
    pub weak: Vec<String>,
}

/// Where the events of a request are that carries several.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Items {
    /// The field of a form that holds them.
    pub form: Option<String>,
    /// The path to them.
    pub at: String,
    /// The parts of an item's id.
    pub id: Vec<String>,
    /// The parts of its type.
    #[serde(rename = "type")]
    pub event_type: Vec<String>,
}

/// One way of signing. Names that the operator has to set and has not are left out.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Scheme {
    /// Such as `hmac`.
    pub kind: &'static str,
    /// Such as `sha256`.
    pub digest: Option<&'static str>,
    /// Such as `base64`.
    pub encoding: Option<&'static str>,
    /// The template of what is signed.
    pub message: Option<String>,
    /// What carries the signature.
    pub carrier: Carrier,
    /// The time that is stated.
    pub time: Option<Time>,
    /// How a secret becomes a key, where it is not its text.
    pub key: Option<Key>,
}

/// What carries a signature, a token or credentials.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Carrier {
    /// Such as `header` or `json`; nothing where only the code of a module knows.
    pub from: &'static str,
    /// The headers, where it is in any.
    pub headers: Vec<String>,
    /// What stands before the signature.
    pub prefix: Option<String>,
    /// Such as `plain` or `kv`.
    pub layout: &'static str,
    /// The name of the signature's field.
    pub field: Option<String>,
    /// What separates items.
    pub item_sep: Option<String>,
}

/// A time that the sender states.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Time {
    /// `header`, `signature_field`, `json` or `form`.
    pub from: &'static str,
    /// The name of the header or field, or the path; beside signatures also its place, as `#0`.
    pub name: String,
    /// `s`, `ms` or `iso8601`.
    pub unit: &'static str,
    /// The age window in seconds, where it is enforced.
    pub tolerance_seconds: Option<u32>,
}

/// How a secret becomes a key.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Key {
    /// `utf8`, `base64`, `hex`, `sha1` or `sha256`.
    pub format: &'static str,
    /// What is cut off before.
    pub strip_prefix: Option<String>,
}

impl Definition {
    /// What the definition of this provider says, with what the operator has set.
    #[must_use]
    pub fn of(provider: &Provider) -> Self {
        Self {
            scheme: Scheme::of(provider.scheme(), provider),
            alternatives: provider
                .alternatives()
                .iter()
                .map(|one| Scheme::of(one, provider))
                .collect(),
            event_id: parts(provider.event_id()),
            event_type: parts(provider.event_type()),
            items: provider.items().map(Items::of).unwrap_or_default(),
            controls: provider
                .controls()
                .iter()
                .map(|control| control.event_type().to_owned())
                .collect(),
            set_up: advice::set_up(provider),
            body: advice::body(provider),
            window: advice::window(provider),
            weak: advice::weak(provider),
        }
    }

    /// The main scheme.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The main scheme, then the alternatives.
    pub fn schemes(&self) -> impl Iterator<Item = &Scheme> {
        std::iter::once(&self.scheme).chain(&self.alternatives)
    }

    /// Every header that a scheme looks at, once.
    #[must_use]
    pub fn headers(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for name in self.schemes().flat_map(Scheme::headers) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The scheme whose signature is in a request; the main one where there is none.
    #[must_use]
    pub fn scheme_of(&self, headers: &Headers) -> &Scheme {
        let carried =
            |scheme: &&Scheme| scheme.carrier.headers.iter().any(|name| headers.contains(name));
        self.schemes().find(carried).unwrap_or(&self.scheme)
    }
}

impl Scheme {
    fn of(scheme: &crate::Scheme, provider: &Provider) -> Self {
        let described = match &scheme.kind {
            Kind::Shared(shared) => Self {
                kind: "hmac",
                digest: Some(shared.digest.into()),
                key: Key::of(&shared.key),
                ..Self::of_signed(&shared.signed, provider)
            },
            Kind::Public(public) => Self {
                kind: public.algorithm.kind(),
                digest: public.algorithm.digest().map(Into::into),
                ..Self::of_signed(&public.signed, provider)
            },
            Kind::Token(token) => Self {
                kind: "token",
                carrier: Carrier::of(&token.source, token.prefix.as_ref(), provider),
                ..Self::default()
            },
            Kind::Basic(source) => Self {
                kind: "basic",
                carrier: Carrier::of(source, None, provider),
                ..Self::default()
            },
            Kind::Jwt(rule) => {
                Self { kind: "jwt", carrier: Carrier::of_token(&rule.place), ..Self::default() }
            }
            Kind::Code(_) => Self { kind: "code", ..Self::default() },
        };
        let layout = match &scheme.kind {
            Kind::Shared(shared) => Some(&shared.signed.signature.layout),
            Kind::Public(public) => Some(&public.signed.signature.layout),
            _ => None,
        };
        let time = scheme.timestamp().map(|time| Time::of(time, layout));
        Self { time, message: scheme.message().map(str::to_owned), ..described }
    }

    fn of_signed(signed: &Signed, provider: &Provider) -> Self {
        let Signature { source, prefix, layout } = &signed.signature;
        Self {
            encoding: Some(signed.encoding.into()),
            carrier: Carrier {
                layout: layout.into(),
                field: layout.field().map(str::to_owned),
                item_sep: layout.item_sep().map(str::to_owned),
                ..Carrier::of(source, prefix.as_ref(), provider)
            },
            ..Self::default()
        }
    }

    /// Whether a value in the request is itself the secret.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        matches!(self.kind, "token" | "basic")
    }

    /// Whether a part of the request, such as `{url`, is signed.
    #[must_use]
    pub fn signs(&self, part: &str) -> bool {
        self.message.as_ref().is_some_and(|message| message.contains(part))
    }

    /// Whether a changed body can make a difference.
    #[must_use]
    pub fn covers_body(&self) -> bool {
        ["{body", "{json", "{form", "{sorted_form"].iter().any(|part| self.signs(part))
    }

    /// Whether any change of the body makes a difference.
    #[must_use]
    pub fn covers_whole_body(&self) -> bool {
        ["{body", "{sorted_form"].iter().any(|part| self.signs(part))
    }

    /// The header that carries the time, where it has one of its own.
    #[must_use]
    pub fn time_header(&self) -> Option<&str> {
        self.time.as_ref().filter(|time| time.from == "header").map(|time| &*time.name)
    }

    /// The other headers that are signed.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        let parts = self.message.as_deref().unwrap_or_default().split("{header:").skip(1);
        parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name)
    }

    /// Every header that this scheme looks at.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        let carriers = self.carrier.headers.iter().map(|name| &**name);
        carriers.chain(self.time_header()).chain(self.signed_headers())
    }
}

impl Carrier {
    fn of(source: &Source, prefix: Option<&Prefix>, provider: &Provider) -> Self {
        let (from, headers) = match source {
            Source::Header { .. } => {
                let names = provider.headers_of(source).into_iter();
                ("header", names.map(str::to_owned).collect())
            }
            Source::Numbered { prefix, .. } => ("header", vec![format!("{prefix}1")]),
            Source::Packed { .. } => ("packed", Vec::new()),
            Source::Query(_) => ("query", Vec::new()),
            Source::Json(_) => ("json", Vec::new()),
            Source::Form(_) => ("form", Vec::new()),
        };
        let prefix = prefix.map(|prefix| prefix.text.clone());
        Self { from, headers, prefix, layout: "plain", ..Self::default() }
    }

    fn of_token(place: &TokenPlace) -> Self {
        match place {
            TokenPlace::Header { name, .. } | TokenPlace::Detached { name, .. } => {
                Self { from: "header", headers: vec![name.clone()], ..Self::default() }
            }
            TokenPlace::Body => Self { from: "body", ..Self::default() },
        }
    }
}

impl Time {
    fn of(timestamp: &Timestamp, layout: Option<&Layout>) -> Self {
        let (from, name) = match &timestamp.source {
            TimestampSource::Header(name) => ("header", name.clone()),
            TimestampSource::Json(path) => ("json", path.to_string()),
            TimestampSource::Form(name) => ("form", name.clone()),
            TimestampSource::SignatureField => {
                ("signature_field", layout.and_then(Layout::time).unwrap_or_default())
            }
        };
        let unit = timestamp.unit.into();
        Self { from, name, unit, tolerance_seconds: timestamp.tolerance_seconds }
    }
}

impl Items {
    fn of(items: &definition::items::Items) -> Vec<Self> {
        let rules = items.rules().into_iter();
        let described = rules.map(|rule| Self {
            form: items.form().map(str::to_owned),
            at: rule.at.clone(),
            id: parts(rule.id.as_ref()),
            event_type: parts(rule.event_type.as_ref()),
        });
        described.collect()
    }
}

impl Key {
    fn of(rule: &KeyRule) -> Option<Self> {
        let format = rule.format.into();
        (!rule.is_text()).then(|| Self { format, strip_prefix: rule.strip_prefix.clone() })
    }
}

fn parts(selector: Option<&Selector>) -> Vec<String> {
    selector.map(Selector::texts).unwrap_or_default()
}
