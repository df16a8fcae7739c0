//! What a provider asks of an endpoint beside taking its events.

use std::fmt;

use derive_more::Display;
use serde::Deserialize;
use strum::IntoStaticStr;

use super::reply::{Reply, Text};
use super::selector::Selector;

/// An exchange that makes no event: a provider tests the endpoint, asks whose it is, or hands
/// over the secret.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub(crate) kind: HandshakeKind,
    pub(crate) method: Method,
    pub(crate) signed: bool,
    pub(crate) when: Vec<Condition>,
    pub(crate) check: Option<Check>,
    pub(crate) reply: Reply,
    pub(super) notes: Option<String>,
}

#[derive(Clone, Debug, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum HandshakeKind {
    /// The answer is always the same.
    Probe,
    /// The answer holds the challenge.
    Echo(Challenge),
    /// The answer holds a digest of the challenge.
    KeyedResponse(Challenge, Keyed),
    /// The challenge is the secret that signs from now on.
    CaptureSecret(Challenge),
    /// A URL of the provider's is fetched before the answer is given.
    #[strum(serialize = "confirm-by-get")]
    Confirm(Visit),
}

/// A URL that a signed request asks to have fetched.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) at: Selector,
    /// The hosts that it may name; no other is ever called.
    pub(crate) hosts: Vec<String>,
}

/// What proves that the endpoint is the operator's.
#[derive(Clone, Debug)]
pub(crate) enum Keyed {
    /// A MAC by the main scheme's digest, key and encoding.
    Mac,
    /// The SHA-256 of a text, in hex. What is secret in it is a setting.
    Hash(Text),
}

/// The methods that a provider can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Delete,
    Get,
    Head,
    Patch,
    Post,
    Put,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What tells the exchange from an event.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) at: Selector,
    pub(crate) test: Test,
}

#[derive(Clone, Debug, Display)]
pub(crate) enum Test {
    #[display("{}", _0.join(" or "))]
    Is(Vec<String>),
    #[display("there")]
    Present,
    #[display("not there")]
    Absent,
    /// A list without items.
    #[display("an empty list")]
    Empty,
}

/// A text of the sender's choice, and how far the choice goes.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    pub(crate) at: Selector,
    pub(super) characters: Characters,
    pub(super) min_length: usize,
    pub(crate) max_length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Characters {
    /// `0-9a-fA-F`
    Hex,
    /// `A-Za-z0-9_-`
    Token,
    /// Those of a token, `+`, `/` and `=`.
    Base64,
    /// What ASCII can print, but for the brackets of a tag.
    Plain,
}

/// A value that has to be the operator's, such as a verify token. It is never a key.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) at: Selector,
    pub(crate) setting: String,
    /// The status of the answer to any other value.
    pub(crate) otherwise: u16,
}

impl Handshake {
    /// The shape of the exchange: `probe`, `echo`, `keyed-response`, `capture-secret` or
    /// `confirm-by-get`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        (&self.kind).into()
    }

    /// The method it comes with.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.method.as_str()
    }

    /// Whether it is signed like an event, and so answered after the signature was checked.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        self.signed
    }

    /// What else there is to know of it.
    #[must_use]
    pub fn notes(&self) -> Option<&str> {
        self.notes.as_deref()
    }

    pub(crate) const fn challenge(&self) -> Option<&Challenge> {
        match &self.kind {
            HandshakeKind::Probe | HandshakeKind::Confirm(_) => None,
            HandshakeKind::Echo(challenge)
            | HandshakeKind::KeyedResponse(challenge, _)
            | HandshakeKind::CaptureSecret(challenge) => Some(challenge),
        }
    }

    pub(super) fn settings(&self) -> impl Iterator<Item = &str> {
        let hashed = match &self.kind {
            HandshakeKind::KeyedResponse(_, Keyed::Hash(text)) => Some(text),
            _ => None,
        };
        let checked = self.check.iter().map(|check| &*check.setting);
        checked.chain(self.reply.settings()).chain(hashed.into_iter().flat_map(Text::settings))
    }
}

/// In words, such as `a signed POST with json:challenge, where json:type is x`.
impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = if self.signed { "a signed " } else { "" };
        write!(f, "{signed}{}", self.method.as_str())?;
        if let Some(challenge) = self.challenge() {
            write!(f, " with {}", challenge.at)?;
        }
        for (index, Condition { at, test }) in self.when.iter().enumerate() {
            let word = if index == 0 { ", where" } else { " and" };
            write!(f, "{word} {at} is {test}")?;
        }
        match &self.check {
            Some(Check { at, setting, otherwise }) => {
                write!(f, "; {at} has to be the setting {setting}, else {otherwise}")
            }
            None => Ok(()),
        }
    }
}

impl Challenge {
    /// Whether the text is one that may be answered.
    pub(crate) fn takes(&self, text: &str) -> bool {
        (self.min_length..=self.max_length).contains(&text.len())
            && text.bytes().all(|byte| self.has(byte))
    }

    /// Whether such a text can have this byte in it.
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.characters.have(byte)
    }
}

impl Characters {
    fn have(self, byte: u8) -> bool {
        match self {
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Token => byte.is_ascii_alphanumeric() || b"_-".contains(&byte),
            Self::Base64 => Self::Token.have(byte) || b"+/=".contains(&byte),
            Self::Plain => (b' '..=b'~').contains(&byte) && !b"<>".contains(&byte),
        }
    }
}
