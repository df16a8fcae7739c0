//! The exact bytes that are signed.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::input::Input;
use crate::spec::{Segment, Template};
use crate::{Rejection, Request, sns};

/// A message in pieces, so that the body is never copied.
pub(crate) struct Message<'a>(Vec<Piece<'a>>);

enum Piece<'a> {
    Bytes(Cow<'a, [u8]>),
    Timestamp,
    Secret,
}

impl<'a> Message<'a> {
    /// Looks up everything but the time and the secret, which differ between tries.
    pub(crate) fn resolve(template: &'a Template, input: &Input<'a>) -> Result<Self, Rejection> {
        let pieces = template.with_following().map(|(segment, next)| piece(segment, next, input));
        Ok(Self(pieces.collect::<Result<_, _>>()?))
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

fn piece<'a>(
    segment: &'a Segment,
    next: Option<&str>,
    input: &Input<'a>,
) -> Result<Piece<'a>, Rejection> {
    let request = input.request;
    let text = match segment {
        Segment::Timestamp => return Ok(Piece::Timestamp),
        Segment::Secret => return Ok(Piece::Secret),
        Segment::Body => return Ok(Piece::Bytes(Cow::Borrowed(request.body))),
        Segment::Literal(text) => Cow::Borrowed(&**text),
        Segment::Url => Cow::Borrowed(request.url),
        Segment::Method => Cow::Borrowed(request.method),
        Segment::Header(name) => Cow::Borrowed(separable(name, input.header(name)?, next)?),
        Segment::Config(name) => Cow::Borrowed(input.setting(name)?),
        Segment::UrlHubspot => Cow::Owned(hubspot(request.url)),
        Segment::Json(path) => Cow::Owned(input.json(path)?),
        Segment::Form(name) => Cow::Owned(input.form(name)?),
        Segment::BodySha256 => Cow::Owned(hex::encode(Sha256::digest(request.body))),
        Segment::BodyCrc32 => Cow::Owned(crc32fast::hash(request.body).to_string()),
        Segment::Sns => Cow::Owned(sns::message(input)?),
        Segment::SortedForm => Cow::Owned(sorted_form(request)),
    };
    Ok(Piece::Bytes(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }))
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
fn sorted_form(request: &Request<'_>) -> String {
    let mut pairs: Vec<_> = form_urlencoded::parse(request.body).collect();
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    pairs.into_iter().flat_map(|(name, value)| [name, value]).collect()
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
