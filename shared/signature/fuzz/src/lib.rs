//! Inputs of the fuzz targets: requests as text, so that seeds can be read.

use hookdock_signature::{EpochMillis, Headers, Provider, Request, Secret, catalog};

/// When every request comes in.
pub const NOW: EpochMillis = EpochMillis::new(1_795_302_439_000);

/// Good as text, as hex and as base64, and nobody can guess it.
pub const SECRET: &str = "b3b0c44298fc1c149afbf4c8996fb924";

/// [`SECRET`], as `verify` takes it.
#[must_use]
pub fn secret() -> Secret {
    Secret::new("s0", SECRET).expect("not empty")
}

/// A definition of the catalogue with every setting set.
#[must_use]
pub fn provider(id: &str) -> Option<Provider> {
    let provider = catalog::find(id)?;
    let names: Vec<String> = provider.settings().map(|(name, _)| name.to_owned()).collect();
    let set = |provider: Provider, name: &String| {
        provider.clone().configure(name, "X-Set").unwrap_or(provider)
    };
    Some(names.iter().fold(provider, set))
}

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
        let (head, body) = cut(bytes)?;
        let mut lines = head.split('\n');
        let provider = provider(lines.next()?)?;
        let url = lines.next()?;
        let headers = lines.filter_map(|line| line.split_once(": ")).collect();
        Some(Self { provider, url, headers, body })
    }

    /// The request.
    #[must_use]
    pub fn request(&'a self) -> Request<'a> {
        Request { method: "POST", url: self.url, headers: &self.headers, body: self.body }
    }
}

/// The text before the first blank line, and the bytes after it.
#[must_use]
pub fn cut(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(head).ok()?, rest.get(2..)?))
}
