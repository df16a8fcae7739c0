//! Bytes from text and back.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::definition::algorithm::Encoding;

/// Padding may be missing, but bits that no encoder sets are refused.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
/// For keys. Libraries of Standard Webhooks read a secret whose last digit has bits to spare, so
/// an operator may have one.
const BASE64_KEY: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, LENIENT.with_decode_allow_trailing_bits(true));
pub(crate) const BASE64URL: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, LENIENT.with_encode_padding(false));

impl Encoding {
    pub(crate) fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex => hex::decode(text).ok(),
            Self::Base64 => base64(text),
            Self::Base64url => BASE64URL.decode(text).ok(),
            Self::Base64Hex => hex::decode(base64(text)?).ok(),
        }
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => BASE64.encode(bytes),
            Self::Base64url => BASE64URL.encode(bytes),
            Self::Base64Hex => BASE64.encode(hex::encode(bytes)),
        }
    }
}

pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

/// The bytes of a key, in either alphabet.
pub(crate) fn base64_key(text: &str) -> Option<Vec<u8>> {
    let standard = Zeroizing::new(text.replace('-', "+").replace('_', "/"));
    BASE64_KEY.decode(standard.as_bytes()).ok()
}

pub(crate) fn base64_text(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}
