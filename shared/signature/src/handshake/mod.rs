//! Answers what a provider asks beside sending events.
//!
//! Whoever asks chooses the challenge, so each kind is bounded: what is echoed is short text
//! without a tag, what is answered under the signing key has only the characters of a token, and
//! [`crate::verify`] refuses every event that could be such a challenge.

mod fill;

use fill::Filling;
use zeroize::Zeroizing;

use crate::definition::handshake::{Challenge, Check, Condition, Keyed, Kind, Test};
use crate::definition::scheme;
use crate::keys::may_visit;
use crate::verify::canonical::Message;
use crate::verify::mac;
use crate::{Handshake, Proof, Provider, Request, RequestView, Secret, SelectError, Selected};

/// The largest body that is looked into. A handshake has a few hundred bytes, and of what is
/// larger most is not signed yet.
const MOST_BYTES: usize = 4096;

/// What a request that is no event is answered with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The handshake's kind, for logs.
    pub kind: &'static str,
    /// The answer.
    pub answer: Answer,
    /// The secret that was handed over, by the id `captured`. It is to be kept before the answer
    /// is given. There is nothing to check it with, so it is to be taken once, and only by an
    /// endpoint that waits for it.
    pub secret: Option<Secret>,
    /// The URL to fetch, once, before the answer is given: https, on a host of the definition's.
    pub visit: Option<String>,
}

/// An answer, to be given as it is: some providers refuse what has more in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers that it needs; each can be sent as it is.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// A request that has the form of a handshake and is not answered as one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {kind} is refused")]
#[non_exhaustive]
pub struct RefusedHandshake {
    /// The handshake's kind, for logs.
    pub kind: &'static str,
    /// Why.
    #[source]
    pub reason: HandshakeRefusal,
}

/// Why a handshake is refused.
///
/// The text holds nothing that the sender wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeRefusal {
    /// A verify token or topic is not the operator's.
    #[error("the {setting} is not the one that is set")]
    Unexpected {
        /// The setting that it has to equal.
        setting: String,
        /// The status that the provider wants for this.
        status: u16,
    },
    /// The operator has not set a value that the handshake needs.
    #[error("setting {setting} is not set")]
    NotSet {
        /// The setting.
        setting: String,
        /// The status that the provider wants for a wrong value.
        status: u16,
    },
    /// The challenge has other characters, or more or fewer, than the provider's challenges have;
    /// or the URL to fetch is not the provider's.
    #[error("the challenge does not have the form of one")]
    MalformedChallenge,
    /// The challenge, the token or the topic is there more than once.
    #[error("a part of the handshake is repeated")]
    Repeated,
    /// The answer needs a secret, and there is none that the provider's scheme can use.
    #[error("there is no secret to answer with")]
    NoSecret,
}

impl HandshakeRefusal {
    /// A stable name in snake case, for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unexpected { .. } => "handshake_unexpected",
            Self::NotSet { .. } => "handshake_not_set",
            Self::MalformedChallenge => "handshake_malformed",
            Self::Repeated => "handshake_repeated",
            Self::NoSecret => "handshake_no_secret",
        }
    }
}

/// Answers a request if it is one of the provider's handshakes.
///
/// `proof` decides which are looked for: without one those that come unsigned, with the proof
/// that the request was verified those that come signed. Call it once before [`crate::verify`]
/// and once after. Nothing: the request is an event, or nobody's.
///
/// An answer under a key uses the secret that the proof names, else the first of `secrets`.
///
/// ```
/// use hookdock_signature::{Headers, Request, catalog, handshake};
///
/// let dropbox = catalog::find("dropbox").unwrap();
/// let request = Request {
///     method: "GET",
///     url: "https://hooks.example/dropbox?challenge=abc",
///     headers: &Headers::default(),
///     body: b"",
/// };
/// let exchange = handshake(&dropbox, &[], &request, None)?.unwrap();
/// assert_eq!(exchange.answer.body, "abc");
/// # Ok::<(), hookdock_signature::RefusedHandshake>(())
/// ```
///
/// # Errors
///
/// The request has the form of a handshake, and must not be answered as one.
pub fn handshake(
    provider: &Provider,
    secrets: &[Secret],
    request: &Request<'_>,
    proof: Option<&Proof>,
) -> Result<Option<Exchange>, RefusedHandshake> {
    if request.body.len() > MOST_BYTES {
        return Ok(None);
    }
    let view = RequestView::of(request);
    let asked = Asked { provider, secrets, request, proof, view: &view };
    let possible = provider.handshakes().iter().filter(|handshake| {
        handshake.signed == proof.is_some() && handshake.method() == request.method
    });
    for handshake in possible {
        let kind = handshake.kind();
        let answered = asked.answer(handshake);
        if let Some(exchange) = answered.map_err(|reason| RefusedHandshake { kind, reason })? {
            return Ok(Some(exchange));
        }
    }
    Ok(None)
}

/// Whether what is signed could be a challenge that is answered with its MAC. The attempt to pass
/// such an answer off as the signature of an event ends here.
pub(crate) fn would_answer(provider: &Provider, message: &Message<'_>) -> bool {
    provider.handshakes().iter().any(|handshake| match &handshake.kind {
        Kind::KeyedResponse(challenge, Keyed::Mac) => {
            message.is_made_of(challenge.max_length, |byte| challenge.has(byte))
        }
        _ => false,
    })
}

fn captured(challenge: &str) -> Result<Secret, HandshakeRefusal> {
    Secret::new("captured", challenge).map_err(|_| HandshakeRefusal::MalformedChallenge)
}

struct Asked<'a> {
    provider: &'a Provider,
    secrets: &'a [Secret],
    request: &'a Request<'a>,
    proof: Option<&'a Proof>,
    view: &'a RequestView<'a>,
}

impl Asked<'_> {
    fn answer(&self, handshake: &Handshake) -> Result<Option<Exchange>, HandshakeRefusal> {
        if !handshake.when.iter().all(|condition| self.meets(condition)) {
            return Ok(None);
        }
        let found = handshake.challenge().map(|challenge| self.find(challenge)).transpose()?;
        let challenge = match found {
            Some(None) => return Ok(None),
            Some(Some(selected)) => Zeroizing::new(selected.value),
            None => Zeroizing::default(),
        };
        if let Some(check) = &handshake.check {
            self.check(check)?;
        }
        if handshake.challenge().is_some_and(|wanted| !wanted.takes(&challenge)) {
            return Err(HandshakeRefusal::MalformedChallenge);
        }
        let filling = Filling {
            provider: self.provider,
            url: self.request.url,
            challenge: &challenge,
            digest: self.digest(handshake, &challenge)?,
        };
        let answer = filling.answer(&handshake.reply)?;
        let secret = match handshake.kind {
            Kind::CaptureSecret(_) => Some(captured(&challenge)?),
            _ => None,
        };
        let visit = self.visit(&handshake.kind)?;
        Ok(Some(Exchange { kind: handshake.kind(), answer, secret, visit }))
    }

    fn visit(&self, kind: &Kind) -> Result<Option<String>, HandshakeRefusal> {
        let Kind::Confirm(visit) = kind else { return Ok(None) };
        let found = visit.at.select_from(self.view).ok().flatten();
        let url = found.map(|found| found.value).filter(|url| may_visit(url, &visit.hosts));
        url.map(Some).ok_or(HandshakeRefusal::MalformedChallenge)
    }

    fn meets(&self, condition: &Condition) -> bool {
        let Condition { at, test } = condition;
        match test {
            Test::Present => at.finds_anything(self.view),
            Test::Absent => !at.finds_anything(self.view),
            Test::Empty => at.finds_an_empty_list(self.view),
            Test::Is(values) => {
                let found = at.select_from(self.view).ok().flatten();
                found.is_some_and(|found| values.contains(&found.value))
            }
        }
    }

    fn find(&self, challenge: &Challenge) -> Result<Option<Selected>, HandshakeRefusal> {
        match challenge.at.select_from(self.view) {
            Ok(found) => Ok(found),
            Err(SelectError::BodyNotJson) => Ok(None),
            Err(SelectError::Repeated { .. }) => Err(HandshakeRefusal::Repeated),
        }
    }

    fn check(&self, check: &Check) -> Result<(), HandshakeRefusal> {
        let (setting, status) = (check.setting.clone(), check.otherwise);
        let wanted = self.provider.setting(&setting).map(str::trim).unwrap_or_default();
        if wanted.is_empty() {
            return Err(HandshakeRefusal::NotSet { setting, status });
        }
        let given = check.at.select_from(self.view);
        let given = given.map_err(|_| HandshakeRefusal::Repeated)?;
        match given {
            Some(given) if mac::same(given.value.as_bytes(), wanted.as_bytes()) => Ok(()),
            _ => Err(HandshakeRefusal::Unexpected { setting, status }),
        }
    }

    fn digest(
        &self,
        handshake: &Handshake,
        challenge: &str,
    ) -> Result<Option<String>, HandshakeRefusal> {
        match &handshake.kind {
            Kind::KeyedResponse(_, Keyed::Mac) => {
                self.mac(challenge).map(Some).ok_or(HandshakeRefusal::NoSecret)
            }
            Kind::KeyedResponse(_, Keyed::Hash(text)) => {
                let (provider, url) = (self.provider, self.request.url);
                let filling = Filling { provider, url, challenge, digest: None };
                Ok(Some(mac::sha256_hex(filling.text(text)?.as_bytes())))
            }
            _ => Ok(None),
        }
    }

    fn mac(&self, challenge: &str) -> Option<String> {
        let scheme::Kind::Shared(shared) = &self.provider.scheme().kind else {
            return None;
        };
        let secret = match self.proof {
            None => self.secrets.first(),
            Some(proof) => self.secrets.iter().find(|secret| secret.id() == proof.secret_id()),
        };
        let key = shared.key.key(secret?.expose())?;
        let mac = shared.digest.of_pieces(&key, &[challenge.as_bytes().into()])?;
        Some(shared.signed.encoding.encode(&mac))
    }
}
