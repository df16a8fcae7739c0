//! One request: routed by its head, then read, then answered.

use std::net::SocketAddr;

use bytes::Bytes;
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::ingest::http::{answer, answer_unread, largest_body};
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::Headers;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body;

use crate::server::body::{Room, discard};
use crate::server::refusals::Refusals;
use crate::server::types::LocalIngest;

/// The answer to a request. A body that no endpoint would take is not kept.
pub(super) async fn respond(
    ingest: &LocalIngest,
    room: &Room,
    refusals: &Refusals,
    sender: SocketAddr,
    request: Request<body::Incoming>,
) -> Response<Full<Bytes>> {
    let (parts, mut body) = request.into_parts();
    let Some(most) = largest_body(ingest, parts.uri.path()).await else {
        discard(body);
        let received_at = ingest.system.now();
        let bare = || incoming(&parts, sender, Bytes::new());
        let answered = answer(ingest, bare()).await;
        refusals.keep(&answered, received_at, false, bare);
        return answered.map(Full::new);
    };
    let received_at = ingest.system.now();
    let (answered, bytes) = match room.read(&mut body, most).await {
        Ok(held) => {
            let bytes = held.bytes.clone();
            (answer(ingest, incoming(&parts, sender, bytes.clone())).await, Some(bytes))
        }
        Err(unread) => {
            discard(body);
            (answer_unread(ingest, parts.uri.path(), received_at, unread), None)
        }
    };
    let is_whole = bytes.is_some();
    refusals.keep(&answered, received_at, is_whole, || {
        incoming(&parts, sender, bytes.unwrap_or_default())
    });
    answered.map(Full::new)
}

fn incoming(parts: &Parts, sender: SocketAddr, body: Bytes) -> Incoming {
    let seen = format!("http://{}{}", header(parts, "host").unwrap_or_default(), parts.uri);
    let forwarded = forwarded(parts).filter(|url| sender.ip().is_loopback() && *url != seen);
    let (url, other_url) = match forwarded {
        Some(forwarded) => (forwarded, Some(seen)),
        None => (seen, None),
    };
    Incoming {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        url,
        other_url,
        headers: headers(&parts.headers),
        body,
        sent_body: None,
        trace: None,
    }
}

/// The URL as a proxy says that the sender addressed it: what is on this machine, such as a
/// tunnel, may say so, for a signature has to match it all the same.
fn forwarded(parts: &Parts) -> Option<String> {
    let scheme = header(parts, "x-forwarded-proto").filter(|name| ["http", "https"].contains(name));
    let host = header(parts, "x-forwarded-host").or_else(|| header(parts, "host"));
    Some(format!("{}://{}{}", scheme?, host?, parts.uri))
}

/// The first of the values that a header lists.
fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let value = parts.headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim).filter(|first| !first.is_empty())
}

/// hyper has written the names in lower case (the names as sent are in a private extension:
/// hyper 1.12, `preserve_header_case`, read 2026-11). The values of one name come together and in
/// order; the order of the names is not promised (http 1.5, `HeaderMap::iter`, read 2026-11).
fn headers(map: &HeaderMap) -> Headers {
    map.iter().map(|(name, value)| (name.as_str(), text(value.as_bytes()))).collect()
}

/// A value that is not UTF-8 is read as Latin-1, as HTTP has it; no provider signs such a one.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_on_this_machine_may_say_how_the_sender_addressed_the_request() {
        const SEEN: &str = "http://shop.example/webhooks/a?b=c";
        const TUNNEL: &str = "https://shop.example/webhooks/a?b=c";
        const OTHER: &str = "https://other.example/webhooks/a?b=c";
        let (here, elsewhere) = ("127.0.0.1:9", "192.0.2.1:9");
        let both = &[("x-forwarded-proto", "https"), ("x-forwarded-host", "other.example, x")][..];
        for (sender, headers, url, other_url) in [
            (here, &[][..], SEEN, None),
            (here, &[("x-forwarded-proto", "https")], TUNNEL, Some(SEEN)),
            (here, both, OTHER, Some(SEEN)),
            (here, &[("x-forwarded-proto", "http")], SEEN, None),
            (here, &[("x-forwarded-proto", "gopher")], SEEN, None),
            (here, &[("x-forwarded-host", "other.example")], SEEN, None),
            ("[::1]:9", both, OTHER, Some(SEEN)),
            (elsewhere, both, SEEN, None),
        ] {
            let mut request = Request::get("/webhooks/a?b=c").header("host", "shop.example");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            let incoming = incoming(&parts, sender.parse().expect("an address"), Bytes::new());
            assert_eq!(
                (&*incoming.url, incoming.other_url.as_deref()),
                (url, other_url),
                "{sender} {headers:?}"
            );
        }
    }
}
