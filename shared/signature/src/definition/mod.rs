//! A provider's definition, parsed and checked.

mod algorithm;
mod check;
mod class;
mod delivery;
mod error;
mod fields;
pub(crate) mod handshake;
mod items;
pub(crate) mod jwt;
pub(crate) mod keys;
mod raw;
pub(crate) mod reply;
pub(crate) mod scheme;
mod template;
pub(crate) mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use class::Class;
pub use delivery::{Citation, Delivery, Response, ResponseHeader, SecretNotes, Trust, TrustMarks};
pub use error::{DefinitionError, UnknownSetting};
pub use handshake::Handshake;
pub use scheme::Scheme;
pub(crate) use template::{Segment, Template};

use crate::{Items, Selector};

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
#[derive(Clone, Debug)]
pub struct Provider {
    id: String,
    name: String,
    class: Option<Class>,
    notes: Option<String>,
    scheme: Scheme,
    alternatives: Vec<Scheme>,
    settings: BTreeMap<String, Setting>,
    event_id: Option<Selector>,
    event_id_stable_on_retry: Option<bool>,
    event_id_is_unique: bool,
    event_type: Option<Selector>,
    items: Option<Items>,
    trust: TrustMarks,
    delivery: Delivery,
    secret: SecretNotes,
    handshakes: Vec<Handshake>,
    response: Option<Response>,
    sources: Vec<Citation>,
}

/// A value that differs from one account to the next, such as a header's name.
///
/// The value is not printed: it may be the verify token of a handshake.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// What to put there.
    pub description: String,
    /// The value in force: what was configured, else the default.
    pub value: Option<String>,
    /// Whether events are verified without it.
    pub optional: bool,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting")
            .field("description", &self.description)
            .field("is_set", &self.value.is_some())
            .finish_non_exhaustive()
    }
}

impl Provider {
    /// Reads a definition.
    ///
    /// # Errors
    ///
    /// [`DefinitionError`] for text that is not TOML, for unknown or missing keys,
    /// and for keys that contradict each other. The message names the key.
    pub fn from_toml(text: &str) -> Result<Self, DefinitionError> {
        check::provider(toml::from_str(text)?)
    }

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

    /// What hangs on its events, where the definition says so.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        self.class
    }

    /// What else an operator should know.
    #[must_use]
    pub fn notes(&self) -> Option<&str> {
        self.notes.as_deref()
    }

    /// The main scheme.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Other schemes the provider signs with, in the order they are tried.
    #[must_use]
    pub fn alternatives(&self) -> &[Scheme] {
        &self.alternatives
    }

    /// Where the event's id is.
    #[must_use]
    pub const fn event_id(&self) -> Option<&Selector> {
        self.event_id.as_ref()
    }

    /// Whether a retry carries the same event id, where that is known.
    #[must_use]
    pub const fn event_id_stable_on_retry(&self) -> Option<bool> {
        self.event_id_stable_on_retry
    }

    /// Whether no other event has the same id. One that others share, such as the id of an
    /// object that changes more than once, tells an event only together with its bytes.
    #[must_use]
    pub const fn event_id_is_unique(&self) -> bool {
        self.event_id_is_unique
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

    /// How far to trust this definition.
    #[must_use]
    pub const fn trust(&self) -> TrustMarks {
        self.trust
    }

    /// How the provider delivers.
    #[must_use]
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// What the secret looks like and where it is found.
    #[must_use]
    pub const fn secret_notes(&self) -> &SecretNotes {
        &self.secret
    }

    /// The exchanges that make no event, in the order in which they are looked for.
    #[must_use]
    pub fn handshakes(&self) -> &[Handshake] {
        &self.handshakes
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
        let methods = self.handshakes.iter().map(Handshake::method).chain(["POST"]);
        methods.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The answer the provider insists on.
    #[must_use]
    pub const fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// Where all this comes from.
    #[must_use]
    pub fn sources(&self) -> &[Citation] {
        &self.sources
    }

    /// The settings that the definition declares.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(name, setting)| (&**name, setting))
    }

    /// The names of headers whose value lets whoever reads it send any body: the secret itself,
    /// or a token that does not bind the body. To be kept out of logs.
    pub fn credential_headers(&self) -> impl Iterator<Item = &str> {
        self.schemes().flat_map(|scheme| scheme.credential_headers(self))
    }

    /// Sets a value that the definition leaves to the operator.
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

    /// Replaces the age window of every scheme whose sender states a time.
    ///
    /// There is no way to switch an enforced window off.
    #[must_use]
    pub fn with_tolerance_seconds(mut self, seconds: u32) -> Self {
        for scheme in std::iter::once(&mut self.scheme).chain(&mut self.alternatives) {
            if let Some(timestamp) = scheme.timestamp_mut() {
                timestamp.tolerance_seconds = Some(seconds);
            }
        }
        self
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

impl FromStr for Provider {
    type Err = DefinitionError;

    fn from_str(text: &str) -> Result<Self, DefinitionError> {
        Self::from_toml(text)
    }
}
