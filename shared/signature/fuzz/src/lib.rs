//! Inputs of the fuzz targets: a request as text, so that seeds can be read.

use hookdock_signature::{Headers, Provider, Request, catalog};

/// A provider's id and a request to it.
#[derive(Debug)]
pub struct Input<'a> {
    /// The definition to use.
    pub provider: Provider,
    url: &'a str,
    headers: Headers,
    body: &'a [u8],
}

impl<'a> Input<'a> {
    /// Reads the id, the URL, and `name: value` on a line each, a blank line, and the body.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
        let (head, rest) = bytes.split_at_checked(end)?;
        let mut lines = std::str::from_utf8(head).ok()?.split('\n');
        let provider = catalog::find(lines.next()?)?;
        let url = lines.next()?;
        let headers = lines.filter_map(|line| line.split_once(": ")).collect();
        Some(Self { provider: configured(provider), url, headers, body: rest.get(2..)? })
    }

    /// The request.
    #[must_use]
    pub fn request(&'a self) -> Request<'a> {
        Request { method: "POST", url: self.url, headers: &self.headers, body: self.body }
    }
}

fn configured(provider: Provider) -> Provider {
    let names: Vec<String> = provider.settings().map(|(name, _)| name.to_owned()).collect();
    let set = |provider: Provider, name: &String| {
        provider.clone().configure(name, "X-Set").unwrap_or(provider)
    };
    names.iter().fold(provider, set)
}
