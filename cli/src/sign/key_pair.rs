//! A key pair that signs as a provider does, in a file.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookdock_signature::Provider;
use zeroize::Zeroizing;

use crate::input;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// A private key and what it signs with.
pub(crate) enum KeyPair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(rsa::KeyPair, &'static dyn RsaEncoding),
}

/// What a scheme's name stands for.
enum Algorithm {
    Ed25519,
    Ecdsa(&'static EcdsaSigningAlgorithm),
    Rsa(&'static dyn RsaEncoding),
}

impl Algorithm {
    fn of(provider: &Provider) -> anyhow::Result<Self> {
        Ok(match provider.scheme().name() {
            "ed25519" => Self::Ed25519,
            "ecdsa-p256-sha256" => Self::Ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            "ecdsa-p256-sha256-fixed" => Self::Ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            // Of the second, what is handed over is a digest already.
            "rsa-pkcs1v15-sha256" | "rsa-pkcs1v15-sha256-twice" => {
                Self::Rsa(&signature::RSA_PKCS1_SHA256)
            }
            "rsa-pkcs1v15-sha384" => Self::Rsa(&signature::RSA_PKCS1_SHA384),
            "rsa-pkcs1v15-sha512" => Self::Rsa(&signature::RSA_PKCS1_SHA512),
            "rsa-pss-sha256" => Self::Rsa(&signature::RSA_PSS_SHA256),
            "rsa-pss-sha384" => Self::Rsa(&signature::RSA_PSS_SHA384),
            "rsa-pss-sha512" => Self::Rsa(&signature::RSA_PSS_SHA512),
            _ => bail!(
                "{} does not sign with a key pair; give its secret with --secret-file",
                provider.name()
            ),
        })
    }

    /// A new private key, as PKCS #8.
    fn generate(&self) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        let key = match self {
            Self::Ed25519 => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
            Self::Ecdsa(with) => EcdsaKeyPair::generate(with)?.to_pkcs8v1()?.as_ref().to_vec(),
            Self::Rsa(_) => {
                let pair = rsa::KeyPair::generate(KeySize::Rsa2048)?;
                let der: Pkcs8V1Der<'_> = pair.as_der()?;
                der.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(key))
    }

    fn read(&self, pkcs8: &[u8]) -> anyhow::Result<KeyPair> {
        Ok(match self {
            Self::Ed25519 => KeyPair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8)?),
            Self::Ecdsa(with) => KeyPair::Ecdsa(EcdsaKeyPair::from_pkcs8(with, pkcs8)?),
            Self::Rsa(with) => KeyPair::Rsa(rsa::KeyPair::from_pkcs8(pkcs8)?, *with),
        })
    }
}

impl KeyPair {
    /// Reads the private key, or makes one if there is no such file.
    ///
    /// Answers whether it was made, too.
    pub(crate) fn open(path: &Path, provider: &Provider) -> anyhow::Result<(Self, bool)> {
        let algorithm = Algorithm::of(provider)?;
        let shown = path.display();
        let is_new = !path.exists();
        let pkcs8 = if is_new {
            let key = algorithm.generate().context("failed to make a private key")?;
            save(path, &key).with_context(|| format!("failed to write {shown}"))?;
            key
        } else {
            read(path)?
        };
        let pair = algorithm.read(&pkcs8).map_err(|_| {
            anyhow!(
                "{shown} has a private key, but not one for {}; name a file that is not there \
                 to have one made",
                provider.scheme().name()
            )
        })?;
        Ok((pair, is_new))
    }

    /// The public key as the provider would show it.
    pub(crate) fn public_text(&self, provider: &Provider) -> anyhow::Result<String> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Ed25519(pair) => pair.public_key().as_der()?,
            Self::Ecdsa(pair) => pair.public_key().as_der()?,
            Self::Rsa(pair, _) => pair.public_key().as_der()?,
        };
        let text = provider.scheme().public_key_text(der.as_ref());
        text.context("the provider has no public key")
    }

    /// The signature of a message.
    pub(crate) fn sign(&self, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        let chance = SystemRandom::new();
        Ok(match self {
            Self::Ed25519(pair) => pair.try_sign(message)?.as_ref().to_vec(),
            Self::Ecdsa(pair) => pair.sign(&chance, message)?.as_ref().to_vec(),
            Self::Rsa(pair, with) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*with, &chance, message, &mut signature)?;
                signature
            }
        })
    }
}

/// The only block of a PEM file.
fn read(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let bytes = Zeroizing::new(input::bytes(path)?);
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let inside = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let (packed, _) = inside.with_context(|| {
        format!("{} is not a private key in PEM, which begins with {BEGIN}", path.display())
    })?;
    let packed: Zeroizing<String> = Zeroizing::new(packed.split_ascii_whitespace().collect());
    let key = STANDARD.decode(packed.as_bytes());
    // What the decoder says would quote the key.
    let key = key.map_err(|_| anyhow!("{} is not whole", path.display()))?;
    Ok(Zeroizing::new(key))
}

/// Nobody else may read it, and what is there is never written over.
fn save(path: &Path, key: &[u8]) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let packed = Zeroizing::new(STANDARD.encode(key));
    writeln!(file, "{BEGIN}")?;
    for line in packed.as_bytes().chunks(64) {
        file.write_all(line)?;
        writeln!(file)?;
    }
    writeln!(file, "{END}")?;
    Ok(())
}
