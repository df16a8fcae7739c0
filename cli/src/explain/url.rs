//! What a proxy may have made of the URL.

use crate::explain::changes::{Change, UrlChange};
use crate::explain::variant::{Part, Variant};

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
