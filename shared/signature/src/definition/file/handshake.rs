//! A handshake as it is written.

use serde::Deserialize;

use super::reply::ReplyToml;
use crate::definition::handshake::{Characters, Method};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandshakeToml {
    pub(crate) kind: KindToml,
    pub(crate) method: Method,
    #[serde(default)]
    pub(crate) signed: bool,
    #[serde(default)]
    pub(crate) when: Vec<ConditionToml>,
    pub(crate) challenge: Option<ChallengeToml>,
    pub(crate) hash: Option<String>,
    pub(crate) check: Option<CheckToml>,
    pub(crate) visit: Option<VisitToml>,
    #[serde(default)]
    pub(crate) answer: ReplyToml,
    pub(crate) notes: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KindToml {
    Probe,
    Echo,
    KeyedResponse,
    CaptureSecret,
    ConfirmByGet,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VisitToml {
    pub(crate) at: String,
    pub(crate) hosts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConditionToml {
    pub(crate) at: String,
    pub(crate) is: Option<Vec<String>>,
    pub(crate) state: Option<StateToml>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StateToml {
    Present,
    Absent,
    Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChallengeToml {
    pub(crate) at: String,
    pub(crate) characters: Characters,
    pub(crate) min_length: Option<usize>,
    pub(crate) max_length: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckToml {
    pub(crate) at: String,
    pub(crate) setting: String,
    pub(crate) otherwise: u16,
}
