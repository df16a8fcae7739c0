//! Checks of `[[handshakes]]`.

use crate::definition::check::place::Place;
use crate::definition::control::Control;
use crate::definition::error::DefinitionError;
use crate::definition::file::ControlToml;
use crate::definition::file::handshake::{
    ChallengeToml, CheckToml, ConditionToml, HandshakeToml, KindToml, StateToml, VisitToml,
};
use crate::definition::handshake::{
    Challenge, Characters, Check, Condition, Handshake, HandshakeKind, Keyed, Method, Test, Visit,
};
use crate::definition::reply::{Text, Word};
use crate::definition::selector::{Needs, Reach, Selector};

type Result<T> = std::result::Result<T, DefinitionError>;

/// The longest challenge that any provider is answered. Tokens are far shorter, and nothing of
/// this length is worth having reflected.
const LONGEST: usize = 1024;

/// The longest text that is answered under a key.
const LONGEST_KEYED: usize = 128;

impl HandshakeToml {
    /// `can_mac`: whether the main scheme has a MAC to answer with.
    pub(crate) fn check(self, index: usize, can_mac: bool) -> Result<Handshake> {
        let at = Place::new(format!("handshakes[{index}]"));
        let reply = self.answer.check(&at.key("answer"))?;
        let challenge = self.challenge.map(|raw| raw.check(&at)).transpose()?;
        let visit = self.visit.map(|raw| raw.check(&at)).transpose()?;
        let kind = match (self.kind, challenge, self.hash) {
            (KindToml::ConfirmByGet, None, None) => {
                HandshakeKind::Confirm(visit.ok_or_else(|| at.error("visit", "missing"))?)
            }
            (KindToml::ConfirmByGet, ..) => return Err(at.error("kind", "has no challenge")),
            _ if visit.is_some() => return Err(at.error("visit", "goes with confirm-by-get")),
            (KindToml::Probe, None, None) => HandshakeKind::Probe,
            (KindToml::Echo, Some(challenge), None) => HandshakeKind::Echo(challenge),
            (KindToml::CaptureSecret, Some(challenge), None) => {
                HandshakeKind::CaptureSecret(challenge)
            }
            (KindToml::KeyedResponse, Some(challenge), hash) => {
                let keyed = at.keyed(hash.as_deref(), can_mac)?;
                HandshakeKind::KeyedResponse(at.bounded(challenge)?, keyed)
            }
            (KindToml::Probe, ..) => return Err(at.error("kind", "a probe has no challenge")),
            (_, None, _) => return Err(at.error("challenge", "missing")),
            (_, _, Some(_)) => return Err(at.error("hash", "goes with keyed-response only")),
        };
        let when = self.when.into_iter().map(|raw| raw.check(&at)).collect::<Result<Vec<_>>>()?;
        let check = self.check.map(|raw| raw.check(&at)).transpose()?;
        let handshake = Handshake {
            kind,
            method: self.method,
            signed: self.signed,
            when,
            check,
            reply,
            notes: self.notes,
        };
        at.coherent(&handshake)?;
        Ok(handshake)
    }
}

impl ControlToml {
    pub(crate) fn check(self, index: usize) -> Result<Control> {
        let at = Place::new(format!("controls[{index}]"));
        if self.when.is_empty() {
            return Err(at.error("when", "every event would be one"));
        }
        let when = self.when.into_iter().map(|raw| raw.check(&at)).collect::<Result<_>>()?;
        Ok(Control { when, event_type: self.event_type, notes: self.notes })
    }
}

impl Place {
    fn selector(&self, key: &str, text: String) -> Result<Selector> {
        Selector::parse(&[text], Needs::Every, Reach::Request, &[], &self.key(key))
    }

    fn keyed(&self, hash: Option<&str>, can_mac: bool) -> Result<Keyed> {
        match hash {
            Some(text) => Text::parse(text, &self.key("hash")).map(Keyed::Hash),
            None if can_mac => Ok(Keyed::Mac),
            None => Err(self.error("kind", "the main scheme has no MAC to answer with")),
        }
    }

    /// A text that the signing key is used for must not be able to look like an event.
    fn bounded(&self, challenge: Challenge) -> Result<Challenge> {
        if challenge.characters == Characters::Plain || challenge.max_length > LONGEST_KEYED {
            return Err(self.error("challenge", "too free for what is answered under a key"));
        }
        Ok(challenge)
    }

    fn coherent(&self, handshake: &Handshake) -> Result<()> {
        self.words(handshake)?;
        if !matches!(handshake.method, Method::Get | Method::Head | Method::Post) {
            return Err(self.error("method", "goes with events only"));
        }
        self.signed(handshake)?;
        self.told_apart(handshake)
    }

    fn words(&self, handshake: &Handshake) -> Result<()> {
        let says = |word| handshake.reply.says(word);
        let problem = match &handshake.kind {
            HandshakeKind::KeyedResponse(..) if !says(&Word::Digest) => "without {digest}",
            HandshakeKind::KeyedResponse(..) => return Ok(()),
            _ if says(&Word::Digest) => "nothing makes a {digest}",
            HandshakeKind::Probe | HandshakeKind::Confirm(_) if says(&Word::Challenge) => {
                "a probe has no {challenge}"
            }
            HandshakeKind::Echo(_) if !says(&Word::Challenge) => "without {challenge}",
            HandshakeKind::Probe
            | HandshakeKind::Echo(_)
            | HandshakeKind::CaptureSecret(_)
            | HandshakeKind::Confirm(_) => {
                return Ok(());
            }
        };
        Err(self.error("answer", problem))
    }

    fn signed(&self, handshake: &Handshake) -> Result<()> {
        let problem = match &handshake.kind {
            HandshakeKind::Confirm(_) if !handshake.signed => {
                "who may have a URL fetched has to sign"
            }
            _ if !handshake.signed => return Ok(()),
            HandshakeKind::CaptureSecret(_) => "nothing can sign before the secret is there",
            _ if handshake.method != Method::Post => "only a POST is signed",
            _ => return Ok(()),
        };
        Err(self.error("signed", problem))
    }

    /// An event is a POST too, so something has to tell the exchange from one.
    fn told_apart(&self, handshake: &Handshake) -> Result<()> {
        let any = matches!(handshake.kind, HandshakeKind::Probe | HandshakeKind::Confirm(_))
            && handshake.when.is_empty();
        if any && handshake.method == Method::Post {
            return Err(self.error("when", "every event would be taken for this"));
        }
        Ok(())
    }
}

impl ConditionToml {
    fn check(self, place: &Place) -> Result<Condition> {
        let test = match (self.is, self.state) {
            (Some(values), None) if !values.is_empty() => Test::Is(values),
            (None, Some(StateToml::Present)) => Test::Present,
            (None, Some(StateToml::Absent)) => Test::Absent,
            (None, Some(StateToml::Empty)) => Test::Empty,
            _ => return Err(place.error("when", "is or state, and one of them only")),
        };
        Ok(Condition { at: place.selector("when.at", self.at)?, test })
    }
}

impl VisitToml {
    fn check(self, place: &Place) -> Result<Visit> {
        if self.hosts.is_empty() {
            return Err(place.error("visit.hosts", "a request must not choose the host"));
        }
        Ok(Visit { at: place.selector("visit.at", self.at)?, hosts: self.hosts })
    }
}

impl ChallengeToml {
    fn check(self, place: &Place) -> Result<Challenge> {
        let min_length = self.min_length.unwrap_or(1);
        if min_length == 0 || min_length > self.max_length || self.max_length > LONGEST {
            return Err(place.error("challenge", "no such length"));
        }
        Ok(Challenge {
            at: place.selector("challenge.at", self.at)?,
            characters: self.characters,
            min_length,
            max_length: self.max_length,
        })
    }
}

impl CheckToml {
    fn check(self, place: &Place) -> Result<Check> {
        if !(400..500).contains(&self.otherwise) {
            return Err(place.error("check.otherwise", "not the status of a refusal"));
        }
        let at = place.selector("check.at", self.at)?;
        Ok(Check { at, setting: self.setting, otherwise: self.otherwise })
    }
}
