//! Answers what a provider asks beside sending events.
//!
//! Whoever asks chooses the challenge, so each kind is bounded: what is echoed is short text
//! without a tag, what is answered under the signing key has only the characters of a token, and
//! [`crate::verify`] refuses every event that could be such a challenge.

pub(crate) mod answer;
mod fill;

use answer::{Exchange, HandshakeRefusal, RefusedHandshake};
use fill::Filling;
use zeroize::Zeroizing;

use crate::definition::handshake::{Challenge, Check, HandshakeKind, Keyed};
use crate::definition::scheme;
use crate::hosts::may_visit;
use crate::{
    Handshake, Proof, Provider, Request, RequestView, Secret, SelectError, Selected, compare,
};

/// The largest body that is looked into. A handshake has a few hundred bytes, and of what is
/// larger most is not signed yet.
const MOST_BYTES: usize = 4096;

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
        if !handshake.when.iter().all(|condition| condition.holds(self.view)) {
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
        if handshake.challenge().is_some_and(|expected| !expected.takes(&challenge)) {
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
            HandshakeKind::CaptureSecret(_) => Some(captured(&challenge)?),
            _ => None,
        };
        let visit = self.visit(&handshake.kind)?;
        Ok(Some(Exchange { kind: handshake.kind(), answer, secret, visit }))
    }

    fn visit(&self, kind: &HandshakeKind) -> Result<Option<String>, HandshakeRefusal> {
        let HandshakeKind::Confirm(visit) = kind else { return Ok(None) };
        let found = visit.at.select_from(self.view).ok().flatten();
        let url = found.map(|found| found.value).filter(|url| may_visit(url, &visit.hosts));
        url.map(Some).ok_or(HandshakeRefusal::MalformedChallenge)
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
        let expected = self.provider.setting(&setting).map(str::trim).unwrap_or_default();
        if expected.is_empty() {
            return Err(HandshakeRefusal::NotSet { setting, status });
        }
        let given = check.at.select_from(self.view);
        let given = given.map_err(|_| HandshakeRefusal::Repeated)?;
        match given {
            Some(given) if compare::same(given.value.as_bytes(), expected.as_bytes()) => Ok(()),
            _ => Err(HandshakeRefusal::Unexpected { setting, status }),
        }
    }

    fn digest(
        &self,
        handshake: &Handshake,
        challenge: &str,
    ) -> Result<Option<String>, HandshakeRefusal> {
        match &handshake.kind {
            HandshakeKind::KeyedResponse(_, Keyed::Mac) => {
                self.mac(challenge).map(Some).ok_or(HandshakeRefusal::NoSecret)
            }
            HandshakeKind::KeyedResponse(_, Keyed::Hash(text)) => {
                let (provider, url) = (self.provider, self.request.url);
                let filling = Filling { provider, url, challenge, digest: None };
                Ok(Some(compare::sha256_hex(filling.text(text)?.as_bytes())))
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
