//! Which key, and how it is had.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::definition::keys::{Carrier, CredentialsRule, Form, KeysRule, Place};
use crate::definition::text::Text;
use crate::lookup::Lookup;
use crate::parse::json;
use crate::verify::jwt;
use crate::{Rejection, Scheme, Secret, encoding};

type Result<T> = std::result::Result<T, Rejection>;

/// Longer than any key's id.
const MAX_ID: usize = 200;

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
    pub(super) form: Form,
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
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl KeySource {
    /// The URL to call.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
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
        self.form == Form::Jwks
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
            (None, Some(token)) => Some(jwt::kid(token, lookup)?),
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
        let id = match (kid, &rule.id, &rule.place) {
            (Some(kid), _, _) => kid,
            (None, Some(carrier), _) => carrier.checked(lookup, is_id)?,
            (None, None, Place::Named { carrier, hosts, before_id, after_id }) => {
                carrier.checked(lookup, |url| is_named(url, hosts, before_id, after_id))?
            }
            (None, None, Place::Fixed(_)) => return Err(Rejection::UnknownKey),
        };
        let source = KeySource {
            url: url(rule, lookup, secret, &id)?,
            post: post(rule, lookup, secret, &id)?,
            credentials: credentials(rule, lookup, secret)?,
            form: rule.form.clone(),
            only: (rule.form != Form::Jwks).then(|| id.clone()),
        };
        Ok(Self { source, id })
    }

    /// How the key is had.
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

impl Carrier {
    /// What the request says there.
    pub(crate) fn value(&self, lookup: &Lookup<'_>) -> Result<String> {
        match self {
            Self::Header(name) => {
                let name = name.resolve(lookup.provider).unwrap_or_default();
                Ok(lookup.header(name)?.trim().to_owned())
            }
            Self::Json(path) => lookup.json(path).map(Cow::into_owned),
            Self::Packed { header, field } => {
                let malformed = || Rejection::MalformedHeader { name: header.clone() };
                let packed =
                    encoding::base64(lookup.header(header)?.trim()).ok_or_else(malformed)?;
                let found = json::document(&packed).and_then(|json| json::member(json, field));
                let text = found.and_then(json::scalar).ok_or_else(malformed)?;
                Ok(text.into_owned())
            }
        }
    }

    fn checked(&self, lookup: &Lookup<'_>, is_good: impl Fn(&str) -> bool) -> Result<String> {
        let value = self.value(lookup)?;
        if is_good(&value) { Ok(value) } else { Err(self.malformed(lookup)) }
    }

    fn malformed(&self, lookup: &Lookup<'_>) -> Rejection {
        match self {
            Self::Header(name) => Rejection::MalformedHeader {
                name: name.resolve(lookup.provider).unwrap_or_default().to_owned(),
            },
            Self::Packed { header, .. } => Rejection::MalformedHeader { name: header.clone() },
            Self::Json(path) => Rejection::MalformedField { name: path.to_string() },
        }
    }
}

/// An id goes into a path, and must not lead out of it.
pub(crate) fn is_id(id: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=');
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(plain) && !id.starts_with('.')
}

/// Whether a URL from a request is one of the provider's own: letter by letter, so that there
/// is no way to write another host, a port, a user, a query, or a step up.
fn is_named(url: &str, hosts: &[String], before_id: &str, after_id: &str) -> bool {
    let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    // The split took the first slash of both paths.
    let before_id = before_id.trim_start_matches('/');
    let id = path.strip_prefix(before_id).and_then(|rest| rest.strip_suffix(after_id));
    hosts.iter().any(|pattern| is_host(host, pattern)) && id.is_some_and(is_id)
}

/// Whether a URL that a signed request asks to have fetched is the provider's own: the root of
/// one of its hosts, and a query.
pub(crate) fn may_visit(url: &str, hosts: &[String]) -> bool {
    let rest = url.strip_prefix("https://").and_then(|rest| rest.split_once("/?"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%&=:+".contains(&byte);
    rest.is_some_and(|(host, query)| {
        hosts.iter().any(|pattern| is_host(host, pattern)) && query.bytes().all(plain)
    })
}

/// `{region}` stands for the name of an AWS region, such as `us-gov-west-1`. The shape matters:
/// `sns.s3-us-west-2.amazonaws.com` is somebody's bucket.
fn is_host(host: &str, pattern: &str) -> bool {
    let Some((before, after)) = pattern.split_once("{region}") else {
        return host == pattern;
    };
    let region = host.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    region.is_some_and(is_region)
}

/// Two or four letters, words, and a digit: `us-gov-west-1`, `eusc-de-east-1`.
fn is_region(name: &str) -> bool {
    let Some((words, digit)) = name.rsplit_once('-').filter(|_| name.len() <= 32) else {
        return false;
    };
    let letters = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let digit = digit.len() == 1 && digit.bytes().all(|b| b.is_ascii_digit());
    let place = words.split_once('-').is_some_and(|(place, _)| matches!(place.len(), 2 | 4));
    digit && place && words.split('-').all(letters)
}

fn url(rule: &KeysRule, lookup: &Lookup<'_>, secret: &Secret, id: &str) -> Result<String> {
    match &rule.place {
        Place::Fixed(text) => plain_url(text, lookup, secret, id),
        Place::Named { .. } => Ok(id.to_owned()),
    }
}

/// A URL that is the definition's, with the operator's values in it.
fn plain_url(text: &Text, lookup: &Lookup<'_>, secret: &Secret, id: &str) -> Result<String> {
    let base = secret.expose().trim_end_matches('/');
    let url = text.fill(lookup, base, id)?;
    if is_plain_url(&url) {
        return Ok(url);
    }
    if text.starts_with_secret() {
        return Err(Rejection::MalformedSecret { id: secret.id().to_owned() });
    }
    let setting = text.settings().next().unwrap_or_default();
    Err(Rejection::MissingSetting { name: setting.to_owned() })
}

/// What an operator may write: a host, a port, a path.
fn is_plain_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/=".contains(&byte);
    rest.bytes().all(plain)
        && !rest.is_empty()
        && !rest.starts_with(['/', ':', '.'])
        && !rest.contains("..")
}

fn post(rule: &KeysRule, lookup: &Lookup<'_>, secret: &Secret, id: &str) -> Result<Option<Hidden>> {
    if rule.post.is_empty() {
        return Ok(None);
    }
    let fields = rule.post.iter().map(|(name, text)| {
        Ok((name.clone(), Value::String(text.fill(lookup, secret.expose(), id)?)))
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
            id: client_id.fill(lookup, text, "")?,
            secret: Hidden::new(text),
            scope: scope.clone(),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_request_cannot_choose_the_host_of_a_certificate() {
        let sns = hosts(&["sns.{region}.amazonaws.com", "sns.{region}.amazonaws.com.cn"]);
        let is_sns = |url: &str| is_named(url, &sns, "/", ".pem");
        for url in [
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem",
        ] {
            assert!(is_sns(url), "{url}");
        }
        for url in [
            "https://sns.s3-us-west-2.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com.evil.com/a.pem",
            "https://evil.com/sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com@evil.com/a.pem",
            "https://evil.com#.sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com:444/a.pem",
            "https://sns.evil.com/.us-east-1.amazonaws.com/a.pem",
            "https://sns.evil.com?.us-east-1.amazonaws.com/a.pem",
            "https://sns.a.b.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com./a.pem",
            "https://SNS.us-east-1.amazonaws.com/a.pem",
            "https://sns.US-EAST-1.amazonaws.com/a.pem",
            "https://sns..amazonaws.com/a.pem",
            "https://s3.us-east-1.amazonaws.com/a.pem",
            "http://sns.us-east-1.amazonaws.com/a.pem",
            "HTTPS://sns.us-east-1.amazonaws.com/a.pem",
            "//sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com/a.pem?b.pem",
            "https://sns.us-east-1.amazonaws.com/a.pem#b.pem",
            "https://sns.us-east-1.amazonaws.com/../a.pem",
            "https://sns.us-east-1.amazonaws.com/%2e%2e/a.pem",
            "https://sns.us-east-1.amazonaws.com/a/b.pem",
            "https://sns.us-east-1.amazonaws.com/.pem",
            "https://sns.us-east-1.amazonaws.com/..pem",
            "https://sns.us-east-1.amazonaws.com/a.crt",
            "https://sns.us-east-1.amazonaws.com//a.pem",
            "https://sns.us-east-1.amazonaws.com\\@evil.com/a.pem",
            " https://sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com",
            "",
        ] {
            assert!(!is_sns(url), "{url}");
        }
    }

    #[test]
    fn an_id_does_not_leave_its_place_in_the_path() {
        for id in ["879dc113-5ca4-4ff7-a6b7-54652083fcf8", "a", "key_1.2", "AbC="] {
            assert!(is_id(id), "{id}");
        }
        let long = "a".repeat(201);
        for id in ["", "..", ".a", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\n", "\u{e4}", &long] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn an_operator_s_url_is_a_host_and_a_path_over_tls() {
        for url in ["https://acme.kinde.com/jwks", "https://auth.example:9011/a/b.json"] {
            assert!(is_plain_url(url), "{url}");
        }
        for url in [
            "http://acme.kinde.com/jwks",
            "https://",
            "https:///jwks",
            "https://user@acme.com/jwks",
            "https://acme.com/jwks?a=b",
            "https://acme.com/jwks#a",
            "https://acme.com/../jwks",
            "https://acme.com /jwks",
            "https://[::1]/jwks",
            "acme.com/jwks",
        ] {
            assert!(!is_plain_url(url), "{url}");
        }
    }
}
