//! Which key, and where it is published.

use derive_more::Debug;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::definition::keys::{CredentialsRule, KeyForm, KeyPlace, KeysRule};
use crate::definition::operator_text::OperatorText;
use crate::hosts::{is_id, is_named, is_plain_url};
use crate::lookup::Lookup;
use crate::presented::token;
use crate::{Rejection, Scheme, Secret, compare};

type Result<T> = std::result::Result<T, Rejection>;

/// A key that a request says it was signed with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyRequest {
    source: KeySource,
    id: String,
}

/// A call that has the keys as its answer: GET, or POST where there is something to post. The
/// scheme is always https, and the host never the sender's choice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeySource {
    url: String,
    post: Option<Hidden>,
    credentials: Option<Credentials>,
    pub(super) form: KeyForm,
    /// The key's id where the answer holds one key and does not name it.
    pub(super) only: Option<String>,
}

/// As whom the call is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credentials {
    /// With `Authorization: Bearer` and this token.
    Bearer(Hidden),
    /// With a token that is asked for first (OAuth 2.0, RFC 6749, section 4.4).
    Client {
        /// Where.
        token_url: String,
        /// As whom.
        id: String,
        /// The proof of it.
        secret: Hidden,
        /// What for.
        scope: String,
    },
}

/// A text that is not shown, and wiped from memory on drop.
#[derive(Clone, PartialEq, Eq, Debug)]
#[debug("[redacted]")]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for the call alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::hash::Hash for Hidden {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

impl KeySource {
    /// The URL to call.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host to call, and its port where one is written.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.trim_start_matches("https://");
        rest.split('/').next().unwrap_or(rest)
    }

    /// The JSON to post, where the provider wants that.
    #[must_use]
    pub const fn post(&self) -> Option<&Hidden> {
        self.post.as_ref()
    }

    /// As whom to call.
    #[must_use]
    pub const fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Whether the answer holds every key there is, so that an unknown id may be in a newer one.
    #[must_use]
    pub fn holds_all_keys(&self) -> bool {
        self.form == KeyForm::Jwks
    }

    /// Whether the provider tells by the answer that there is no such key: where we say who we
    /// are, other refusals than "not found" are about us.
    #[must_use]
    pub const fn is_anonymous(&self) -> bool {
        self.credentials.is_none() && self.post.is_none()
    }
}

impl KeyRequest {
    /// Nothing: the scheme has its keys from nobody.
    pub(crate) fn of(
        scheme: &Scheme,
        lookup: &Lookup<'_>,
        secret: &Secret,
    ) -> Result<Option<Self>> {
        let Some(rule) = scheme.keys() else { return Ok(None) };
        let kid = match (&rule.id, scheme.token()) {
            (None, Some(rule)) => Some(token::kid(rule, lookup)?),
            _ => None,
        };
        Self::new(rule, lookup, secret, kid).map(Some)
    }

    /// `kid` is what the token says, if the key is named there.
    pub(crate) fn new(
        rule: &KeysRule,
        lookup: &Lookup<'_>,
        secret: &Secret,
        kid: Option<String>,
    ) -> Result<Self> {
        if !is_for_account(rule, lookup, secret) {
            return Err(Rejection::Mismatch);
        }
        let id = match (kid, &rule.id, &rule.place) {
            (Some(kid), _, _) => kid,
            (None, Some(carrier), _) => carrier.checked(lookup, is_id)?,
            (None, None, KeyPlace::Named { carrier, hosts, before_id, after_id }) => {
                carrier.checked(lookup, |url| is_named(url, hosts, before_id, after_id))?
            }
            (None, None, KeyPlace::Fixed(_)) => return Err(Rejection::UnknownKey),
        };
        let source = KeySource {
            url: url(rule, lookup, secret, &id)?,
            post: post(rule, lookup, secret, &id)?,
            credentials: credentials(rule, lookup, secret)?,
            form: rule.form.clone(),
            only: (rule.form != KeyForm::Jwks).then(|| id.clone()),
        };
        Ok(Self { source, id })
    }

    /// Where the key is published.
    #[must_use]
    pub const fn source(&self) -> &KeySource {
        &self.source
    }

    /// The key's id within the answer.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

fn url(rule: &KeysRule, lookup: &Lookup<'_>, secret: &Secret, id: &str) -> Result<String> {
    match &rule.place {
        KeyPlace::Fixed(text) => plain_url(text, lookup, secret, id),
        KeyPlace::Named { .. } => Ok(id.to_owned()),
    }
}

/// Whether the request is for the account that the secret names: no key is asked for otherwise.
fn is_for_account(rule: &KeysRule, lookup: &Lookup<'_>, secret: &Secret) -> bool {
    rule.account.as_ref().is_none_or(|account| {
        let stated = account.value(lookup).unwrap_or_default();
        compare::same(stated.as_bytes(), secret.expose().as_bytes())
    })
}

/// A URL that is the definition's, with the operator's values in it.
fn plain_url(
    text: &OperatorText,
    lookup: &Lookup<'_>,
    secret: &Secret,
    id: &str,
) -> Result<String> {
    let base = secret.expose().trim_end_matches('/');
    let url = lookup.fill(text, base, id)?;
    if is_plain_url(&url) {
        return Ok(url);
    }
    if text.starts_with_secret() {
        return Err(Rejection::MalformedSecret { id: secret.id().to_owned() });
    }
    let setting = text.settings().next().unwrap_or_default();
    Err(Rejection::MissingSetting { name: setting.to_owned() })
}

fn post(rule: &KeysRule, lookup: &Lookup<'_>, secret: &Secret, id: &str) -> Result<Option<Hidden>> {
    if rule.post.is_empty() {
        return Ok(None);
    }
    let fields = rule.post.iter().map(|(name, text)| {
        Ok((name.clone(), Value::String(lookup.fill(text, secret.expose(), id)?)))
    });
    let fields: Map<String, Value> = fields.collect::<Result<_>>()?;
    Ok(Some(Hidden::new(Value::Object(fields).to_string())))
}

fn credentials(
    rule: &KeysRule,
    lookup: &Lookup<'_>,
    secret: &Secret,
) -> Result<Option<Credentials>> {
    let Some(rule) = &rule.credentials else { return Ok(None) };
    let text = secret.expose();
    Ok(Some(match rule {
        CredentialsRule::Bearer => Credentials::Bearer(Hidden::new(text)),
        CredentialsRule::Client { client_id, token_url, scope } => Credentials::Client {
            token_url: plain_url(token_url, lookup, secret, "")?,
            id: lookup.fill(client_id, text, "")?,
            secret: Hidden::new(text),
            scope: scope.clone(),
        },
    }))
}
