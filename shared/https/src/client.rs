//! The client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderValue, USER_AGENT};
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::error::HttpsError;
use crate::reach::Reach;
use crate::resolve::Resolver;
use crate::trust::Trust;

/// A frozen function does not see that the other side closed a connection, and a request on such
/// a connection hangs until its deadline.
const POOL_IDLE: Duration = Duration::from_secs(15);

const OUR_NAME: HeaderValue =
    HeaderValue::from_static(concat!("hookdock/", env!("CARGO_PKG_VERSION")));

/// The limits of a call.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long all addresses of a host together may take to answer a connection.
    pub connect: Duration,
    /// How long a call may take, from the look-up of the name to the last byte of the answer.
    pub call: Duration,
    /// The largest body of an answer, in bytes.
    pub answer: usize,
}

/// Calls others over HTTPS, and keeps the connections for a while.
///
/// It costs nothing before the first call, which reads the certificates of the authorities.
#[derive(Debug)]
pub struct Client {
    limits: Limits,
    trust: Trust,
    resolver: Resolver,
    pool: OnceLock<Pool<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>>,
}

impl Client {
    /// A client within these limits.
    #[must_use]
    pub fn new(limits: Limits, reach: Reach, trust: Trust) -> Self {
        let resolver = Resolver { reach, hosts: Arc::default() };
        Self { limits, trust, resolver, pool: OnceLock::new() }
    }

    /// The same client, but these names are found at these addresses, as `curl --connect-to` does
    /// it: a port that the URL names is kept. The addresses have to be within reach.
    #[must_use]
    pub fn finding(mut self, hosts: BTreeMap<String, SocketAddr>) -> Self {
        self.resolver.hosts = Arc::new(hosts);
        self
    }

    /// Whose certificates the client trusts.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Makes one call. Every status is an answer.
    ///
    /// # Errors
    ///
    /// There is no answer, or the call was not made; the error says why.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpsError> {
        self.send_within(self.limits.call, request).await
    }

    /// The same with a time limit of its own.
    ///
    /// # Errors
    ///
    /// As for [`Client::send`].
    pub async fn send_within(
        &self,
        limit: Duration,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, HttpsError> {
        self.check(request.uri())?;
        let mut request = request.map(Full::new);
        request.headers_mut().entry(USER_AGENT).or_insert(OUR_NAME);
        let call = self.answer(request);
        let timed_out = |_| HttpsError::TimedOut(limit);
        tokio::time::timeout(limit, call).await.map_err(timed_out)?
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpsError> {
        let pool = self.pool.get_or_init(|| self.pool());
        let (head, body) = pool.request(request).await.map_err(HttpsError::of)?.into_parts();
        let limit = self.limits.answer;
        let body = Limited::new(body, limit).collect().await.map_err(|error| match error
            .is::<LengthLimitError>(
        ) {
            true => HttpsError::TooLarge(limit),
            false => HttpsError::Broken(error),
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    fn check(&self, uri: &Uri) -> Result<(), HttpsError> {
        let scheme = uri.scheme();
        let plain = scheme == Some(&Scheme::HTTP) && self.resolver.reach == Reach::AlsoPrivate;
        if scheme != Some(&Scheme::HTTPS) && !plain {
            return Err(HttpsError::Unfit("only https is spoken"));
        }
        if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
            return Err(HttpsError::Unfit("the URL names a user, or no host"));
        }
        match uri.host() {
            Some(host) if self.resolver.allows(host) => Ok(()),
            _ => Err(HttpsError::NotPublic),
        }
    }

    fn pool(&self) -> Pool<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>> {
        let mut http = HttpConnector::new_with_resolver(self.resolver.clone());
        http.enforce_http(false);
        http.set_connect_timeout(Some(self.limits.connect));
        http.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new().with_tls_config(tls(&self.trust));
        let connector = tls.https_or_http().enable_http1().wrap_connector(http);
        Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .build(connector)
    }
}

/// The crypto provider is named, because a process that is linked with two has no default.
#[expect(clippy::expect_used, reason = "AWS-LC has the suites of both versions")]
fn tls(trust: &Trust) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_root_certificates(trust.store())
        .with_no_client_auth()
}
