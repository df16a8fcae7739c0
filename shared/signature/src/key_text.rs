//! A public key in the form in which a provider shows it.

use crate::definition::algorithm::{PublicKeyFormat, PublicKeyRule};
use crate::encoding::base64_text;

/// How many bytes an Ed25519 key has; they are the end of its `SubjectPublicKeyInfo`.
const RAW_LENGTH: usize = 32;
const PEM_LINE: usize = 64;

impl PublicKeyRule {
    /// What [`PublicKeyRule::bytes`] reads, from a `SubjectPublicKeyInfo`.
    pub(crate) fn text(&self, spki: &[u8]) -> String {
        let raw = spki.last_chunk::<RAW_LENGTH>().map_or(spki, |raw| raw);
        match self.format {
            PublicKeyFormat::Hex => hex::encode(raw),
            PublicKeyFormat::Base64 => {
                format!("{}{}", self.strip_prefix.as_deref().unwrap_or(""), base64_text(raw))
            }
            PublicKeyFormat::Base64Spki => base64_text(spki),
            PublicKeyFormat::Pem => pem(spki),
        }
    }
}

fn pem(der: &[u8]) -> String {
    let text: Vec<char> = base64_text(der).chars().collect();
    let lines: Vec<String> = text.chunks(PEM_LINE).map(|line| line.iter().collect()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", lines.join("\n"))
}
