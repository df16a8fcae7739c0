//! A provider's definition, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use derive_more::Debug;
use getset::{CopyGetters, Getters};
use serde::Deserialize;

use super::algorithm::KeyFormat;
use super::class::Class;
use super::control::Control;
use super::delivery::{Citation, Delivery, Response, SecretNotes, TrustMarks};
use super::error::UnknownSetting;
use super::handshake::{Handshake, Method};
use super::items::Items;
use super::scheme::{Kind, Scheme, Token};
use super::selector::Selector;
use super::signature::{Name, Source};

/// Everything that is known about one sender of webhooks.
///
/// ```
/// use hookdock_signature::Provider;
///
/// let provider: Provider = r#"
///     id = "acme"
///     name = "Acme"
///     trust = { scheme = "unconfirmed", delivery = "unconfirmed" }
///
///     [scheme]
///     kind = "hmac"
///     digest = "sha256"
///     encoding = "hex"
///     message = "{body}"
///     signature = { from = "header", name = "X-Acme-Signature" }
/// "#
/// .parse()?;
/// assert_eq!(provider.scheme().name(), "hmac-sha256");
/// # Ok::<(), hookdock_signature::DefinitionError>(())
/// ```
#[derive(Clone, Debug, Getters, CopyGetters)]
pub struct Provider {
    pub(super) id: String,
    pub(super) name: String,
    /// What hangs on its events, where the definition says so.
    #[getset(get_copy = "pub")]
    pub(super) class: Option<Class>,
    pub(super) notes: Option<String>,
    /// The main scheme.
    #[getset(get = "pub")]
    pub(super) scheme: Scheme,
    /// Other schemes the provider signs with, in the order they are tried.
    #[getset(get = "pub")]
    pub(super) alternatives: Vec<Scheme>,
    pub(super) settings: BTreeMap<String, Setting>,
    pub(super) event_id: Option<Selector>,
    /// Whether a retry carries the same event id, where that is known.
    #[getset(get_copy = "pub")]
    pub(super) event_id_stable_on_retry: Option<bool>,
    /// Whether no other event has the same id. One that others share, such as the id of an
    /// object that changes more than once, tells an event only together with its bytes.
    #[getset(get_copy = "pub")]
    pub(super) event_id_is_unique: bool,
    pub(super) event_type: Option<Selector>,
    pub(super) items: Option<Items>,
    /// How far to trust this definition.
    #[getset(get_copy = "pub")]
    pub(super) trust: TrustMarks,
    /// How the provider delivers.
    #[getset(get = "pub")]
    pub(super) delivery: Delivery,
    pub(super) secret: SecretNotes,
    /// The exchanges that make no event, in the order in which they are looked for.
    #[getset(get = "pub")]
    pub(super) handshakes: Vec<Handshake>,
    /// The messages about a subscription that come on the way of its events.
    #[getset(get = "pub")]
    pub(super) controls: Vec<Control>,
    pub(super) methods: BTreeSet<Method>,
    pub(super) response: Option<Response>,
    /// Where all this comes from.
    #[getset(get = "pub")]
    pub(super) sources: Vec<Citation>,
}

/// A value that differs from one account to the next, such as a header's name.
///
/// The value is not printed: it may be the verify token of a handshake.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[debug("Setting({description:?}, is set: {})", value.is_some())]
#[non_exhaustive]
pub struct Setting {
    /// What to put there.
    pub description: String,
    /// The value in force: what was configured, else the default.
    #[serde(rename = "default")]
    pub value: Option<String>,
    /// Whether events are verified without it.
    #[serde(default)]
    pub optional: bool,
}

impl Provider {
    /// The short name used in configuration.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What else an operator should know.
    #[must_use]
    pub fn notes(&self) -> Option<&str> {
        self.notes.as_deref()
    }

    /// Where the event's id is.
    #[must_use]
    pub const fn event_id(&self) -> Option<&Selector> {
        self.event_id.as_ref()
    }

    /// Whether the event's id can be believed to be the event's and not that of one try. An id
    /// that is known to change is not; one of which nothing is known is, if it is in the body,
    /// where a digest of the body would change with it.
    #[must_use]
    pub fn event_id_is_of_the_event(&self) -> bool {
        self.event_id_stable_on_retry
            .unwrap_or_else(|| self.event_id.as_ref().is_some_and(Selector::is_in_body))
    }

    /// Where the event's type is.
    #[must_use]
    pub const fn event_type(&self) -> Option<&Selector> {
        self.event_type.as_ref()
    }

    /// Where the events are, if the provider may put several in one request.
    #[must_use]
    pub const fn items(&self) -> Option<&Items> {
        self.items.as_ref()
    }

    /// How long the provider waits for an answer, where that is known.
    #[must_use]
    pub fn answer_within(&self) -> Option<Duration> {
        self.delivery.answer_within_ms.map(Duration::from_millis)
    }

    /// What the secret looks like and where it is found.
    #[must_use]
    pub const fn secret_notes(&self) -> &SecretNotes {
        &self.secret
    }

    /// Whether events come with this method.
    ///
    /// ```
    /// use hookdock_signature::catalog;
    ///
    /// assert!(!catalog::find("stripe").unwrap().sends_events_by("GET"));
    /// assert!(catalog::find("twilio").unwrap().sends_events_by("GET"));
    /// ```
    #[must_use]
    pub fn sends_events_by(&self, method: &str) -> bool {
        self.methods.iter().any(|known| known.as_str() == method)
    }

    /// The methods that the provider uses, in alphabetical order.
    ///
    /// ```
    /// use hookdock_signature::catalog;
    ///
    /// assert_eq!(catalog::find("stripe").unwrap().methods(), ["POST"]);
    /// assert_eq!(catalog::find("trello").unwrap().methods(), ["HEAD", "POST"]);
    /// ```
    #[must_use]
    pub fn methods(&self) -> Vec<&'static str> {
        let for_events = self.methods.iter().map(|method| method.as_str());
        let methods = self.handshakes.iter().map(Handshake::method).chain(for_events);
        methods.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether the URL, or a part of it, is signed by any of its schemes.
    #[must_use]
    pub fn signs_url(&self) -> bool {
        self.schemes().any(Scheme::signs_url)
    }

    /// The answer the provider insists on.
    #[must_use]
    pub const fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// The settings that the definition declares.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(name, setting)| (&**name, setting))
    }

    /// The names of headers whose value lets anyone who reads it send any body: the secret itself,
    /// or a token that does not bind the body. To be kept out of logs.
    pub fn credential_headers(&self) -> impl Iterator<Item = &str> {
        self.schemes().flat_map(|scheme| self.credentials_of(scheme))
    }

    /// Sets a value that the definition leaves to the operator.
    ///
    /// ```
    /// use hookdock_signature::catalog;
    ///
    /// let strava = catalog::find("strava").unwrap().configure("verify_token", "t0ken")?;
    /// assert_eq!(strava.setting("verify_token"), Some("t0ken"));
    /// # Ok::<(), hookdock_signature::UnknownSetting>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownSetting`] when the definition does not declare it.
    pub fn configure(
        mut self,
        name: &str,
        value: impl Into<String>,
    ) -> Result<Self, UnknownSetting> {
        match self.settings.get_mut(name) {
            Some(setting) => setting.value = Some(value.into()),
            None => {
                return Err(UnknownSetting { provider: self.id, name: name.to_owned() });
            }
        }
        Ok(self)
    }

    fn credentials_of<'a>(&'a self, scheme: &'a Scheme) -> Vec<&'a str> {
        match &scheme.kind {
            Kind::Token(Token { source, .. }) | Kind::Basic(source) => self.headers_of(source),
            // Any body can be put beside a token that says nothing of it.
            Kind::Jwt(rule) if rule.claims.body_hash.is_none() => {
                rule.place.header().into_iter().collect()
            }
            Kind::Jwt(_) | Kind::Shared(_) | Kind::Public(_) | Kind::Code(_) => Vec::new(),
        }
    }

    /// The headers that a source is in.
    pub(crate) fn headers_of<'a>(&'a self, source: &'a Source) -> Vec<&'a str> {
        match source {
            Source::Header { name, also } => {
                self.resolve(name).into_iter().chain(also.iter().map(|name| &**name)).collect()
            }
            Source::Packed { header, .. } => vec![header],
            Source::Numbered { .. } | Source::Query(_) | Source::Json(_) | Source::Form(_) => {
                Vec::new()
            }
        }
    }

    /// A name, if it is the definition's or the operator has set it.
    pub(crate) fn resolve<'a>(&'a self, name: &'a Name) -> Option<&'a str> {
        match name {
            Name::Fixed(name) => Some(name),
            Name::Setting(setting) => self.setting(setting),
        }
    }

    /// The same provider with the key of its main scheme read as hexadecimal, to try a secret
    /// that was taken for a text. Nothing where the key is not the text of the secret.
    #[must_use]
    pub fn with_hex_keys(mut self) -> Option<Self> {
        match &mut self.scheme.kind {
            Kind::Shared(shared) if shared.key.is_text() => shared.key.format = KeyFormat::Hex,
            _ => return None,
        }
        Some(self)
    }

    /// The main scheme, then the alternatives.
    pub(crate) fn schemes(&self) -> impl Iterator<Item = &Scheme> {
        std::iter::once(&self.scheme).chain(&self.alternatives)
    }

    /// The value of a setting: what was configured, else the default.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name)?.value.as_deref()
    }
}
