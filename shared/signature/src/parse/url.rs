//! A URL in the parts that senders sign.

/// `scheme://authority/path?query`, without a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) authority: &'a str,
    /// With its first slash; empty when there is none.
    pub(crate) path: &'a str,
    /// Without the question mark.
    pub(crate) query: Option<&'a str>,
}

impl<'a> Url<'a> {
    pub(crate) fn split(text: &'a str) -> Option<Self> {
        let before_fragment = text.split('#').next()?;
        let (scheme, rest) = before_fragment.split_once("://")?;
        let (target, query) = match rest.split_once('?') {
            Some((target, query)) => (target, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = target.split_at(target.find('/').unwrap_or(target.len()));
        Some(Self { scheme, authority, path, query })
    }

    /// The other way to write the same authority: with the scheme's own port where it
    /// is left out, and without it where it is not.
    pub(crate) fn other_authority(&self) -> Option<String> {
        let own_port = match self.scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return None,
        };
        match self.authority.strip_suffix(own_port) {
            Some(host) => Some(host.to_owned()),
            None if self.has_port() => None,
            None => Some(format!("{}{own_port}", self.authority)),
        }
    }

    fn has_port(&self) -> bool {
        let port = self.authority.rsplit_once(':').map(|(_, port)| port);
        port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    }

    pub(crate) fn with_authority(&self, authority: &str) -> String {
        let Self { scheme, path, .. } = self;
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{scheme}://{authority}{path}{query}")
    }
}

/// Percent-encodes all but letters, digits and what is to be kept.
pub(crate) fn escape(text: &str, keep: &str) -> String {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte);
    let escaped = text.bytes().map(|byte| match byte {
        byte if keeps(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    escaped.collect()
}
