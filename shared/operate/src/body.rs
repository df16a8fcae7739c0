//! The body and the headers of one delivery.

use bytes::Bytes;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::model::names::TenantId;
use hookdock_pipeline::model::system::System;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{VERSION, parse, unreadable};
use crate::name::Target;
use crate::operator::Operator;
use crate::ports::Place;
use crate::pretty::{hex, pretty};
use crate::redact::{hidden, is_secret, signature_headers};
use crate::show::Known;
use crate::trouble::{Code, Trouble};

/// How a body is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The exact bytes.
    #[default]
    Raw,
    /// JSON with a line for each value; other text as it is; what is no text as hexadecimal.
    Pretty,
    /// Hexadecimal.
    Hex,
}

/// The headers of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Headers {
    /// The version of this form.
    pub version: u32,
    /// The delivery.
    pub delivery: String,
    /// The HTTP method.
    pub method: String,
    /// The URL as the sender addressed it.
    pub url: String,
    /// The headers, in their order.
    pub headers: Vec<Header>,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value, or how long it is.
    pub value: String,
    /// Whether the value is left out.
    pub hidden: bool,
}

impl<P: Place, S: System> Operator<P, S> {
    /// The body of a delivery: of the one that was named, or of the one that stands for the event.
    ///
    /// # Errors
    ///
    /// It is gone, or the place cannot be read.
    pub async fn body(
        &self,
        target: &Target,
        tenant: Option<&TenantId>,
        view: View,
        reveal: bool,
    ) -> Result<Bytes, Trouble> {
        let bytes = self.stored(target, tenant).await?;
        let body = parse(&bytes)?.body_bytes().map_err(|error| unreadable(&error))?;
        Ok(match (view, std::str::from_utf8(&body)) {
            (View::Raw, _) => body,
            (View::Hex, _) | (View::Pretty, Err(_)) => hex(&body).into(),
            (View::Pretty, Ok(text)) => {
                pretty(text, reveal).map_or_else(|| body.clone(), Bytes::from)
            }
        })
    }

    /// The headers of a delivery. What could be used again is left out unless it is asked for.
    ///
    /// # Errors
    ///
    /// The delivery is gone, or the place cannot be read.
    pub async fn headers(
        &self,
        target: &Target,
        tenant: Option<&TenantId>,
        reveal: bool,
    ) -> Result<Headers, Trouble> {
        let bytes = self.stored(target, tenant).await?;
        let stored = parse(&bytes)?;
        let signed = signature_headers(&stored.provider);
        let header = |name: &str, value: &str| {
            let secret = is_secret(name) || signed.contains(&name.to_ascii_lowercase());
            let hide = secret && !reveal;
            let value = if hide { hidden(value) } else { value.to_owned() };
            Header { name: name.to_owned(), value, hidden: hide }
        };
        let pairs = stored.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        Ok(Headers {
            version: VERSION,
            delivery: stored.delivery_id.to_string(),
            method: stored.method.to_string(),
            url: shown_url(&stored, reveal),
            headers: pairs.map(|(name, value)| header(name, value)).collect(),
        })
    }

    pub(crate) async fn stored(
        &self,
        target: &Target,
        tenant: Option<&TenantId>,
    ) -> Result<Bytes, Trouble> {
        let Known { stored, .. } = self.known(target, tenant).await?;
        let gone = || {
            let why = "the bucket's rule has removed it, or somebody has";
            Trouble::new(Code::BodyGone, format!("the body of {target} is gone"), why)
        };
        stored.map(|(_, bytes)| bytes).ok_or_else(gone)
    }
}

/// The URL; a parameter that is secret by its name has no value in it.
fn shown_url(stored: &StoredDelivery<'_>, reveal: bool) -> String {
    let Some((path, query)) = stored.url.split_once('?').filter(|_| !reveal) else {
        return stored.url.to_string();
    };
    let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, value)) if is_secret(name) => format!("{name}={}", hidden(value)),
        _ => parameter.to_owned(),
    });
    format!("{path}?{}", parameters.collect::<Vec<_>>().join("&"))
}
