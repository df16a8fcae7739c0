//! What a proxy may have made of the URL.

use hookdock_signature::Headers;

use crate::explain::case::Case;
use crate::explain::changes::{Change, UrlChange};
use crate::explain::finding::Finding;
use crate::explain::variant::{Part, Variant};

/// The headers in which a proxy says how the sender addressed a request.
const FORWARDED: [&str; 2] = ["X-Forwarded-Proto", "X-Forwarded-Host"];

/// The URL that a proxy's headers state, and the headers that state it.
pub(crate) fn forwarded(url: &str, headers: &Headers) -> Option<Variant> {
    let [proto, host] = FORWARDED.map(|name| first(headers, name));
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
    let proto = proto.filter(|name| ["http", "https"].contains(name));
    let stated = format!("{}://{}{path}", proto.unwrap_or(scheme), host.unwrap_or(authority));
    let change = Change::ForwardedUrl { headers: there(headers) };
    (stated != url).then_some(Variant { change, part: Part::Url(stated) })
}

/// That the headers were tried in vain, where the URL is signed.
pub(crate) fn tried(case: &Case<'_>) -> Option<Finding> {
    let headers = there(case.headers());
    let is_signed = case.provider.signs_url();
    (is_signed && !headers.is_empty()).then_some(Finding::ForwardedUrl { headers })
}

fn there(headers: &Headers) -> Vec<String> {
    let there = FORWARDED.into_iter().filter(|name| first(headers, name).is_some());
    there.map(str::to_owned).collect()
}

/// The first of the values that a header lists: what the proxy nearest to the sender wrote.
fn first<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    let mut values = headers.iter().filter(|(there, _)| there.eq_ignore_ascii_case(name));
    let (_, value) = values.next()?;
    value.split(',').next().map(str::trim).filter(|first| !first.is_empty())
}

/// The URLs that may have been signed instead.
pub(crate) fn variants(url: &str) -> Vec<Variant> {
    let found = [
        (UrlChange::Https, swapped(url, "http://", "https://")),
        (UrlChange::Http, swapped(url, "https://", "http://")),
        (UrlChange::SlashAdded, (!url.ends_with('/')).then(|| format!("{url}/"))),
        (UrlChange::SlashRemoved, url.strip_suffix('/').map(str::to_owned)),
        (UrlChange::QueryRemoved, url.split_once('?').map(|(path, _)| path.to_owned())),
        (UrlChange::PortRemoved, without_port(url)),
    ];
    let found = found.into_iter().filter_map(|(how, url)| Some((how, url?)));
    let variant = |(how, url)| Variant { change: Change::Url { how }, part: Part::Url(url) };
    found.map(variant).collect()
}

fn swapped(url: &str, from: &str, to: &str) -> Option<String> {
    url.strip_prefix(from).map(|rest| format!("{to}{rest}"))
}

fn without_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    let (host, port) = authority.rsplit_once(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    is_port.then(|| format!("{scheme}://{host}{rest}"))
}
