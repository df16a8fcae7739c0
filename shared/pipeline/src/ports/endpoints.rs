//! Where endpoints are configured, and what providers are asked.

use std::sync::Arc;

use async_trait::async_trait;
use hookdock_signature::{Key, KeyRequest, Secret};

use crate::endpoint::Endpoint;
use crate::model::names::EndpointId;
use crate::model::port_error::PortError;
use crate::model::scope::Scope;

/// Where endpoints are configured.
pub trait Endpoints: Send + Sync {
    /// The endpoint of that name, possibly as it was a few minutes ago. `None`: there is none.
    fn find(
        &self,
        id: &EndpointId,
    ) -> impl Future<Output = Result<Option<Arc<Endpoint>>, PortError>> + Send;

    /// The endpoint read again, after a signature did not match: its secret may have been rotated.
    /// `None`: it was read moments ago, so there is nothing newer to try.
    fn refresh(
        &self,
        id: &EndpointId,
    ) -> impl Future<Output = Result<Option<Arc<Endpoint>>, PortError>> + Send;
}

/// What providers are asked over the network. Whom, and how, the catalogue's definitions say.
///
/// The futures are boxed because few providers are asked anything: the use case holds the port
/// behind `dyn` and does not carry one more type about.
#[async_trait]
pub trait Providers: std::fmt::Debug + Send + Sync {
    /// The key, possibly as it was a while ago. `None`: its provider does not have it. `scope`: at
    /// whose URL the request came in that names it. What is asked for one scope never refuses what
    /// is asked for another; over a scope's own limit the fault is [`PortErrorKind::RateLimited`].
    ///
    /// [`PortErrorKind::RateLimited`]: crate::model::port_error::PortErrorKind::RateLimited
    async fn key(&self, scope: &Scope, request: &KeyRequest) -> Result<Option<Key>, PortError>;

    /// Fetches a URL that a verified message asks to be fetched, once. What comes back is not
    /// looked at.
    async fn visit(&self, url: &str) -> Result<(), PortError>;
}

/// Where a secret is kept that a provider hands over.
pub trait Captures: Send + Sync {
    /// Keeps the secret as the endpoint's, unless one is kept already; decided atomically. From
    /// then on it is among the secrets of the endpoint.
    fn capture(
        &self,
        id: &EndpointId,
        secret: &Secret,
    ) -> impl Future<Output = Result<Captured, PortError>> + Send;
}

/// What became of a secret that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captured {
    /// It is kept now.
    New,
    /// The same was kept already: the provider asks again, for it did not get our answer.
    Same,
    /// Another is kept, and stays.
    Other,
}
