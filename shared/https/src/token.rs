//! Tokens that are bought with a client's id and secret (OAuth 2.0, RFC 6749, section 4.4).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::Serializer;
use hookdock_pipeline::cache::{Memory, Read, Source, Terms};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_signature::Credentials;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;

use crate::client::Client;
use crate::providers::{invalid, kind_of, send, status_text};

const BUY: &str = "get a token from the provider";

const TERMS: Terms = Terms {
    action: BUY,
    stale: Duration::ZERO,
    oldest: Some(Duration::ZERO),
    unknown: Duration::from_secs(1),
    fault: Duration::from_secs(1),
    refresh_every: Duration::from_secs(30),
    patience: Duration::from_secs(2),
    ration: 20,
    ration_every: Duration::from_secs(1),
    kept: 64,
};

/// A token's life where its seller says nothing.
const UNSAID: u64 = 600;

/// What a call says who we are with.
#[derive(Deserialize)]
pub(crate) struct Token {
    access_token: String,
    expires_in: Option<u64>,
}

impl Token {
    pub(crate) fn expose(&self) -> &str {
        &self.access_token
    }

    /// Three quarters of its life, for it has to arrive as well.
    fn stands(&self) -> Duration {
        Duration::from_secs(self.expires_in.unwrap_or(UNSAID) / 4 * 3)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The call that has a token as its answer.
#[derive(Debug)]
pub(crate) struct Grant(Arc<Client>);

impl Grant {
    pub(crate) fn remembered<S: System>(
        client: Arc<Client>,
        system: S,
    ) -> Memory<Credentials, Arc<Token>, Self, S> {
        Memory::new(Self(client), system, TERMS)
    }
}

impl Source<Credentials, Arc<Token>> for Grant {
    async fn read(&self, who: &Credentials) -> Result<Option<Read<Arc<Token>>>, PortError> {
        let Credentials::Client { token_url, id, secret, scope } = who else {
            return Ok(None);
        };
        let known_as = STANDARD.encode(format!("{id}:{}", secret.expose()));
        let form = [("grant_type", "client_credentials"), ("scope", scope.as_str())];
        let form = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(token_url.as_str())
            .header(AUTHORIZATION, format!("Basic {known_as}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .map_err(|error| invalid(BUY, error))?;
        let answer = send(&self.0, BUY, request).await?;
        if !answer.status().is_success() {
            let error = PortError::new(BUY, kind_of(answer.status()));
            return Err(error.because(status_text(&answer)));
        }
        // The parser's own words would quote the token.
        let token: Result<Token, _> = serde_json::from_slice(answer.body());
        let token = token.map_err(|_| invalid(BUY, "the answer holds no token"))?;
        Ok(Some(Read { stands: token.stands(), value: Arc::new(token) }))
    }
}
