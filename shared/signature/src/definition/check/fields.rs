//! Checks that are about which keys go together.

use crate::definition::check::place::Place;
use crate::definition::error::DefinitionError;
use crate::definition::file::{
    FromToml, KindToml, LayoutToml, SchemeToml, SignatureToml, TimestampFromToml,
};
use crate::definition::path::JsonPath;
use crate::definition::signature::{
    Layout, Name, Prefix, Signature, Source, Timestamp, TimestampSource,
};

type Result<T> = std::result::Result<T, DefinitionError>;

/// A scheme as written, with its place in the file.
pub(super) struct Fields<'a> {
    pub(super) raw: &'a SchemeToml,
    pub(super) place: Place,
}

impl Fields<'_> {
    pub(super) fn at(&self, key: &str) -> String {
        self.place.key(key)
    }

    pub(super) fn error(&self, key: &str, problem: &str) -> DefinitionError {
        self.place.error(key, problem)
    }

    pub(super) fn need<T>(&self, key: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.error(key, "missing"))
    }

    /// Refuses keys that mean nothing for this kind.
    pub(super) fn only(&self, allowed: &[&str]) -> Result<()> {
        let raw = self.raw;
        let present = [
            ("digest", raw.digest.is_some()),
            ("construction", raw.construction.is_some()),
            ("encoding", raw.encoding.is_some()),
            ("message", raw.message.is_some()),
            ("key", raw.key.is_some()),
            ("public_key", raw.public_key.is_some()),
            ("curve", raw.curve.is_some()),
            ("signature_format", raw.signature_format.is_some()),
            ("padding", raw.padding.is_some()),
            ("twice", raw.twice),
            ("module", raw.module.is_some()),
            ("jwt", raw.jwt.is_some()),
            ("keys", raw.keys.is_some()),
            ("weak", raw.weak),
            ("signature", raw.signature.is_some()),
            ("timestamp", raw.timestamp.is_some()),
        ];
        self.refuse(&present, allowed, "means nothing for this kind")
    }

    fn refuse(&self, present: &[(&str, bool)], allowed: &[&str], problem: &str) -> Result<()> {
        match present.iter().find(|(key, present)| *present && !allowed.contains(key)) {
            Some((key, _)) => Err(self.error(key, problem)),
            None => Ok(()),
        }
    }

    /// The timestamp's name where it sits beside the signature.
    pub(super) fn timestamp_field(&self) -> Option<&str> {
        let timestamp = self.raw.timestamp.as_ref()?;
        (timestamp.from == TimestampFromToml::SignatureField).then_some(&*timestamp.name)
    }

    pub(super) fn signature(&self, timestamp: Option<&str>) -> Result<Signature> {
        let raw = self.need("signature", self.raw.signature.as_ref())?;
        if raw.prefix.is_none() && raw.prefix_optional {
            return Err(self.error("signature.prefix_optional", "there is no prefix"));
        }
        self.layout_keys(raw)?;
        let prefix = raw.prefix.clone();
        Ok(Signature {
            source: self.source(raw)?,
            prefix: prefix.map(|text| Prefix { text, required: !raw.prefix_optional }),
            layout: self.layout(raw, timestamp)?,
        })
    }

    fn layout_keys(&self, raw: &SignatureToml) -> Result<()> {
        let present = [
            ("signature.field", raw.field.is_some()),
            ("signature.tag", raw.tag.is_some()),
            ("signature.tag_sep", raw.tag_sep.is_some()),
            ("signature.item_sep", raw.item_sep.is_some()),
            ("signature.group_sep", raw.group_sep.is_some()),
            ("signature.pair_sep", raw.pair_sep.is_some()),
            ("signature.match_left", raw.match_left.is_some()),
        ];
        let allowed: &[&str] = match raw.layout {
            LayoutToml::Plain => &[],
            LayoutToml::List | LayoutToml::Positional => &["signature.item_sep"],
            LayoutToml::Kv => &["signature.field", "signature.item_sep", "signature.group_sep"],
            LayoutToml::Tagged => &["signature.tag", "signature.tag_sep", "signature.item_sep"],
            LayoutToml::Pairs => {
                &["signature.pair_sep", "signature.item_sep", "signature.match_left"]
            }
        };
        self.refuse(&present, allowed, "means nothing for this layout")
    }

    fn layout(&self, raw: &SignatureToml, timestamp: Option<&str>) -> Result<Layout> {
        let text = |key: &str, value: &Option<String>| match value.as_deref() {
            None => Err(self.error(key, "missing")),
            Some("") => Err(self.error(key, "empty")),
            Some(text) => Ok(text.to_owned()),
        };
        let item_sep = || text("signature.item_sep", &raw.item_sep);
        if timestamp.is_some() && !matches!(raw.layout, LayoutToml::Kv | LayoutToml::Positional) {
            return Err(self.error("timestamp.from", "this layout has no field for it"));
        }
        Ok(match raw.layout {
            LayoutToml::Plain => Layout::Plain,
            LayoutToml::List => Layout::List { item_sep: item_sep()? },
            LayoutToml::Tagged => Layout::Tagged {
                tag: text("signature.tag", &raw.tag)?,
                tag_sep: text("signature.tag_sep", &raw.tag_sep)?,
                item_sep: item_sep()?,
            },
            LayoutToml::Pairs => Layout::Pairs {
                pair_sep: text("signature.pair_sep", &raw.pair_sep)?,
                item_sep: item_sep()?,
                match_left: raw.match_left.clone(),
            },
            LayoutToml::Positional => Layout::Positional {
                item_sep: item_sep()?,
                timestamp: timestamp.and_then(position).ok_or_else(|| {
                    self.error("timestamp.name", "the positional layout needs #0 or #1")
                })?,
            },
            LayoutToml::Kv => Layout::KeyValue {
                field: text("signature.field", &raw.field)?,
                item_sep: item_sep()?,
                group_sep: raw.group_sep.clone(),
                timestamp: timestamp.map(str::to_owned),
            },
        })
    }

    fn source(&self, raw: &SignatureToml) -> Result<Source> {
        let several = raw.numbered_prefix.is_some() || raw.max.is_some() || !raw.also.is_empty();
        if several && raw.from != FromToml::Header {
            return Err(self.error("signature.from", "only headers come in several"));
        }
        if let Some(prefix) = &raw.numbered_prefix {
            return self.numbered(raw, prefix);
        }
        if raw.max.is_some() {
            return Err(self.error("signature.max", "goes with numbered_prefix"));
        }
        let name = self.need("signature.name", raw.name.as_deref())?;
        if name.is_empty() {
            return Err(self.error("signature.name", "empty"));
        }
        Ok(match raw.from {
            FromToml::Header => Source::Header { name: Name::parse(name), also: raw.also.clone() },
            FromToml::Packed => match name.split_once('.') {
                Some((header, field)) => {
                    Source::Packed { header: header.to_owned(), field: field.to_owned() }
                }
                None => return Err(self.error("signature.name", "HEADER.FIELD")),
            },
            FromToml::Query => Source::Query(Name::parse(name)),
            FromToml::Json => Source::Json(self.json_name(name)?),
            FromToml::Form => Source::Form(name.to_owned()),
        })
    }

    fn numbered(&self, raw: &SignatureToml, prefix: &str) -> Result<Source> {
        if raw.name.is_some() || !raw.also.is_empty() {
            return Err(self.error("signature.numbered_prefix", "stands instead of name and also"));
        }
        match self.need("signature.max", raw.max)? {
            0 => Err(self.error("signature.max", "at least 1")),
            max => Ok(Source::Numbered { prefix: prefix.to_owned(), max }),
        }
    }

    /// `[]` is for tokens: a batch in which every item has to carry the token.
    fn json_name(&self, name: &str) -> Result<JsonPath> {
        let at = self.at("signature.name");
        match self.raw.kind {
            Some(KindToml::Token) => JsonPath::parse(name, &at),
            _ => JsonPath::single(name, &at),
        }
    }

    pub(super) fn plain(&self, problem: &str, signature: &Signature) -> Result<()> {
        match signature.layout {
            Layout::Plain => Ok(()),
            _ => Err(self.error("signature.layout", problem)),
        }
    }

    pub(super) fn header_only(&self, signature: &Signature) -> Result<()> {
        match signature.source {
            Source::Header { .. } if signature.prefix.is_none() => Ok(()),
            _ => Err(self.error("signature", "credentials travel in a header, without a prefix")),
        }
    }

    pub(super) fn authorization() -> Source {
        Source::Header { name: Name::Fixed("Authorization".to_owned()), also: Vec::new() }
    }
}

/// Before or after the signatures; nobody puts it between them.
fn position(name: &str) -> Option<usize> {
    match name {
        "#0" => Some(0),
        "#1" => Some(1),
        _ => None,
    }
}

impl Fields<'_> {
    pub(super) fn timestamp(&self) -> Result<Option<Timestamp>> {
        let Some(raw) = &self.raw.timestamp else {
            return Ok(None);
        };
        let source = match raw.from {
            TimestampFromToml::Header => TimestampSource::Header(raw.name.clone()),
            TimestampFromToml::SignatureField => TimestampSource::SignatureField,
            TimestampFromToml::Form => TimestampSource::Form(raw.name.clone()),
            TimestampFromToml::Json => {
                TimestampSource::Json(JsonPath::single(&raw.name, &self.at("timestamp.name"))?)
            }
        };
        Ok(Some(Timestamp {
            source,
            unit: raw.unit,
            tolerance_seconds: raw.tolerance_seconds,
            renewed_on_retry: raw.renewed_on_retry,
        }))
    }
}
