//! Checks of `[scheme.keys]`.

use super::fields::Fields;
use crate::definition::check::place::Place;
use crate::definition::error::DefinitionError;
use crate::definition::file::keys::{CredentialsToml, FormToml, KeysToml};
use crate::definition::keys::{Carrier, CredentialsRule, KeyForm, KeyPlace, KeysRule};
use crate::definition::operator_text::OperatorText;
use crate::definition::path::JsonPath;
use crate::definition::signature::Name;

type Result<T> = std::result::Result<T, DefinitionError>;

impl KeysRule {
    pub(super) fn check(raw: &KeysToml, fields: &Fields<'_>, is_token: bool) -> Result<Self> {
        let at = fields.place.at("keys");
        let text = |key: &str, text: &str| OperatorText::parse(text, &at.key(key));
        let place = place(raw, fields, &at)?;
        let id = raw.id.as_deref().map(|id| carrier(id, &at.key("id"))).transpose()?;
        let names_a_key = match &place {
            KeyPlace::Named { .. } => id.is_none(),
            KeyPlace::Fixed(_) => id.is_some() || is_token,
        };
        if !names_a_key {
            return Err(at.error("id", "the key is named once, here or by its URL"));
        }
        let post = raw.post.iter().map(|(name, value)| Ok((name.clone(), text("post", value)?)));
        Ok(Self {
            form: form(raw, fields)?,
            post: post.collect::<Result<_>>()?,
            credentials: raw.credentials.as_ref().map(|raw| credentials(raw, &at)).transpose()?,
            account: raw
                .account
                .as_deref()
                .map(|it| carrier(it, &at.key("account")))
                .transpose()?,
            place,
            id,
        })
    }
}

fn place(raw: &KeysToml, fields: &Fields<'_>, at: &Place) -> Result<KeyPlace> {
    match (&raw.url, &raw.named) {
        (Some(url), None) => Ok(KeyPlace::Fixed(OperatorText::parse(url, &at.key("url"))?)),
        (None, Some(named)) => {
            let path = fields.need("keys.path", raw.path.as_deref())?;
            let path = path.split_once("{id}").filter(|(before, _)| before.starts_with('/'));
            let (before_id, after_id) =
                path.ok_or_else(|| at.error("path", "from / on, with an {id}"))?;
            if raw.hosts.is_empty() {
                return Err(at.error("hosts", "a request must not choose the host"));
            }
            Ok(KeyPlace::Named {
                carrier: carrier(named, &at.key("named"))?,
                hosts: raw.hosts.clone(),
                before_id: before_id.to_owned(),
                after_id: after_id.to_owned(),
            })
        }
        _ => Err(at.error("url", "url or named, and not both")),
    }
}

fn form(raw: &KeysToml, fields: &Fields<'_>) -> Result<KeyForm> {
    let path = || {
        let at = fields.need("keys.at", raw.at.as_deref())?;
        JsonPath::single(at, &fields.at("keys.at"))
    };
    Ok(match raw.form {
        FormToml::Jwks => KeyForm::Jwks,
        FormToml::Jwk => KeyForm::Jwk(path()?),
        FormToml::Spki => KeyForm::Spki(path()?),
        FormToml::Certificate => KeyForm::Certificate { subjects: raw.subjects.clone() },
    })
}

fn credentials(raw: &CredentialsToml, at: &Place) -> Result<CredentialsRule> {
    Ok(match raw {
        CredentialsToml::Bearer => CredentialsRule::Bearer,
        CredentialsToml::Client { client_id, token_url, scope } => CredentialsRule::Client {
            client_id: OperatorText::parse(client_id, &at.key("credentials.client_id"))?,
            token_url: OperatorText::parse(token_url, &at.key("credentials.token_url"))?,
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
