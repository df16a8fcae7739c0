//! What a request says where a definition looks for a key or an account.

use std::borrow::Cow;

use crate::definition::keys::Carrier;
use crate::lookup::Lookup;
use crate::parse::json;
use crate::{Rejection, encoding};

type Result<T> = std::result::Result<T, Rejection>;

impl Carrier {
    /// What the request says there.
    pub(crate) fn value(&self, lookup: &Lookup<'_>) -> Result<String> {
        match self {
            Self::Header(name) => {
                let name = lookup.provider.resolve(name).unwrap_or_default();
                Ok(lookup.header(name)?.trim().to_owned())
            }
            Self::Json(path) => lookup.json(path).map(Cow::into_owned),
            Self::Packed { header, field } => {
                let malformed = || Rejection::MalformedHeader { name: header.clone() };
                let packed =
                    encoding::base64(lookup.header(header)?.trim()).ok_or_else(malformed)?;
                let found = json::document(&packed).and_then(|json| json::member(json, field));
                let text = found.and_then(json::scalar).ok_or_else(malformed)?;
                Ok(text.into_owned())
            }
        }
    }

    pub(crate) fn checked(
        &self,
        lookup: &Lookup<'_>,
        is_good: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let value = self.value(lookup)?;
        if is_good(&value) { Ok(value) } else { Err(self.malformed(lookup)) }
    }

    fn malformed(&self, lookup: &Lookup<'_>) -> Rejection {
        match self {
            Self::Header(name) => Rejection::MalformedHeader {
                name: lookup.provider.resolve(name).unwrap_or_default().to_owned(),
            },
            Self::Packed { header, .. } => Rejection::MalformedHeader { name: header.clone() },
            Self::Json(path) => Rejection::MalformedField { name: path.to_string() },
        }
    }
}
