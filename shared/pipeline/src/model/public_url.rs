//! The URL under which providers know an endpoint.

use std::str::FromStr;

use derive_more::Display;
use http::Uri;

/// The URL that the operator typed in at a provider, or its beginning, where a proxy or a CDN
/// stands in front: `https`, a host, perhaps a path, and no query.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub struct PublicUrl(String);

/// Why a text is not a public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public URL is http:// or https://, a host, perhaps a path, and no query")]
pub struct NotPublicUrl;

impl FromStr for PublicUrl {
    type Err = NotPublicUrl;

    fn from_str(text: &str) -> Result<Self, NotPublicUrl> {
        let uri: Uri = text.parse().map_err(|_| NotPublicUrl)?;
        let fit = matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            && uri.query().is_none();
        let written = fit.then(|| text.trim_end_matches('/').to_owned());
        written.map(Self).ok_or(NotPublicUrl)
    }
}

impl PublicUrl {
    /// The URL of a request that was seen at `seen`, if `rest` is the path after this beginning.
    #[must_use]
    pub fn of_request(&self, rest: &str, seen: &str) -> String {
        let query = seen.split_once('?').map_or("", |(_, query)| query);
        let question = if query.is_empty() { "" } else { "?" };
        format!("{self}{rest}{question}{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_a_scheme_a_host_and_perhaps_a_path() {
        for text in ["https://a.example", "https://a.example/hooks/", "http://a.example:8080/x"] {
            assert!(text.parse::<PublicUrl>().is_ok(), "{text}");
        }
        for text in
            ["", "a.example", "/x", "ftp://a.example", "https://u@a.example", "https://a/?q"]
        {
            assert_eq!(text.parse::<PublicUrl>(), Err(NotPublicUrl), "{text}");
        }
    }

    #[test]
    fn a_request_keeps_its_query_under_the_public_url() {
        for (seen, expected) in [
            ("http://10.0.0.1/webhooks/a", "https://a.example/x/webhooks/a"),
            ("http://10.0.0.1/webhooks/a?b=c?d", "https://a.example/x/webhooks/a?b=c?d"),
        ] {
            let public: PublicUrl = "https://a.example/x/".parse().expect("public");
            assert_eq!(public.of_request("/webhooks/a", seen), expected);
        }
    }
}
