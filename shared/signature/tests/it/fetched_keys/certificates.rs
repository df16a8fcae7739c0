//! Keys in certificates, at URLs that the delivery names.

use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookdock_signature::{
    EpochMillis, Headers, Keys, Rejection, Request, Secret, UnusableKeys, Weakness, key_requests,
    verify_with,
};
use serde_json::{Value, json};

use super::made::{Authority, Rsa};
use super::scene::Scene;
use super::{NOW, text, under_sha1};
use crate::rows::{MISMATCH, malformed};

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
fn a_body_with_the_same_checksum_is_believed_as_long_as_paypal_tries() {
    let (key, authority) = (Rsa::new(), Authority::new());
    let scene = paypal(&key, &authority, PAYPAL_NAME, (2020, 2030));
    // Another body with that CRC-32.
    let forged = r#"{"id":"evt_2","forged":"0100110110011100000111010110001100000000"}"#;
    let forged = scene.clone().body(forged);
    forged.check(&Ok("rsa-pkcs1v15-sha256"));
    assert_eq!(scene.provider.weakness(), Some(Weakness::Checksum));
    assert!(!scene.provider.event_type().unwrap().is_covered());
    let tolerance = 3 * 24 * 3600 + 3600;
    for (seconds, expected) in [
        (tolerance, Ok("rsa-pkcs1v15-sha256")),
        (tolerance + 1, Err(Rejection::Stale { skew_seconds: 262_801 })),
        (-tolerance - 1, Err(Rejection::FromTheFuture { skew_seconds: 262_801 })),
    ] {
        forged.with(|scene| scene.now += seconds * 1000).check(&expected);
    }
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
    let more = scene.with(|scene| scene.body = scene.body.replacen('{', r#"{"More":1,"#, 1));
    more.check(&Ok("rsa-pkcs1v15-sha256"));
    assert_eq!(scene.provider.weakness(), Some(Weakness::PartsOfBody));
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
