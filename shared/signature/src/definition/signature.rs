//! Where a signature is, how it is written there, and the time beside it.

use serde::Deserialize;
use strum::IntoStaticStr;

use super::path::JsonPath;

#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) source: Source,
    pub(crate) prefix: Option<Prefix>,
    pub(crate) layout: Layout,
}

#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    pub(crate) text: String,
    pub(crate) required: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    Header {
        name: Name,
        also: Vec<String>,
    },
    Numbered {
        prefix: String,
        max: u16,
    },
    Query(Name),
    Json(JsonPath),
    Form(String),
    /// A field of the JSON that a header holds as base64.
    Packed {
        header: String,
        field: String,
    },
}

/// A name that is part of the definition, or that the operator sets.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Fixed(String),
    Setting(String),
}

/// How signatures sit inside the value that carries them.
#[derive(Clone, Debug, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Layout {
    Plain,
    List {
        item_sep: String,
    },
    Tagged {
        tag: String,
        tag_sep: String,
        item_sep: String,
    },
    Pairs {
        pair_sep: String,
        item_sep: String,
        match_left: Option<String>,
    },
    Positional {
        item_sep: String,
        timestamp: usize,
    },
    #[strum(serialize = "kv")]
    KeyValue {
        field: String,
        item_sep: String,
        group_sep: Option<String>,
        timestamp: Option<String>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Timestamp {
    pub(crate) source: TimestampSource,
    pub(crate) unit: Unit,
    pub(crate) tolerance_seconds: Option<u32>,
    /// Whether a retry states a time of its own, where that is known.
    pub(crate) renewed_on_retry: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimestampSource {
    Header(String),
    SignatureField,
    Json(JsonPath),
    Form(String),
}

impl TimestampSource {
    pub(crate) const fn is_in_body(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Form(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    S,
    Ms,
    Iso8601,
}

impl Name {
    /// `{config:name}` as a whole, or the name itself.
    pub(super) fn parse(text: &str) -> Self {
        match text.strip_prefix("{config:").and_then(|rest| rest.strip_suffix('}')) {
            Some(setting) => Self::Setting(setting.to_owned()),
            None => Self::Fixed(text.to_owned()),
        }
    }

    pub(super) fn setting(&self) -> Option<&str> {
        match self {
            Self::Setting(name) => Some(name),
            Self::Fixed(_) => None,
        }
    }
}

impl Layout {
    pub(super) fn setting(&self) -> Option<&str> {
        match self {
            Self::Pairs { match_left, .. } => match_left.as_deref(),
            _ => None,
        }
    }
}
