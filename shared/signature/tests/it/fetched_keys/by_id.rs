//! Keys that a header names by their ids.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookdock_signature::{Credentials, Headers, Rejection, Request, Secret, key_requests};
use rcgen::PublicKeyData as _;
use serde_json::json;

use super::made::{Rsa, ec, ec_jwk, ec_sign, jwks};
use super::scene::Scene;
use super::{KID, text, under_sha1};
use crate::rows::{MISMATCH, malformed, missing};

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
