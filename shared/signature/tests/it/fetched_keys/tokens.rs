//! Tokens, signed with keys of a published set.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA512,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookdock_signature::{Headers, Rejection, Request, Secret, Weakness, key_requests};
use rcgen::KeyPair;
use serde_json::{Value, json};

use super::made::{Rsa, ec, ec_jwk, ec_sign, jwks, rs256, sha256, signed_token, url64};
use super::scene::Scene;
use super::{KID, NOW, NOW_SECONDS, text};
use crate::rows::{MISMATCH, malformed, missing, unknown};

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
    // The token says nothing of the body.
    let forged = google(&key, |_| ()).body("{}");
    forged.check(&Ok("jwt"));
    assert_eq!(forged.provider.weakness(), Some(Weakness::UnsignedBody));
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
    scene.carries("event_1", "user.created");
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
    scene.carries("ev-1", "wix.stores.order_paid");
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
fn fusionauth_signs_with_the_longer_curves_too() {
    // Signed by another program, so that both sides are not ours.
    let signed: Value = serde_json::from_str(include_str!("curves.json")).unwrap();
    for (algorithm, other) in [("ES384", "ES512"), ("ES512", "ES384")] {
        let scene = |keys: &Value| {
            Scene::new("fusionauth-jwks", "https://acme.fusionauth.io", &[])
                .header("X-FusionAuth-Signature-JWT", text(&signed[algorithm]["token"]))
                .answers(
                    "https://acme.fusionauth.io/.well-known/jwks.json",
                    jwks(std::slice::from_ref(keys)),
                )
        };
        let right = scene(&signed[algorithm]["jwk"]);
        right.check(&Ok("jwt"));
        right.body("{}").check(&MISMATCH);
        scene(&signed[other]["jwk"]).check(&Err(Rejection::UnknownKey));
    }
}

#[test]
fn without_its_keys_a_provider_that_publishes_them_proves_nothing() {
    let mut scene = google(&Rsa::new(), |_| ());
    scene.answers.clear();
    scene.check(&Err(Rejection::UnknownKey));
    assert!(!Rejection::UnknownKey.is_ours());
}
