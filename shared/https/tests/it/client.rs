//! The client against servers on loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_https::testing::{Authority, Server};
use hookdock_https::{Client, HttpsError, Limits, Reach, Trust};
use hookdock_pipeline::model::port_error::PortErrorKind;
use http::{Request, Response, StatusCode};

const LIMITS: Limits =
    Limits { connect: Duration::from_secs(2), call: Duration::from_secs(5), answer: 1024 };

const HOST: &str = "keys.example";

fn client(authority: &Authority, server: &Server) -> Client {
    Client::new(LIMITS, Reach::AlsoPrivate, Trust::nobody().and(authority.root()))
        .finding(found_at(server.address()))
}

fn found_at(address: SocketAddr) -> BTreeMap<String, SocketAddr> {
    BTreeMap::from([(HOST.to_owned(), address)])
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).expect("a request")
}

/// An answer that repeats what was sent.
fn echo(request: &Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> {
    let (path, body) = (request.uri().to_string(), request.body().clone());
    async move { Response::new([path.as_bytes(), b" ", &body].concat().into()) }.boxed()
}

fn says(status: u16, header: (&'static str, &'static str), body: usize) -> Response<Bytes> {
    let answer = Response::builder().status(status).header(header.0, header.1);
    answer.body(vec![b'x'; body].into()).expect("an answer")
}

async fn failure(client: &Client, url: &str) -> (PortErrorKind, String) {
    let error = client.send(get(url)).await.expect_err(url);
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn a_call_reaches_its_host_and_a_second_one_uses_the_same_connection() {
    let authority = Authority::default();
    let server = Server::tls(&authority, &[HOST], echo).await;
    let client = client(&authority, &server);
    for body in ["first", "second"] {
        let request = Request::post("https://keys.example/a/b?c=d").body(Bytes::from(body));
        let answer = client.send(request.expect("a request")).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(*answer.body(), format!("/a/b?c=d {body}"));
    }
    assert_eq!(server.connections(), 1);
    let asked = server.requests();
    assert_eq!(asked[0].headers()["host"], HOST);
    assert!(asked[0].headers()["user-agent"].to_str().expect("text").starts_with("hookdock/"));
}

#[tokio::test]
async fn a_certificate_of_another_authority_or_of_another_host_is_not_trusted() {
    let (authority, other) = (Authority::default(), Authority::default());
    let forged = Server::tls(&other, &[HOST], echo).await;
    let elsewhere = Server::tls(&authority, &["other.example"], echo).await;
    for server in [forged, elsewhere] {
        let kind = failure(&client(&authority, &server), "https://keys.example/").await.0;
        assert_eq!(kind, PortErrorKind::Unavailable);
        assert!(server.requests().is_empty());
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let authority = Authority::default();
    let server = Server::tls(&authority, &[HOST], |_| {
        async { says(302, ("location", "https://keys.example/elsewhere"), 0) }.boxed()
    })
    .await;
    let answer = client(&authority, &server).send(get("https://keys.example/")).await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::FOUND);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_is_taken_up_to_its_limit_and_not_beyond() {
    let authority = Authority::default();
    let server = Server::tls(&authority, &[HOST], |request| {
        let size = request.uri().path()[1..].parse().expect("a size");
        async move { says(200, ("x-size", "as asked"), size) }.boxed()
    })
    .await;
    let client = client(&authority, &server);
    let answer = client.send(get("https://keys.example/1024")).await.expect("an answer");
    assert_eq!(answer.body().len(), 1024);
    let (kind, message) = failure(&client, "https://keys.example/1025").await;
    assert_eq!(
        (kind, message.as_str()),
        (PortErrorKind::Invalid, "the answer is larger than 1024 bytes")
    );
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_in_time() {
    let authority = Authority::default();
    let server = Server::tls(&authority, &[HOST], |_| std::future::pending().boxed()).await;
    let limits = Limits { call: Duration::from_millis(200), ..LIMITS };
    let client = Client::new(limits, Reach::AlsoPrivate, Trust::nobody().and(authority.root()))
        .finding(found_at(server.address()));
    assert_eq!(failure(&client, "https://keys.example/").await.0, PortErrorKind::TimedOut);
}

#[tokio::test]
async fn a_host_that_is_not_there_is_unavailable() {
    let authority = Authority::default();
    let server = Server::tls(&authority, &[HOST], echo).await;
    let client = client(&authority, &server);
    drop(server);
    tokio::task::yield_now().await;
    assert_eq!(failure(&client, "https://keys.example/").await.0, PortErrorKind::Unavailable);
}

#[tokio::test]
async fn with_public_reach_nothing_private_is_connected_to_by_name_or_by_address() {
    let server = Server::plain(echo).await;
    let port = server.address().port();
    let client =
        Client::new(LIMITS, Reach::Public, Trust::nobody()).finding(found_at(server.address()));
    for host in [
        HOST,
        "localhost",
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "0.0.0.0",
        "[::]",
        "10.0.0.1",
        "192.168.0.1",
    ] {
        let error = client.send(get(&format!("https://{host}:{port}/"))).await.expect_err(host);
        assert!(matches!(error, HttpsError::NotPublic), "{host}: {error:?}");
        assert_eq!(error.kind(), PortErrorKind::Denied);
    }
    // Ways to write 127.0.0.1 that a resolver knows and TLS does not.
    for host in ["127.1", "2130706433", "0x7f000001", "0177.0.0.1"] {
        client.send(get(&format!("https://{host}:{port}/"))).await.expect_err(host);
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn plain_http_is_spoken_with_private_reach_only() {
    let server = Server::plain(echo).await;
    let url = format!("http://{}/plain", server.address());
    let open = Client::new(LIMITS, Reach::AlsoPrivate, Trust::nobody());
    assert_eq!(*open.send(get(&url)).await.expect("an answer").body(), "/plain ");
    let closed = Client::new(LIMITS, Reach::Public, Trust::nobody());
    let refused = (PortErrorKind::Invalid, "only https is spoken".to_owned());
    assert_eq!(failure(&closed, "http://example.com/").await, refused);
    assert_eq!(failure(&open, "ftp://example.com/").await, refused);
}

#[tokio::test]
async fn a_url_with_a_user_or_without_a_host_is_not_called() {
    let client = Client::new(LIMITS, Reach::AlsoPrivate, Trust::nobody());
    for url in
        ["https://user@keys.example/", "https://user:word@keys.example/", "https://@keys.example/"]
    {
        let (kind, message) = failure(&client, url).await;
        assert_eq!(kind, PortErrorKind::Invalid, "{url}");
        assert_eq!(message, "the URL names a user, or no host", "{url}");
    }
    assert_eq!(failure(&client, "/path").await.0, PortErrorKind::Invalid);
}
