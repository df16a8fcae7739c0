//! Where a provider publishes the keys that it signs with, as written and as checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::DefinitionError;
use super::fields::Fields;
use super::scheme::Name;
use super::text::Text;
use crate::parse::path::JsonPath;

type Result<T> = std::result::Result<T, DefinitionError>;

/// The table `[scheme.keys]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKeys {
    form: RawForm,
    url: Option<String>,
    named: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
    path: Option<String>,
    id: Option<String>,
    at: Option<String>,
    #[serde(default)]
    subjects: Vec<String>,
    #[serde(default)]
    post: BTreeMap<String, String>,
    credentials: Option<RawCredentials>,
    account: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawForm {
    /// A JSON Web Key Set.
    Jwks,
    /// One JSON Web Key inside JSON.
    Jwk,
    /// One `SubjectPublicKeyInfo` inside JSON, as base64 or PEM.
    Spki,
    /// A chain of X.509 certificates in PEM, the signer's first.
    Certificate,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "kind")]
enum RawCredentials {
    /// The secret is the token.
    Bearer,
    /// The secret buys a token (OAuth 2.0 client credentials).
    Client { client_id: String, token_url: String, scope: String },
}

/// Where the keys are, and which of them a request means.
#[derive(Clone, Debug)]
pub(crate) struct KeysRule {
    pub(crate) place: Place,
    pub(crate) form: Form,
    /// What in the request names the key. A token names it itself.
    pub(crate) id: Option<Carrier>,
    pub(crate) post: BTreeMap<String, Text>,
    pub(crate) credentials: Option<CredentialsRule>,
    /// What in the request has to be the secret: the keys sign for other accounts too.
    pub(crate) account: Option<Carrier>,
}

/// A definition or an operator chooses the host, never a request.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Fixed(Text),
    /// The request names the URL, within these hosts and this path.
    Named {
        carrier: Carrier,
        hosts: Vec<String>,
        before_id: String,
        after_id: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    Jwks,
    Jwk(JsonPath),
    Spki(JsonPath),
    /// With subjects, the chain has to lead to a trusted authority and be for one of them.
    Certificate {
        subjects: Vec<String>,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Carrier {
    Header(Name),
    Json(JsonPath),
    /// A field of the JSON that a header holds as base64.
    Packed {
        header: String,
        field: String,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum CredentialsRule {
    Bearer,
    Client { client_id: Text, token_url: Text, scope: String },
}

impl KeysRule {
    pub(super) fn check(raw: &RawKeys, fields: &Fields<'_>, is_token: bool) -> Result<Self> {
        let at = |key: &str| fields.at(&format!("keys.{key}"));
        let text = |key: &str, text: &str| Text::parse(text, &at(key));
        let place = place(raw, fields)?;
        let id = raw.id.as_deref().map(|id| carrier(id, &at("id"))).transpose()?;
        let names_a_key = match &place {
            Place::Named { .. } => id.is_none(),
            Place::Fixed(_) => id.is_some() || is_token,
        };
        if !names_a_key {
            return Err(DefinitionError::new(
                at("id"),
                "the key is named once, here or by its URL",
            ));
        }
        let post = raw.post.iter().map(|(name, value)| Ok((name.clone(), text("post", value)?)));
        Ok(Self {
            form: form(raw, fields)?,
            post: post.collect::<Result<_>>()?,
            credentials: raw.credentials.as_ref().map(|raw| credentials(raw, &at)).transpose()?,
            account: raw.account.as_deref().map(|it| carrier(it, &at("account"))).transpose()?,
            place,
            id,
        })
    }

    pub(super) fn settings(&self) -> Vec<&str> {
        let mut names = Vec::new();
        if let Place::Fixed(url) = &self.place {
            names.extend(url.settings());
        }
        names.extend(self.post.values().flat_map(Text::settings));
        if let Some(CredentialsRule::Client { client_id, token_url, .. }) = &self.credentials {
            names.extend(client_id.settings().chain(token_url.settings()));
        }
        if let Some(Carrier::Header(Name::Setting(name))) = &self.account {
            names.push(name);
        }
        names
    }
}

fn place(raw: &RawKeys, fields: &Fields<'_>) -> Result<Place> {
    let at = |key: &str| fields.at(&format!("keys.{key}"));
    match (&raw.url, &raw.named) {
        (Some(url), None) => {
            let url = Text::parse(url, &at("url"))?;
            Ok(Place::Fixed(url))
        }
        (None, Some(named)) => {
            let path = fields.need("keys.path", raw.path.as_deref())?;
            let path = path.split_once("{id}").filter(|(before, _)| before.starts_with('/'));
            let (before_id, after_id) =
                path.ok_or_else(|| DefinitionError::new(at("path"), "from / on, with an {id}"))?;
            if raw.hosts.is_empty() {
                return Err(DefinitionError::new(
                    at("hosts"),
                    "a request must not choose the host",
                ));
            }
            Ok(Place::Named {
                carrier: carrier(named, &at("named"))?,
                hosts: raw.hosts.clone(),
                before_id: before_id.to_owned(),
                after_id: after_id.to_owned(),
            })
        }
        _ => Err(DefinitionError::new(at("url"), "url or named, and not both")),
    }
}

fn form(raw: &RawKeys, fields: &Fields<'_>) -> Result<Form> {
    let path = || {
        let at = fields.need("keys.at", raw.at.as_deref())?;
        JsonPath::single(at, &fields.at("keys.at"))
    };
    Ok(match raw.form {
        RawForm::Jwks => Form::Jwks,
        RawForm::Jwk => Form::Jwk(path()?),
        RawForm::Spki => Form::Spki(path()?),
        RawForm::Certificate => Form::Certificate { subjects: raw.subjects.clone() },
    })
}

fn credentials(raw: &RawCredentials, at: &impl Fn(&str) -> String) -> Result<CredentialsRule> {
    Ok(match raw {
        RawCredentials::Bearer => CredentialsRule::Bearer,
        RawCredentials::Client { client_id, token_url, scope } => CredentialsRule::Client {
            client_id: Text::parse(client_id, &at("credentials.client_id"))?,
            token_url: Text::parse(token_url, &at("credentials.token_url"))?,
            scope: scope.clone(),
        },
    })
}

fn carrier(text: &str, field: &str) -> Result<Carrier> {
    match text.split_once(':') {
        Some(("header", name)) if !name.is_empty() => Ok(Carrier::Header(Name::parse(name))),
        Some(("json", path)) => Ok(Carrier::Json(JsonPath::single(path, field)?)),
        Some(("packed", place)) => match place.split_once('.') {
            Some((header, name)) => {
                Ok(Carrier::Packed { header: header.to_owned(), field: name.to_owned() })
            }
            None => Err(DefinitionError::new(field, "packed:HEADER.FIELD")),
        },
        _ => Err(DefinitionError::new(field, format!("{text:?} names no place"))),
    }
}
