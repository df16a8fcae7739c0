//! Keys, and what is signed with them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData as _,
};
use serde_json::{Value, json};

use super::KID;

pub(super) struct Rsa(pub(super) KeyPair);

impl Rsa {
    pub(super) fn new() -> Self {
        Self(KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap())
    }

    pub(super) fn pair(&self) -> RsaKeyPair {
        RsaKeyPair::from_pkcs8(&self.0.serialize_der()).unwrap()
    }

    pub(super) fn sign(&self, encoding: &'static dyn RsaEncoding, text: &[u8]) -> Vec<u8> {
        let pair = self.pair();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), text, &mut signature).unwrap();
        signature
    }

    pub(super) fn jwk(&self) -> Value {
        // RFC 8017, A.1.1, for 2048 bits: a head, a zero for the sign, n, a head, e.
        let der = self.0.public_key_raw();
        assert_eq!(der.len(), 270);
        json!({
            "kid": KID, "kty": "RSA", "alg": "RS256", "use": "sig",
            "n": url64(&der[9..265]), "e": url64(&der[267..]),
        })
    }

    pub(super) fn pem(&self) -> String {
        let body = STANDARD.encode(self.0.subject_public_key_info());
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----")
    }

    pub(super) fn token(&self, head: &Value, claims: &Value) -> String {
        signed_token(head, claims, |text| self.sign(&RSA_PKCS1_SHA256, text))
    }
}

pub(super) fn ec() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

pub(super) fn ec_jwk(key: &KeyPair) -> Value {
    let point = key.public_key_raw();
    json!({
        "kid": KID, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
        "x": url64(&point[1..33]), "y": url64(&point[33..]),
    })
}

pub(super) fn ec_sign(
    key: &KeyPair,
    form: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm,
    text: &[u8],
) -> Vec<u8> {
    let pair = EcdsaKeyPair::from_pkcs8(form, &key.serialize_der()).unwrap();
    pair.sign(&SystemRandom::new(), text).unwrap().as_ref().to_vec()
}

pub(super) fn url64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn signed_token(
    head: &Value,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let signed = [head, claims].map(|part| url64(part.to_string().as_bytes())).join(".");
    format!("{signed}.{}", url64(&sign(signed.as_bytes())))
}

pub(super) fn jwks(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

pub(super) fn rs256() -> Value {
    json!({ "alg": "RS256", "kid": KID })
}

pub(super) fn sha256(body: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body.as_bytes()).as_ref().to_vec()
}

/// An authority, and the certificates that it signs.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "a test");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn certify(&self, key: &Rsa, name: &str, years: (i32, i32)) -> String {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let certificate = params.signed_by(&key.0, &self.0).unwrap();
        let body = STANDARD.encode(certificate.der());
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }

    pub(super) fn root(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }
}
