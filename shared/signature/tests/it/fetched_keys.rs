//! Providers whose keys are fetched, with keys that are made here.

#![cfg(feature = "public-key")]

use std::collections::BTreeMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hookdock_signature::{
    Credentials, EpochMillis, Headers, Keys, Provider, Rejection, Request, Secret, UnusableKeys,
    catalog, key_requests, verify_with,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData as _,
};
use serde_json::{Value, json};

use crate::rows::{MISMATCH, malformed, missing, unknown};

const NOW: i64 = 1_800_000_000_000;
const NOW_SECONDS: i64 = NOW / 1000;
const KID: &str = "key-1";

/// A delivery, and what the provider answers to who asks for keys.
#[derive(Clone)]
struct Scene {
    provider: Provider,
    secret: String,
    headers: Vec<(String, String)>,
    body: String,
    answers: BTreeMap<String, Vec<u8>>,
    roots: Vec<Vec<u8>>,
    now: i64,
}

impl Scene {
    fn new(provider: &str, secret: &str, settings: &[(&str, &str)]) -> Self {
        let provider =
            settings.iter().fold(catalog::find(provider).unwrap(), |provider, (name, value)| {
                provider.configure(name, *value).unwrap()
            });
        Self {
            provider,
            secret: secret.to_owned(),
            headers: Vec::new(),
            body: r#"{"id":"evt_1"}"#.to_owned(),
            answers: BTreeMap::new(),
            roots: Vec::new(),
            now: NOW,
        }
    }

    fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn answers(mut self, url: &str, answer: impl Into<Vec<u8>>) -> Self {
        self.answers.insert(url.to_owned(), answer.into());
        self
    }

    fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// As the caller does it: which keys, what the provider says, and then the check.
    fn verify(&self) -> Result<&'static str, Rejection> {
        let headers: Headers = self.headers.iter().cloned().collect();
        let (method, url) = ("POST", "https://hooks.example/x");
        let request = Request { method, url, headers: &headers, body: self.body.as_bytes() };
        let secrets = [Secret::new("s0", &*self.secret).unwrap()];
        let now = EpochMillis::new(self.now);
        let mut keys = Keys::none();
        for wanted in key_requests(&self.provider, &secrets, &request) {
            let source = wanted.source();
            let Some(answer) = self.answers.get(source.url()) else { continue };
            let Ok(set) = source.read(answer, || self.roots.clone(), now) else { continue };
            if let Some(key) = set.get(wanted.id()) {
                keys.insert(wanted.clone(), key.clone());
            }
        }
        verify_with(&self.provider, &secrets, &keys, &request, now).map(|proof| {
            assert_eq!(proof.secret_id(), "s0");
            proof.scheme()
        })
    }

    #[track_caller]
    fn check(&self, expected: &Result<&'static str, Rejection>) {
        assert_eq!(&self.verify(), expected, "{}", self.provider.id());
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }
}

struct Rsa(KeyPair);

impl Rsa {
    fn new() -> Self {
        Self(KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap())
    }

    fn pair(&self) -> RsaKeyPair {
        RsaKeyPair::from_pkcs8(&self.0.serialize_der()).unwrap()
    }

    fn sign(&self, encoding: &'static dyn RsaEncoding, text: &[u8]) -> Vec<u8> {
        let pair = self.pair();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), text, &mut signature).unwrap();
        signature
    }

    fn jwk(&self) -> Value {
        // RFC 8017, A.1.1, for 2048 bits: a head, a zero for the sign, n, a head, e.
        let der = self.0.public_key_raw();
        assert_eq!(der.len(), 270);
        json!({
            "kid": KID, "kty": "RSA", "alg": "RS256", "use": "sig",
            "n": url64(&der[9..265]), "e": url64(&der[267..]),
        })
    }

    fn pem(&self) -> String {
        let body = STANDARD.encode(self.0.subject_public_key_info());
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----")
    }

    fn token(&self, head: &Value, claims: &Value) -> String {
        signed_token(head, claims, |text| self.sign(&RSA_PKCS1_SHA256, text))
    }
}

fn ec() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

fn ec_jwk(key: &KeyPair) -> Value {
    let point = key.public_key_raw();
    json!({
        "kid": KID, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
        "x": url64(&point[1..33]), "y": url64(&point[33..]),
    })
}

fn ec_sign(
    key: &KeyPair,
    form: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm,
    text: &[u8],
) -> Vec<u8> {
    let pair = EcdsaKeyPair::from_pkcs8(form, &key.serialize_der()).unwrap();
    pair.sign(&SystemRandom::new(), text).unwrap().as_ref().to_vec()
}

fn url64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn signed_token(head: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = [head, claims].map(|part| url64(part.to_string().as_bytes())).join(".");
    format!("{signed}.{}", url64(&sign(signed.as_bytes())))
}

fn jwks(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn rs256() -> Value {
    json!({ "alg": "RS256", "kid": KID })
}

fn sha256(body: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body.as_bytes()).as_ref().to_vec()
}

/// An authority, and the certificates that it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "a test");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn certify(&self, key: &Rsa, name: &str, years: (i32, i32)) -> String {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let certificate = params.signed_by(&key.0, &self.0).unwrap();
        let body = STANDARD.encode(certificate.der());
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }

    fn root(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }
}

const PAYPAL_CERT: &str = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594";
const PAYPAL_NAME: &str = "messageverificationcerts.paypal.com";

fn paypal(key: &Rsa, authority: &Authority, name: &str, years: (i32, i32)) -> Scene {
    let mut scene = Scene::new("paypal", "WH-1", &[])
        .header("PAYPAL-CERT-URL", PAYPAL_CERT)
        .header("PAYPAL-TRANSMISSION-ID", "t-1")
        .header("PAYPAL-TRANSMISSION-TIME", "2027-01-15T08:00:00Z")
        .answers(PAYPAL_CERT, authority.certify(key, name, years));
    // The CRC-32 of "123456789" is a published constant.
    scene.body = "123456789".to_owned();
    let signed = b"t-1|2027-01-15T08:00:00Z|WH-1|3421780262";
    let signature = STANDARD.encode(key.sign(&RSA_PKCS1_SHA256, signed));
    scene.roots = vec![authority.root()];
    scene.header("PAYPAL-TRANSMISSION-SIG", signature)
}

#[test]
fn paypal_is_believed_by_its_certificate() {
    let (key, authority) = (Rsa::new(), Authority::new());
    let scene = paypal(&key, &authority, PAYPAL_NAME, (2020, 2030));
    scene.check(&Ok("rsa-pkcs1v15-sha256"));
    scene.clone().body("123456780").check(&MISMATCH);
    scene.with(|scene| scene.secret = "WH-2".to_owned()).check(&MISMATCH);
    scene.header("PAYPAL-TRANSMISSION-ID", "t-2").check(&MISMATCH);
    let sandbox = "messageverificationcerts.sandbox.paypal.com";
    paypal(&key, &authority, sandbox, (2020, 2030)).check(&Ok("rsa-pkcs1v15-sha256"));
}

#[test]
fn a_certificate_at_a_place_of_the_sender_s_choice_is_not_asked_for() {
    let (key, authority) = (Rsa::new(), Authority::new());
    let scene = paypal(&key, &authority, PAYPAL_NAME, (2020, 2030));
    for url in [
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../../CERT-1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/other/CERT-1",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
    ] {
        let pem = scene.answers[PAYPAL_CERT].clone();
        let moved = scene.clone().header("PAYPAL-CERT-URL", url).answers(url, pem);
        moved.check(&malformed("PAYPAL-CERT-URL"));
    }
}

#[test]
fn a_certificate_has_to_be_the_provider_s_and_in_date() {
    let (key, authority) = (Rsa::new(), Authority::new());
    let refusals = [
        (paypal(&key, &authority, PAYPAL_NAME, (2020, 2026)), Rejection::ExpiredKey),
        (paypal(&key, &authority, PAYPAL_NAME, (2029, 2030)), Rejection::ExpiredKey),
        (paypal(&key, &authority, "www.paypal.com", (2020, 2030)), Rejection::UnknownKey),
        (paypal(&key, &Authority::new(), PAYPAL_NAME, (2020, 2030)), Rejection::UnknownKey),
    ];
    for (mut scene, rejection) in refusals {
        scene.roots = vec![authority.root()];
        scene.check(&Err(rejection));
    }
}

#[test]
fn a_certificate_that_has_ended_does_not_come_back_to_life_out_of_a_cache() {
    let (key, authority) = (Rsa::new(), Authority::new());
    let scene = paypal(&key, &authority, PAYPAL_NAME, (2029, 2030));
    let headers: Headers = scene.headers.iter().cloned().collect();
    let request = Request { method: "POST", url: "", headers: &headers, body: b"123456789" };
    let secrets = [Secret::new("s0", "WH-1").unwrap()];
    let wanted = key_requests(&scene.provider, &secrets, &request).remove(0);
    // Read before its time, and so without a look at its chain.
    let set = wanted.source().read(&scene.answers[PAYPAL_CERT], Vec::new, EpochMillis::new(NOW));
    let mut keys = Keys::none();
    keys.insert(wanted.clone(), set.unwrap().get(wanted.id()).unwrap().clone());
    let in_its_time = EpochMillis::new(1_870_000_000_000);
    let outcome = verify_with(&scene.provider, &secrets, &keys, &request, in_its_time);
    assert_eq!(outcome.map(|_| ()), Err(Rejection::ExpiredKey));
}

#[test]
fn what_is_no_certificate_is_refused_by_name() {
    let scene = paypal(&Rsa::new(), &Authority::new(), PAYPAL_NAME, (2020, 2030));
    let headers: Headers = scene.headers.iter().cloned().collect();
    let request = Request { method: "POST", url: "", headers: &headers, body: b"" };
    let secrets = [Secret::new("s0", "WH-1").unwrap()];
    let wanted = key_requests(&scene.provider, &secrets, &request).remove(0);
    let read = |answer: &[u8]| wanted.source().read(answer, Vec::new, EpochMillis::new(NOW));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for answer in ["", "<html>", garbage] {
        assert_eq!(read(answer.as_bytes()), Err(UnusableKeys::NoCertificate), "{answer}");
    }
    assert_eq!(read(&vec![b'-'; 200_000]), Err(UnusableKeys::TooLarge));
}

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders";
const SNS_CERT: &str = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem";

fn sns(key: &Rsa, message: &Value) -> Scene {
    let names = [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Subject",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ];
    let lines = names.iter().filter_map(|name| Some((name, message.get(*name)?.as_str()?)));
    let text: String = lines.map(|(name, value)| format!("{name}\n{value}\n")).collect();
    let mut body = message.clone();
    body["SignatureVersion"] = json!("2");
    body["Signature"] = json!(STANDARD.encode(key.sign(&RSA_PKCS1_SHA256, text.as_bytes())));
    body["SigningCertURL"] = json!(SNS_CERT);
    Scene::new("aws-sns", TOPIC, &[])
        .answers(SNS_CERT, Authority::new().certify(key, "sns.amazonaws.com", (2020, 2030)))
        .body(body.to_string())
}

/// Signed by another program: AWS-LC verifies under SHA-1 and does not sign.
fn under_sha1() -> Value {
    serde_json::from_str(include_str!("sha1.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn notification() -> Value {
    json!({
        "Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC, "Subject": "s",
        "Message": "hello\nworld", "Timestamp": "2027-01-15T08:00:00.000Z",
    })
}

#[test]
fn a_message_of_sns_is_signed_with_the_fields_that_it_has() {
    let key = Rsa::new();
    let mut confirmation = notification();
    confirmation.as_object_mut().unwrap().remove("Subject");
    for kind in ["SubscriptionConfirmation", "UnsubscribeConfirmation"] {
        confirmation["Type"] = json!(kind);
        confirmation["Token"] = json!("t");
        confirmation["SubscribeURL"] = json!("https://sns.us-east-1.amazonaws.com/?Action=x");
        sns(&key, &confirmation).check(&Ok("rsa-pkcs1v15-sha256"));
    }
    let scene = sns(&key, &notification());
    scene.check(&Ok("rsa-pkcs1v15-sha256"));
    scene.with(|scene| scene.body = scene.body.replace("m-1", "m-2")).check(&MISMATCH);
    scene.with(|scene| scene.body = scene.body.replace(r#""s""#, r#""S""#)).check(&MISMATCH);
    let unsigned = scene.with(|scene| scene.body = scene.body.replace(r#","Subject":"s""#, ""));
    unsigned.check(&MISMATCH);
}

#[test]
fn version_1_of_sns_verifies_and_says_that_it_is_weak() {
    let example = &under_sha1()["sns"];
    let scene = Scene::new("aws-sns", TOPIC, &[])
        .answers(SNS_CERT, text(&example["certificate"]))
        .body(text(&example["body"]));
    scene.check(&Ok("rsa-pkcs1v15-sha1"));
    scene.with(|scene| scene.body = scene.body.replace("Hello", "hello")).check(&MISMATCH);
}

#[test]
fn a_message_of_another_topic_is_refused() {
    let key = Rsa::new();
    let mut other = notification();
    other["TopicArn"] = json!("arn:aws:sns:us-east-1:999999999999:mine");
    sns(&key, &other).check(&MISMATCH);
}

#[test]
fn who_publishes_to_one_topic_cannot_write_a_message_of_another() {
    let key = Rsa::new();
    // What SNS signs for the forger's own topic, and the same text cut in another way.
    let mut theirs = notification();
    theirs.as_object_mut().unwrap().remove("Subject");
    theirs["TopicArn"] = json!("arn:aws:sns:us-east-1:999999999999:mine");
    theirs["Message"] = json!(format!(
        "pay\nMessageId\nm-9\nTimestamp\n2027-01-15T08:00:00.000Z\nTopicArn\n{TOPIC}\nType\nNotification"
    ));
    let theirs = sns(&key, &theirs);
    let mut forged: Value = serde_json::from_str(&theirs.body).unwrap();
    forged["Message"] = json!("pay");
    forged["MessageId"] = json!("m-9");
    forged["TopicArn"] = json!(TOPIC);
    forged["Type"] = json!(
        "Notification\nMessageId\nm-1\nTimestamp\n2027-01-15T08:00:00.000Z\nTopicArn\n\
         arn:aws:sns:us-east-1:999999999999:mine\nType\nNotification"
    );
    let refused = Err(Rejection::MalformedField { name: "Type".to_owned() });
    theirs.with(|scene| scene.body = forged.to_string()).check(&refused);
}

#[test]
fn sns_names_a_certificate_of_sns() {
    let key = Rsa::new();
    let scene = sns(&key, &notification());
    for url in [
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://s3.amazonaws.com/bucket/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/../SimpleNotificationService-1.pem",
    ] {
        let moved = scene.with(|scene| scene.body = scene.body.replace(SNS_CERT, url));
        let refused = Err(Rejection::MalformedField { name: "SigningCertURL".to_owned() });
        moved.answers(url, scene.answers[SNS_CERT].clone()).check(&refused);
    }
}

#[test]
fn ebay_signs_in_a_packed_header() {
    let example = &under_sha1()["ebay"];
    const URL: &str = "https://api.ebay.com/commerce/notification/v1/public_key/9936261a-7d7b-4621-a0f1-96ccb428af49";
    let scene = Scene::new("ebay", "the client secret", &[("client_id", "app-1")])
        .header("X-EBAY-SIGNATURE", text(&example["header"]))
        .answers(URL, text(&example["answer"]))
        .body(text(&example["body"]));
    scene.check(&Ok("ecdsa-p256-sha1"));
    scene.clone().body("{}").check(&MISMATCH);
    scene.clone().header("X-EBAY-SIGNATURE", "e30=").check(&malformed("X-EBAY-SIGNATURE"));
    let outward = STANDARD.encode(r#"{"kid":"../secret","signature":"AAAA"}"#);
    scene.clone().header("X-EBAY-SIGNATURE", outward).check(&malformed("X-EBAY-SIGNATURE"));
    let headers: Headers = scene.headers.iter().cloned().collect();
    let request = Request { method: "POST", url: "", headers: &headers, body: b"" };
    let secrets = [Secret::new("s0", "the client secret").unwrap()];
    let wanted = key_requests(&scene.provider, &secrets, &request);
    let Some(Credentials::Client { token_url, id, secret, scope }) =
        wanted[0].source().credentials()
    else {
        panic!("{wanted:?}")
    };
    assert_eq!(token_url, "https://api.ebay.com/identity/v1/oauth2/token");
    assert_eq!((id.as_str(), secret.expose()), ("app-1", "the client secret"));
    assert_eq!(scope, "https://api.ebay.com/oauth/api_scope");
    assert!(!format!("{wanted:?}").contains("the client secret"));
}

#[test]
fn circle_signs_with_a_key_that_is_had_by_its_id() {
    const ID: &str = "879dc113-5ca4-4ff7-a6b7-54652083fcf8";
    let key = ec();
    let spki = STANDARD.encode(key.subject_public_key_info());
    let url = format!("https://api.circle.com/v2/notifications/publicKey/{ID}");
    let scene = Scene::new("circle", "TEST_API_KEY:a:b", &[]);
    let signature = ec_sign(&key, &ECDSA_P256_SHA256_ASN1_SIGNING, scene.body.as_bytes());
    let scene = scene
        .header("X-Circle-Key-Id", ID)
        .header("X-Circle-Signature", STANDARD.encode(signature))
        .answers(&url, json!({"data": {"id": ID, "publicKey": spki}}).to_string());
    scene.check(&Ok("ecdsa-p256-sha256"));
    scene.clone().body("{}").check(&MISMATCH);
    scene.clone().header("X-Circle-Key-Id", "another").check(&Err(Rejection::UnknownKey));
    scene.clone().header("X-Circle-Key-Id", "a/../b").check(&malformed("X-Circle-Key-Id"));
    let rsa = STANDARD.encode(Rsa::new().0.subject_public_key_info());
    let answer = json!({"data": {"publicKey": rsa}}).to_string();
    scene.answers(&url, answer).check(&Err(Rejection::UnknownKey));
}

#[test]
fn shipstation_signs_the_time_and_asks_for_a_token_of_one_s_own() {
    let key = Rsa::new();
    let time = "2027-01-15T08:00:00Z";
    let scene = Scene::new("shipstation", "my-own-token", &[]);
    let signed = format!("{time}.{}", scene.body);
    let signature = STANDARD.encode(key.sign(&RSA_PKCS1_SHA256, signed.as_bytes()));
    let scene = scene
        .header("X-Webhook-Token", "my-own-token")
        .header("X-ShipEngine-Timestamp", time)
        .header("X-ShipEngine-RSA-SHA256-Key-Id", KID)
        .header("X-ShipEngine-RSA-SHA256-Signature", signature)
        .answers("https://api.shipengine.com/jwks", jwks(&[ec_jwk(&ec()), key.jwk()]));
    let scene = scene.with(|scene| {
        let other = ec_jwk(&ec());
        let other = json!({"kid": "other", "kty": other["kty"], "crv": other["crv"],
            "x": other["x"], "y": other["y"]});
        scene.answers.insert(
            "https://api.shipengine.com/jwks".to_owned(),
            jwks(&[other, key.jwk()]).into_bytes(),
        );
    });
    scene.check(&Ok("rsa-pkcs1v15-sha256"));
    scene.with(|scene| scene.now += 301_000).check(&Err(Rejection::Stale { skew_seconds: 301 }));
    scene.clone().header("X-Webhook-Token", "another").check(&MISMATCH);
    let wrong_type = scene.clone().header("X-ShipEngine-RSA-SHA256-Key-Id", "other");
    wrong_type.check(&Err(Rejection::UnknownKey));
    scene
        .with(|scene| scene.headers.retain(|(name, _)| !name.ends_with("Key-Id")))
        .check(&missing("X-ShipEngine-RSA-SHA256-Key-Id"));
}

const PLAID: &str = "https://production.plaid.com/webhook_verification_key/get";

fn plaid(key: &KeyPair, head: &Value, claims: &Value) -> Scene {
    let token =
        signed_token(head, claims, |text| ec_sign(key, &ECDSA_P256_SHA256_FIXED_SIGNING, text));
    Scene::new("plaid", "the secret", &[("client_id", "c-1")])
        .header("Plaid-Verification", token)
        .answers(PLAID, json!({"key": ec_jwk(key), "request_id": "r"}).to_string())
}

fn plaid_claims(issued: i64) -> Value {
    json!({"iat": issued, "request_body_sha256": hex::encode(sha256(r#"{"id":"evt_1"}"#))})
}

fn es256() -> Value {
    json!({"alg": "ES256", "kid": KID})
}

#[test]
fn plaid_binds_the_body_and_ends_after_five_minutes() {
    let key = ec();
    let scene = plaid(&key, &es256(), &plaid_claims(NOW_SECONDS));
    scene.check(&Ok("jwt"));
    scene.clone().body("{}").check(&MISMATCH);
    scene.with(|scene| scene.now += 300_000).check(&Ok("jwt"));
    scene.with(|scene| scene.now += 301_000).check(&Err(Rejection::Stale { skew_seconds: 301 }));
    let future = Err(Rejection::FromTheFuture { skew_seconds: 61 });
    scene.with(|scene| scene.now -= 61_000).check(&future);
    let undated = json!({"request_body_sha256": hex::encode(sha256(&scene.body))});
    let no_time = Err(Rejection::MissingField { name: "iat".to_owned() });
    plaid(&key, &es256(), &undated).check(&no_time);
}

#[test]
fn a_key_of_plaid_s_that_has_ended_is_refused() {
    let key = ec();
    let mut jwk = ec_jwk(&key);
    jwk["expired_at"] = json!(NOW_SECONDS - 1);
    let scene = plaid(&key, &es256(), &plaid_claims(NOW_SECONDS));
    let answer = json!({"key": jwk}).to_string();
    scene.answers(PLAID, answer).check(&Err(Rejection::ExpiredKey));
}

#[test]
fn plaid_is_asked_with_the_credentials_and_nobody_sees_them() {
    let scene = plaid(&ec(), &es256(), &plaid_claims(NOW_SECONDS));
    let headers: Headers = scene.headers.iter().cloned().collect();
    let request = Request { method: "POST", url: "", headers: &headers, body: b"" };
    let secrets = [Secret::new("s0", "the secret").unwrap()];
    let wanted = key_requests(&scene.provider, &secrets, &request);
    let post = wanted[0].source().post().unwrap();
    let sent: Value = serde_json::from_str(post.expose()).unwrap();
    assert_eq!(sent, json!({"client_id": "c-1", "secret": "the secret", "key_id": KID}));
    assert!(!format!("{wanted:?}").contains("the secret"));
}

#[test]
fn the_algorithm_is_the_definition_s_and_not_the_token_s() {
    let key = ec();
    let unsigned =
        signed_token(&json!({"alg": "none", "kid": KID}), &plaid_claims(NOW_SECONDS), |_| {
            Vec::new()
        });
    // A MAC under what everyone can read: the public key.
    let public = key.public_key_raw().to_vec();
    let confused =
        signed_token(&json!({"alg": "HS256", "kid": KID}), &plaid_claims(NOW_SECONDS), |text| {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public);
            aws_lc_rs::hmac::sign(&key, text).as_ref().to_vec()
        });
    let rsa = Rsa::new().token(&rs256(), &plaid_claims(NOW_SECONDS));
    let scene = plaid(&key, &es256(), &plaid_claims(NOW_SECONDS));
    for token in [unsigned, confused, rsa] {
        scene.clone().header("Plaid-Verification", token).check(&unknown("Plaid-Verification"));
    }
    let critical = json!({"alg": "ES256", "kid": KID, "crit": ["b64"]});
    let refused = plaid(&key, &critical, &plaid_claims(NOW_SECONDS));
    refused.check(&malformed("Plaid-Verification"));
    for kid in [json!(null), json!(""), json!("a/b"), json!("k".repeat(201)), json!(7)] {
        let head = json!({"alg": "ES256", "kid": kid});
        let refused = plaid(&key, &head, &plaid_claims(NOW_SECONDS));
        refused.check(&malformed("Plaid-Verification"));
    }
}

#[test]
fn another_key_under_the_same_id_does_not_match() {
    let scene = plaid(&ec(), &es256(), &plaid_claims(NOW_SECONDS));
    let other = json!({"key": ec_jwk(&ec())}).to_string();
    scene.answers(PLAID, other).check(&MISMATCH);
}

fn google(key: &Rsa, change: impl FnOnce(&mut Value)) -> Scene {
    let mut claims = json!({
        "iss": "https://accounts.google.com", "aud": "https://hooks.example/x",
        "email": "push@acme.iam.gserviceaccount.com", "email_verified": true,
        "iat": NOW_SECONDS, "exp": NOW_SECONDS + 3600,
    });
    change(&mut claims);
    let settings = [("audience", "https://hooks.example/x")];
    Scene::new("google-pubsub", "push@acme.iam.gserviceaccount.com", &settings)
        .header("Authorization", format!("Bearer {}", key.token(&rs256(), &claims)))
        .answers("https://www.googleapis.com/oauth2/v3/certs", jwks(&[key.jwk()]))
}

#[test]
fn google_s_token_has_to_say_who_and_to_whom() {
    let key = Rsa::new();
    google(&key, |_| ()).check(&Ok("jwt"));
    google(&key, |claims| claims["iss"] = json!("accounts.google.com")).check(&Ok("jwt"));
    for (claim, value) in [
        ("iss", json!("https://accounts.evil.example")),
        ("aud", json!("https://hooks.example/y")),
        ("email", json!("push@evil.iam.gserviceaccount.com")),
        ("email_verified", json!(false)),
        ("email", json!(null)),
    ] {
        google(&key, |claims| claims[claim] = value).check(&MISMATCH);
    }
    let late = google(&key, |claims| claims["exp"] = json!(NOW_SECONDS - 60));
    late.check(&Err(Rejection::Stale { skew_seconds: 60 }));
    let endless = google(&key, |claims| claims["exp"] = json!(null));
    endless.check(&Err(Rejection::MissingField { name: "exp".to_owned() }));
    let scene = google(&key, |_| ());
    let other = scene.with(|scene| scene.headers.clear());
    other.check(&missing("Authorization"));
}

#[test]
fn kinde_sends_a_token_as_the_body_and_names_the_event_in_it() {
    const ISSUER: &str = "https://acme.kinde.com";
    let key = Rsa::new();
    let claims =
        |issuer: &str| json!({"iss": issuer, "event_id": "event_1", "type": "user.created"});
    let scene = Scene::new("kinde", ISSUER, &[])
        .body(key.token(&rs256(), &claims(ISSUER)))
        .answers("https://acme.kinde.com/.well-known/jwks.json", jwks(&[key.jwk()]));
    scene.check(&Ok("jwt"));
    let elsewhere = key.token(&rs256(), &claims("https://evil.kinde.com"));
    scene.clone().body(elsewhere).check(&MISMATCH);
    let refused = Err(Rejection::MalformedField { name: "body".to_owned() });
    scene.clone().body("{}").check(&refused);
    let of_a_person = key.token(&rs256(), &json!({"iss": ISSUER, "sub": "kp_1", "aud": []}));
    let missing = Err(Rejection::MissingField { name: "event_id".to_owned() });
    scene.clone().body(of_a_person).check(&missing);
    let request = Request {
        method: "POST",
        url: "",
        headers: &Headers::default(),
        body: scene.body.as_bytes(),
    };
    let id = scene.provider.event_id().unwrap().select(&request).unwrap().unwrap();
    assert_eq!((id.value.as_str(), id.covered), ("event_1", true));
    let kind = scene.provider.event_type().unwrap().select(&request).unwrap().unwrap();
    assert_eq!(kind.value, "user.created");
}

#[test]
fn an_issuer_that_is_no_https_url_is_the_operator_s_mistake() {
    let key = Rsa::new();
    let body = key.token(&rs256(), &json!({"iss": "x"}));
    for issuer in ["acme.kinde.com", "http://acme.kinde.com", "https://a@b.com", "https://a.com?b"]
    {
        let scene = Scene::new("kinde", issuer, &[]).body(body.clone());
        let malformed = Rejection::MalformedSecret { id: "s0".to_owned() };
        assert!(malformed.is_ours());
        scene.check(&Err(malformed));
    }
}

#[test]
fn neon_signs_time_and_body_apart_from_the_token() {
    let key = Ed25519KeyPair::generate().unwrap();
    let jwk = json!({
        "kid": KID, "kty": "OKP", "crv": "Ed25519", "x": url64(key.public_key().as_ref()),
    });
    let scene = Scene::new("neon-auth", "https://ep-1.neonauth.example/auth/", &[]);
    let head = url64(json!({"alg": "EdDSA", "kid": KID}).to_string().as_bytes());
    let payload = url64(format!("{NOW}.{}", url64(scene.body.as_bytes())).as_bytes());
    let signature = url64(key.sign(format!("{head}.{payload}").as_bytes()).as_ref());
    let scene = scene
        .header("X-Neon-Signature", format!("{head}..{signature}"))
        .header("X-Neon-Signature-Kid", KID)
        .header("X-Neon-Timestamp", NOW.to_string())
        .answers("https://ep-1.neonauth.example/auth/.well-known/jwks.json", jwks(&[jwk]));
    scene.check(&Ok("jwt"));
    scene.clone().body("{}").check(&MISMATCH);
    let later = (NOW + 1).to_string();
    scene.clone().header("X-Neon-Timestamp", later).check(&MISMATCH);
    scene.with(|scene| scene.now += 300_001).check(&Err(Rejection::Stale { skew_seconds: 301 }));
    let whole = format!("{head}.{payload}.{signature}");
    scene.header("X-Neon-Signature", whole).check(&malformed("X-Neon-Signature"));
}

#[test]
fn wix_puts_the_event_into_texts_inside_of_the_token() {
    let key = Rsa::new();
    let event = json!({"id": "ev-1"}).to_string();
    let data = json!({"eventType": "wix.stores.order_paid", "data": event}).to_string();
    let claims = json!({"data": data, "iat": NOW_SECONDS, "exp": NOW_SECONDS + 60});
    let body = key.token(&json!({"alg": "RS256"}), &claims);
    let scene = Scene::new("wix", &key.pem(), &[]).body(body);
    scene.check(&Ok("jwt"));
    scene.with(|scene| scene.now += 65_000).check(&Err(Rejection::Stale { skew_seconds: 5 }));
    scene.with(|scene| scene.secret = Rsa::new().pem()).check(&MISMATCH);
    let confused = signed_token(&json!({"alg": "HS256"}), &claims, |text| {
        let public = scene.secret.as_bytes();
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public);
        aws_lc_rs::hmac::sign(&key, text).as_ref().to_vec()
    });
    scene.clone().body(confused).check(&unknown("body"));
    let request = Request {
        method: "POST",
        url: "",
        headers: &Headers::default(),
        body: scene.body.as_bytes(),
    };
    let id = scene.provider.event_id().unwrap().select(&request).unwrap().unwrap();
    assert_eq!((id.value.as_str(), id.covered), ("ev-1", true));
    let kind = scene.provider.event_type().unwrap().select(&request).unwrap().unwrap();
    assert_eq!(kind.value, "wix.stores.order_paid");
}

#[test]
fn fusionauth_signs_with_any_of_its_key_pairs() {
    let key = Rsa::new();
    let body = r#"{"id":"evt_1"}"#;
    let claims = json!({"request_body_sha256": STANDARD.encode(sha256(body))});
    let mut jwk = key.jwk();
    jwk["alg"] = json!("RS512");
    let head = json!({"alg": "RS512", "kid": KID});
    let token = signed_token(&head, &claims, |text| key.sign(&RSA_PKCS1_SHA512, text));
    let scene = Scene::new("fusionauth-jwks", "https://acme.fusionauth.io", &[])
        .header("X-FusionAuth-Signature-JWT", token)
        .answers("https://acme.fusionauth.io/.well-known/jwks.json", jwks(&[jwk]));
    scene.check(&Ok("jwt"));
    scene.clone().body("{}").check(&MISMATCH);
    // The key says that it is for another algorithm.
    let other = key.token(&rs256(), &claims);
    let refused = scene.header("X-FusionAuth-Signature-JWT", other);
    refused.check(&Err(Rejection::UnknownKey));
}

#[test]
fn without_its_keys_a_provider_that_publishes_them_proves_nothing() {
    let mut scene = google(&Rsa::new(), |_| ());
    scene.answers.clear();
    scene.check(&Err(Rejection::UnknownKey));
    assert!(!Rejection::UnknownKey.is_ours());
}
