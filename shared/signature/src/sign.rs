//! Signs as a provider would, for tests and for people trying things out.

use sha2::{Digest as _, Sha256};

use crate::definition::algorithm::Algorithm;
use crate::definition::scheme::{Kind, Shared, Signed, Token};
use crate::definition::signature::{Layout, Prefix, Signature, Source, Timestamp, TimestampSource};
use crate::encoding::base64_text;
use crate::lookup::Lookup;
use crate::parse::timestamp;
use crate::verify::canonical::Message;
use crate::{EpochMillis, Provider, Rejection, Request, Secret};

/// Why [`sign`] could not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key that signs is the provider's own, or nothing is signed at all.
    #[error("requests of scheme {scheme} cannot be signed with a shared secret")]
    NotShared {
        /// The scheme's name.
        scheme: &'static str,
    },
    /// The signature or token travels in the URL or the body, which are given.
    #[error("the signature does not travel in a header")]
    NotInHeader,
    /// No calendar has this time.
    #[error("the time cannot be written")]
    Time,
    /// The draft lacks a part that is signed, such as a message id, or the secret
    /// does not have the provider's form.
    #[error("the draft cannot be signed: {0}")]
    Draft(#[from] Rejection),
}

/// A header's name and value.
type Header = (String, String);

/// The headers that make a draft verify, by the provider's main scheme.
///
/// They are the signature or the token and, where it has a header of its own, the
/// time. A header of the same name in the draft is to be replaced. Other headers
/// that are signed, such as a message id, have to be in the draft; so has a time
/// that the provider puts in the body, and then `at` is not used.
///
/// ```
/// use hookdock_signature::{EpochMillis, Headers, Request, Secret, catalog, sign, verify};
///
/// let stripe = catalog::find("stripe").unwrap();
/// let secret = Secret::new("s1", "whsec_test")?;
/// let now = EpochMillis::new(1_800_000_000_000);
/// let draft = Request {
///     method: "POST",
///     url: "https://hooks.example/stripe",
///     headers: &Headers::default(),
///     body: br#"{"id": "evt_1"}"#,
/// };
/// let headers = Headers::from_iter(sign(&stripe, &secret, &draft, now).unwrap());
/// let signed = Request { headers: &headers, ..draft };
/// assert!(verify(&stripe, &[secret], &signed, now).is_ok());
/// # Ok::<(), hookdock_signature::EmptySecret>(())
/// ```
///
/// # Errors
///
/// A [`SignError`] for a scheme that a shared secret cannot sign, for a signature
/// that does not travel in a header, and for an incomplete draft.
pub fn sign(
    provider: &Provider,
    secret: &Secret,
    draft: &Request<'_>,
    at: EpochMillis,
) -> Result<Vec<Header>, SignError> {
    let lookup = Lookup::new(provider, draft);
    match &provider.scheme().kind {
        Kind::Shared(shared) => signature(shared, secret, &lookup, at),
        Kind::Token(token) => Ok(vec![token_header(token, secret, &lookup)?]),
        Kind::Basic(source) => {
            let value = format!("Basic {}", base64_text(secret.expose().as_bytes()));
            Ok(vec![(header_name(source, &lookup)?, value)])
        }
        Kind::Public(_) | Kind::Jwt(_) | Kind::Code(_) => {
            Err(SignError::NotShared { scheme: provider.scheme().name() })
        }
    }
}

fn token_header<'a>(
    token: &'a Token,
    secret: &Secret,
    lookup: &Lookup<'a>,
) -> Result<Header, SignError> {
    let value = format!("{}{}", prefix(token.prefix.as_ref()), secret.expose());
    Ok((header_name(&token.source, lookup)?, value))
}

/// The headers that make a draft verify, by a provider that signs with a private key.
///
/// `key` is handed what is signed, and answers with the signature in the algorithm of
/// [`Scheme::name`](crate::Scheme::name): this crate knows no private keys, because some
/// algorithms need chance. Everything else is as for [`sign`].
///
/// ```
/// use hookdock_signature::{EpochMillis, Headers, Request, catalog, sign_with};
///
/// let discord = catalog::find("discord").unwrap();
/// let (headers, body) = (Headers::default(), b"{}");
/// let draft = Request { method: "POST", url: "https://h.example/", headers: &headers, body };
/// // A private key would sign here.
/// let sign = |message: &[u8]| {
///     assert_eq!(message, b"1800000000{}");
///     vec![7; 64]
/// };
/// let headers = sign_with(&discord, &draft, EpochMillis::new(1_800_000_000_000), sign)?;
/// let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
/// assert_eq!(names, ["X-Signature-Timestamp", "X-Signature-Ed25519"]);
/// # Ok::<(), hookdock_signature::SignError>(())
/// ```
///
/// # Errors
///
/// A [`SignError`] for any other scheme, and as for [`sign`].
pub fn sign_with(
    provider: &Provider,
    draft: &Request<'_>,
    at: EpochMillis,
    key: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Result<Vec<Header>, SignError> {
    let lookup = Lookup::new(provider, draft);
    let not_shared = || SignError::NotShared { scheme: provider.scheme().name() };
    let Kind::Public(public) = &provider.scheme().kind else {
        return Err(not_shared());
    };
    if provider.scheme().fetches_keys() {
        return Err(not_shared());
    }
    headers(&public.signed, &lookup, at, |message, time| {
        let mut whole = Vec::new();
        message.feed(time, &[], |bytes| whole.extend_from_slice(bytes));
        Ok(match public.algorithm {
            Algorithm::RsaPkcs1Sha256Twice => key(&Sha256::digest(&whole)),
            _ => key(&whole),
        })
    })
}

fn signature<'a>(
    shared: &'a Shared,
    secret: &Secret,
    lookup: &Lookup<'a>,
    at: EpochMillis,
) -> Result<Vec<Header>, SignError> {
    let malformed = || Rejection::MalformedSecret { id: secret.id().to_owned() };
    headers(&shared.signed, lookup, at, |message, time| {
        let key = shared.key.key(secret.expose()).ok_or_else(malformed)?;
        shared.tag(&key, message, time).ok_or_else(malformed)
    })
}

fn headers<'a>(
    signed: &'a Signed,
    lookup: &Lookup<'a>,
    at: EpochMillis,
    tag: impl FnOnce(&Message<'_>, &str) -> Result<Vec<u8>, Rejection>,
) -> Result<Vec<Header>, SignError> {
    let name = header_name(&signed.signature.source, lookup)?;
    let time =
        signed.timestamp.as_ref().map(|timestamp| time(timestamp, lookup, at)).transpose()?;
    let time = time.unwrap_or_default();
    let tag = tag(&Message::resolve(&signed.message, lookup)?, &time)?;
    let value = lay_out(&signed.signature, &signed.encoding.encode(&tag), &time, lookup)?;
    let own_header = signed.timestamp.as_ref().and_then(|timestamp| match &timestamp.source {
        TimestampSource::Header(name) => Some((name.clone(), time)),
        TimestampSource::SignatureField | TimestampSource::Json(_) | TimestampSource::Form(_) => {
            None
        }
    });
    Ok(own_header.into_iter().chain([(name, value)]).collect())
}

fn time(timestamp: &Timestamp, lookup: &Lookup<'_>, at: EpochMillis) -> Result<String, SignError> {
    match &timestamp.source {
        TimestampSource::Json(path) => Ok(lookup.json(path)?.into_owned()),
        TimestampSource::Form(name) => Ok(lookup.form(name)?.into_owned()),
        TimestampSource::Header(_) | TimestampSource::SignatureField => {
            timestamp::text(at, timestamp.unit).ok_or(SignError::Time)
        }
    }
}

fn header_name<'a>(source: &'a Source, lookup: &Lookup<'a>) -> Result<String, SignError> {
    match source {
        Source::Header { name, .. } => Ok(lookup.name(name)?.to_owned()),
        Source::Numbered { prefix, .. } => Ok(format!("{prefix}1")),
        Source::Query(_) | Source::Json(_) | Source::Form(_) | Source::Packed { .. } => {
            Err(SignError::NotInHeader)
        }
    }
}

fn prefix(prefix: Option<&Prefix>) -> &str {
    prefix.map_or("", |prefix| &prefix.text)
}

fn lay_out(
    signature: &Signature,
    encoded: &str,
    time: &str,
    lookup: &Lookup<'_>,
) -> Result<String, SignError> {
    let item = format!("{}{encoded}", prefix(signature.prefix.as_ref()));
    Ok(match &signature.layout {
        Layout::Plain | Layout::List { .. } => item,
        Layout::Tagged { tag, tag_sep, .. } => format!("{tag}{tag_sep}{item}"),
        Layout::Pairs { pair_sep, match_left, .. } => {
            let left = match_left.as_ref().map(|name| lookup.setting(name)).transpose()?;
            format!("{}{pair_sep}{item}", left.unwrap_or_default())
        }
        Layout::Positional { item_sep, timestamp: 0 } => format!("{time}{item_sep}{item}"),
        Layout::Positional { item_sep, .. } => format!("{item}{item_sep}{time}"),
        Layout::KeyValue { field, item_sep, timestamp, .. } => match timestamp {
            Some(name) => format!("{name}={time}{item_sep}{field}={item}"),
            None => format!("{field}={item}"),
        },
    })
}
