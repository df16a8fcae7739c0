//! The key inside of a certificate.

use super::error::UnusableKeys;
use super::key::Key;
use crate::EpochMillis;

/// The first certificate's key. With `subjects`, the chain has to lead to one of the roots and
/// be made out to one of them, as TLS would have it; without, only its times count, since the
/// provider publishes the certificate alone.
#[cfg(feature = "public-key")]
pub(super) fn read(
    pem: &[u8],
    id: String,
    subjects: &[String],
    roots: impl FnOnce() -> Vec<Vec<u8>>,
    now: EpochMillis,
) -> Result<Key, UnusableKeys> {
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use crate::EpochSeconds;

    let chain = chain(pem)?;
    let first = chain.first().ok_or(UnusableKeys::NoCertificate)?;
    let parsed = X509Certificate::from_der(first);
    let (_, certificate) = parsed.map_err(|_| UnusableKeys::NoCertificate)?;
    let at = |time: x509_parser::time::ASN1Time| EpochSeconds::new(time.timestamp()).to_millis();
    let validity = certificate.validity();
    let mut key = Key {
        id,
        algorithm: None,
        bytes: certificate.public_key().raw.to_vec(),
        valid_from: Some(at(validity.not_before)),
        valid_until: Some(at(validity.not_after)),
    };
    if !key.is_valid(now) {
        // Which certificate is named is the sender's choice, so this is no failure; but its
        // chain has not been looked at, and the key must not come to life later.
        key.valid_until = Some(now);
    } else if !subjects.is_empty() {
        webpki_says(&chain, subjects, &roots(), now)?;
    }
    Ok(key)
}

#[cfg(not(feature = "public-key"))]
pub(super) fn read(
    _: &[u8],
    _: String,
    _: &[String],
    _: impl FnOnce() -> Vec<Vec<u8>>,
    _: EpochMillis,
) -> Result<Key, UnusableKeys> {
    Err(UnusableKeys::Unsupported)
}

/// Longer than any chain.
#[cfg(feature = "public-key")]
const MAX_CHAIN: usize = 8;

#[cfg(feature = "public-key")]
fn chain(pem: &[u8]) -> Result<Vec<Vec<u8>>, UnusableKeys> {
    use x509_parser::pem::Pem;

    let blocks = Pem::iter_from_buffer(pem).take(MAX_CHAIN);
    blocks
        .map(|block| match block {
            Ok(block) if block.label == "CERTIFICATE" => Ok(block.contents),
            Ok(_) | Err(_) => Err(UnusableKeys::NoCertificate),
        })
        .collect()
}

/// Authorities that cannot be used are left out.
#[cfg(feature = "public-key")]
fn webpki_says(
    chain: &[Vec<u8>],
    subjects: &[String],
    roots: &[Vec<u8>],
    now: EpochMillis,
) -> Result<(), UnusableKeys> {
    use std::time::Duration;

    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
    use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

    let roots: Vec<CertificateDer<'_>> = roots.iter().map(|der| der.as_slice().into()).collect();
    let anchors: Vec<_> =
        roots.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| der.as_slice().into()).collect();
    let (first, others) = chain.split_first().ok_or(UnusableKeys::NoCertificate)?;
    let first = EndEntityCert::try_from(first).map_err(|_| UnusableKeys::NoCertificate)?;
    let seconds = u64::try_from(now.to_seconds().get()).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let (algorithms, usage) = (ALL_VERIFICATION_ALGS, KeyUsage::server_auth());
    first
        .verify_for_usage(algorithms, &anchors, others, now, usage, None, None)
        .map_err(|_| UnusableKeys::Untrusted)?;
    let is_for = |subject: &String| {
        let name = ServerName::try_from(subject.as_str());
        name.is_ok_and(|name| first.verify_is_valid_for_subject_name(&name).is_ok())
    };
    if subjects.iter().any(is_for) { Ok(()) } else { Err(UnusableKeys::WrongSubject) }
}
