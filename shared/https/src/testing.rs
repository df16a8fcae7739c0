//! A TLS server on loopback with an authority of its own, for tests of callers.
#![expect(clippy::expect_used, reason = "a test that cannot start its server has failed")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use derive_more::Debug;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// An authority that only the test trusts.
#[derive(Debug)]
#[debug("Authority")]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Default for Authority {
    fn default() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate whose subject is its issuer for one that signed itself.
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }
}

impl Authority {
    /// Its own certificate.
    #[must_use]
    pub fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// Signs a certificate of the caller's making.
    #[must_use]
    pub fn certify(&self, params: &CertificateParams, key: &KeyPair) -> CertificateDer<'static> {
        params.signed_by(key, &self.0).expect("a certificate").der().clone()
    }

    fn server(&self, names: &[&str]) -> ServerConfig {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).expect("names");
        let key = KeyPair::generate().expect("a key");
        let chain = vec![self.certify(&params, &key)];
        let key = key.serialize_der().try_into().expect("a private key");
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a usable certificate")
    }
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<Request<Bytes>>>,
}

impl Server {
    /// Answers over TLS, as any of the names.
    pub async fn tls<A>(authority: &Authority, names: &[&str], answer: A) -> Self
    where
        A: Fn(&Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync + 'static,
    {
        let acceptor = TlsAcceptor::from(Arc::new(authority.server(names)));
        Self::start(Some(acceptor), Arc::new(answer)).await
    }

    /// Answers over plain HTTP.
    pub async fn plain<A>(answer: A) -> Self
    where
        A: Fn(&Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync + 'static,
    {
        Self::start(None, Arc::new(answer)).await
    }

    async fn start<A>(acceptor: Option<TlsAcceptor>, answer: Arc<A>) -> Self
    where
        A: Fn(&Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::<Seen>::default();
        let accepting = tokio::spawn(accept(listener, acceptor, Arc::clone(&seen), answer));
        Self { address, seen, accepting }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often somebody connected.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.seen.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<A>(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    seen: Arc<Seen>,
    answer: Arc<A>,
) where
    A: Fn(&Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync + 'static,
{
    // Dropped with this task, and the connections with them.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::Relaxed);
        // Or an answer in two pieces waits 40 ms for a delayed acknowledgement.
        stream.set_nodelay(true).expect("a socket");
        connections.spawn(connection(
            stream,
            acceptor.clone(),
            Arc::clone(&seen),
            Arc::clone(&answer),
        ));
    }
}

/// The caller notices a connection that breaks off.
async fn connection<A>(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    seen: Arc<Seen>,
    answer: Arc<A>,
) where
    A: Fn(&Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
        async move {
            let (head, body) = request.into_parts();
            let request = Request::from_parts(head, body.collect().await?.to_bytes());
            seen.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
            Ok::<_, hyper::Error>(answer(&request).await.map(Full::new))
        }
    });
    let http = hyper::server::conn::http1::Builder::new();
    let _broken_off = match acceptor {
        None => http.serve_connection(TokioIo::new(stream), service).await.ok(),
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => http.serve_connection(TokioIo::new(stream), service).await.ok(),
            Err(_) => None,
        },
    };
}
