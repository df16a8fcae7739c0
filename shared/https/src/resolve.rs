//! From a host to the addresses that may be connected to.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::reach::Reach;

/// Looks names up and keeps the addresses within reach. The connector connects to what it is
/// given here, so a name cannot resolve to one address for the check and to another after it.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    pub(crate) reach: Reach,
    pub(crate) hosts: Arc<BTreeMap<String, SocketAddr>>,
}

/// Why a host has no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAddress {
    #[error("the name could not be looked up")]
    LookUp(#[from] io::Error),
    #[error("the host has no public address")]
    NotPublic,
}

impl Resolver {
    /// A host that is an address is connected to without being looked up.
    pub(crate) fn allows(&self, host: &str) -> bool {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        literal.map_or(true, |address| self.reach.allows(address))
    }

    async fn look_up(self, name: Name) -> Result<Vec<SocketAddr>, NoAddress> {
        let found: Vec<SocketAddr> = match self.hosts.get(name.as_str()) {
            Some(address) => vec![*address],
            None => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
        };
        let none_found = found.is_empty();
        let within: Vec<_> =
            found.into_iter().filter(|address| self.reach.allows(address.ip())).collect();
        if within.is_empty() && !none_found {
            return Err(NoAddress::NotPublic);
        }
        Ok(within)
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = NoAddress;
    type Future = BoxFuture<'static, Result<Self::Response, NoAddress>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoAddress>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = self.clone();
        Box::pin(async move { Ok(resolver.look_up(name).await?.into_iter()) })
    }
}
