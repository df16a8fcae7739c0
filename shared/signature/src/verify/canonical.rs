//! The exact bytes that are signed.

use std::borrow::Cow;

use super::sns;
use crate::definition::template::{Segment, Template};
use crate::lookup::Lookup;
use crate::parse::{form, json};
use crate::{Rejection, Request, compare};

/// A message in pieces, so that the body is never copied.
pub(crate) struct Message<'a>(Vec<Piece<'a>>);

enum Piece<'a> {
    Bytes(Cow<'a, [u8]>),
    Timestamp,
    Secret,
}

impl<'a> Message<'a> {
    /// Looks up everything but the time and the secret, which differ between tries.
    pub(crate) fn resolve(template: &'a Template, lookup: &Lookup<'a>) -> Result<Self, Rejection> {
        let mut message = Self(Vec::with_capacity(template.segments().len()));
        for (segment, next) in template.with_following() {
            message.add(segment, next, lookup)?;
        }
        Ok(message)
    }

    fn add(
        &mut self,
        segment: &'a Segment,
        next: Option<&str>,
        lookup: &Lookup<'a>,
    ) -> Result<(), Rejection> {
        let (pieces, request) = (&mut self.0, lookup.request);
        match segment {
            Segment::Timestamp => pieces.push(Piece::Timestamp),
            Segment::Secret => pieces.push(Piece::Secret),
            Segment::Body => pieces.push(Piece::Bytes(Cow::Borrowed(request.body))),
            Segment::FirstItem => {
                let first = json::element(lookup.body_as_json()?, 0);
                let first =
                    first.ok_or_else(|| Rejection::MissingField { name: "[0]".to_owned() })?;
                pieces.push(Piece::text(first.get().into()));
            }
            Segment::Sns => pieces.extend(sns::message(lookup)?.into_iter().map(Piece::text)),
            Segment::SortedForm => pieces.extend(sorted_form(request)?),
            Segment::Literal(text) => pieces.push(Piece::text(text.into())),
            Segment::Url => pieces.push(Piece::text(request.url.into())),
            Segment::Method => pieces.push(Piece::text(request.method.into())),
            Segment::Header(name) => {
                pieces.push(Piece::text(separable(name, lookup.header(name)?, next)?.into()));
            }
            Segment::Config(name) => pieces.push(Piece::text(lookup.setting(name)?.into())),
            Segment::UrlHubspot => pieces.push(Piece::text(hubspot(request.url).into())),
            Segment::Json(path) => pieces.push(Piece::text(lookup.json(path)?)),
            Segment::Form(name) => pieces.push(Piece::text(lookup.form(name)?)),
            Segment::BodySha256 => {
                pieces.push(Piece::text(compare::sha256_hex(request.body).into()));
            }
            Segment::BodyCrc32 => {
                pieces.push(Piece::text(crc32fast::hash(request.body).to_string().into()));
            }
        }
        Ok(())
    }

    /// How long it is.
    #[cfg(feature = "public-key")]
    pub(crate) fn len(&self, timestamp: &str, secret: &[u8]) -> usize {
        let mut length: usize = 0;
        self.feed(timestamp, secret, |piece| length = length.saturating_add(piece.len()));
        length
    }

    /// Whether it has so many bytes at most, all of them such, apart from the time and the secret.
    pub(crate) fn is_made_of(&self, most: usize, such: impl Fn(u8) -> bool) -> bool {
        let (mut length, mut all): (usize, bool) = (0, true);
        self.feed("", b"", |piece| {
            length = length.saturating_add(piece.len());
            all = all && length <= most && piece.iter().all(|byte| such(*byte));
        });
        all
    }

    pub(crate) fn feed(&self, timestamp: &str, secret: &[u8], mut sink: impl FnMut(&[u8])) {
        for piece in &self.0 {
            match piece {
                Piece::Bytes(bytes) => sink(bytes),
                Piece::Timestamp => sink(timestamp.as_bytes()),
                Piece::Secret => sink(secret),
            }
        }
    }
}

impl<'a> Piece<'a> {
    fn text(text: Cow<'a, str>) -> Self {
        Self::Bytes(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }
}

/// A header that holds the separator after it would let one signed message be
/// cut into headers and body in two ways.
fn separable<'v>(name: &str, value: &'v str, next: Option<&str>) -> Result<&'v str, Rejection> {
    match next {
        Some(separator) if value.contains(separator) => {
            Err(Rejection::MalformedHeader { name: name.to_owned() })
        }
        _ => Ok(value),
    }
}

/// Names and values run together in the order of names; repeats keep theirs.
fn sorted_form<'a>(request: &Request<'a>) -> Result<impl Iterator<Item = Piece<'a>>, Rejection> {
    let mut pairs = form::pairs(request.body)?;
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(pairs.into_iter().flat_map(|(name, value)| [Piece::text(name), Piece::text(value)]))
}

/// What `HubSpot`'s documentation says to decode before signing; the rest stays.
const HUBSPOT_ESCAPES: [(&str, char); 12] = [
    ("3A", ':'),
    ("2F", '/'),
    ("3F", '?'),
    ("40", '@'),
    ("21", '!'),
    ("24", '$'),
    ("27", '\''),
    ("28", '('),
    ("29", ')'),
    ("2A", '*'),
    ("2C", ','),
    ("3B", ';'),
];

fn hubspot(url: &str) -> String {
    let mut pieces = url.split('%');
    let mut decoded = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let known = HUBSPOT_ESCAPES.iter().find_map(|(code, plain)| {
            let (head, tail) = piece.split_at_checked(2)?;
            head.eq_ignore_ascii_case(code).then_some((*plain, tail))
        });
        match known {
            Some((plain, tail)) => decoded.extend([plain.encode_utf8(&mut [0; 4]), tail]),
            None => decoded.extend(["%", piece]),
        }
    }
    decoded
}
