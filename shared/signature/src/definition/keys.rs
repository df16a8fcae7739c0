//! Where a provider publishes the keys that it signs with.

use std::collections::BTreeMap;

use super::operator_text::OperatorText;
use super::path::JsonPath;
use super::signature::Name;

/// Where the keys are, and which of them a request means.
#[derive(Clone, Debug)]
pub(crate) struct KeysRule {
    pub(crate) place: KeyPlace,
    pub(crate) form: KeyForm,
    /// What in the request names the key. A token names it itself.
    pub(crate) id: Option<Carrier>,
    pub(crate) post: BTreeMap<String, OperatorText>,
    pub(crate) credentials: Option<CredentialsRule>,
    /// What in the request has to be the secret: the keys sign for other accounts too.
    pub(crate) account: Option<Carrier>,
}

/// A definition or an operator chooses the host, never a request.
#[derive(Clone, Debug)]
pub(crate) enum KeyPlace {
    Fixed(OperatorText),
    /// The request names the URL, within these hosts and this path.
    Named {
        carrier: Carrier,
        hosts: Vec<String>,
        before_id: String,
        after_id: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KeyForm {
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
    Client { client_id: OperatorText, token_url: OperatorText, scope: String },
}

impl KeysRule {
    pub(super) fn settings(&self) -> Vec<&str> {
        let mut names = Vec::new();
        if let KeyPlace::Fixed(url) = &self.place {
            names.extend(url.settings());
        }
        names.extend(self.post.values().flat_map(OperatorText::settings));
        if let Some(CredentialsRule::Client { client_id, token_url, .. }) = &self.credentials {
            names.extend(client_id.settings().chain(token_url.settings()));
        }
        if let Some(Carrier::Header(Name::Setting(name))) = &self.account {
            names.push(name);
        }
        names
    }
}
