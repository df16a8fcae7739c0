//! Access tokens for a client's id and secret (OAuth 2.0, RFC 6749, section 4.4).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use derive_more::Debug;
use form_urlencoded::Serializer;
use hookdock_pipeline::cache::{Cache, Policy, Read, Source};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_signature::Credentials;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;

use crate::call::send;
use crate::client::Client;

const GET_TOKEN: &str = "get a token from the provider";

const POLICY: Policy = Policy {
    action: GET_TOKEN,
    stale: Duration::ZERO,
    oldest: Some(Duration::ZERO),
    unknown: Duration::from_secs(1),
    fault: Duration::from_secs(1),
    refresh_every: Duration::from_secs(30),
    patience: Duration::from_secs(2),
    rate_limit: 20,
    rate_limit_every: Duration::from_secs(1),
    kept: 64,
};

/// For how many seconds a token is valid where the answer does not say it.
const DEFAULT_LIFETIME: u64 = 600;

/// A token that a call is authorized with.
#[derive(Deserialize, Debug)]
#[debug("Token")]
pub(crate) struct Token {
    access_token: String,
    expires_in: Option<u64>,
}

impl Token {
    pub(crate) fn expose(&self) -> &str {
        &self.access_token
    }

    /// Three quarters of its lifetime, because it has to arrive before it expires.
    fn lifetime(&self) -> Duration {
        Duration::from_secs(self.expires_in.unwrap_or(DEFAULT_LIFETIME) / 4 * 3)
    }
}

/// The call that gets a token.
#[derive(Debug)]
pub(crate) struct Grant(Arc<Client>);

impl Grant {
    pub(crate) fn cached<S: System>(
        client: Arc<Client>,
        system: S,
    ) -> Cache<Credentials, Arc<Token>, Self, S> {
        Cache::new(Self(client), system, POLICY)
    }
}

impl Source<Credentials, Arc<Token>> for Grant {
    async fn read(&self, who: &Credentials) -> Result<Option<Read<Arc<Token>>>, PortError> {
        let Credentials::Client { token_url, id, secret, scope } = who else {
            return Ok(None);
        };
        let basic = STANDARD.encode(format!("{id}:{}", secret.expose()));
        let form = [("grant_type", "client_credentials"), ("scope", scope.as_str())];
        let form = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(token_url.as_str())
            .header(AUTHORIZATION, format!("Basic {basic}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .map_err(PortError::invalid(GET_TOKEN))?;
        let answer = send(&self.0, GET_TOKEN, request).await?;
        PortError::check(GET_TOKEN, answer.status())?;
        // The parser's message would quote the token.
        let token: Result<Token, _> = serde_json::from_slice(answer.body());
        let token =
            token.map_err(|_| PortError::invalid(GET_TOKEN)("the answer holds no token"))?;
        Ok(Some(Read { lifetime: token.lifetime(), value: Arc::new(token) }))
    }
}
