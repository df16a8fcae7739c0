//! Every shape of the model accepts what its sender signs, and nothing near it.

use hookdock_signature::Rejection;

use crate::schemes::{self, scheme};
use crate::support::{Case, Vector, check, provider, shape_vectors};

fn needs_public_key(name: &str) -> bool {
    let text = scheme(name);
    text.contains("public_key = {")
}

/// The examples that this build can verify.
fn verifiable() -> Vec<(Vector, Case)> {
    let vectors = shape_vectors().into_iter();
    let here = vectors
        .filter(|vector| cfg!(feature = "public-key") || !needs_public_key(&vector.definition));
    here.map(|vector| {
        let case = vector.case(provider(scheme(&vector.definition)));
        (vector, case)
    })
    .collect()
}

fn shape(id: &str) -> Case {
    let vectors = shape_vectors();
    let vector = vectors.iter().find(|vector| vector.id == id).unwrap();
    vector.case(provider(scheme(&vector.definition)))
}

/// Another secret of the same form, be that hex, base64 or text.
fn near(secret: &str) -> String {
    let (head, tail) = secret.split_at(secret.len().saturating_sub(4));
    format!("{head}BBBB{tail}")
}

fn header(name: &str) -> String {
    name.to_owned()
}

#[test]
fn every_vector_is_accepted() {
    for (vector, case) in verifiable() {
        check(&vector.id, &case, &Ok("s0"));
    }
}

#[test]
fn every_definition_has_a_vector() {
    let vectors = shape_vectors();
    for (name, _) in schemes::all() {
        assert!(vectors.iter().any(|vector| vector.definition == name), "{name}");
    }
}

#[test]
fn another_secret_is_refused() {
    for (vector, mut case) in verifiable() {
        if needs_public_key(&vector.definition) {
            continue;
        }
        case.secrets = vec![near(&vector.secret)];
        check(&vector.id, &case, &Err(Rejection::Mismatch));
    }
}

#[test]
fn the_matching_secret_is_named() {
    for (vector, mut case) in verifiable() {
        if needs_public_key(&vector.definition) {
            continue;
        }
        case.secrets.insert(0, near(&vector.secret));
        check(&vector.id, &case, &Ok("s1"));
    }
}

#[test]
fn one_changed_byte_of_a_signed_body_is_refused() {
    for (vector, mut case) in verifiable() {
        let text = case.provider.scheme().message().unwrap_or_default().to_owned();
        let other = ["mailgun", "gitlab", "postmark", "mailchimp", "graph", "hubspot"];
        if !text.contains("{body}") || other.contains(&&*vector.definition) {
            continue;
        }
        let middle = case.body.len() / 2;
        case.body[middle] ^= 1;
        check(&vector.id, &case, &Err(Rejection::Mismatch));
    }
}

#[test]
fn one_changed_byte_is_refused_by_every_hubspot_version() {
    for id in ["hubspot-v1-1", "hubspot-v2-get", "hubspot-v2-post", "hubspot-gen-1"] {
        let mut case = shape(id);
        case.body.push(b' ');
        check(id, &case, &Err(Rejection::Mismatch));
    }
}

#[test]
fn an_alternative_is_named_in_the_proof() {
    let cases = [
        ("hubspot-gen-1", "hmac-sha256", None),
        ("hubspot-v1-1", "hash-sha256", Some("v1")),
        ("hubspot-v2-post", "hash-sha256", Some("v2")),
        ("websub-gen-1", "hmac-sha384", Some("sha384")),
        ("mailgun-form-gen-1", "hmac-sha256", Some("form")),
    ];
    for (id, scheme, alternative) in cases {
        let proof = shape(id).verify().unwrap();
        assert_eq!((proof.scheme(), proof.alternative()), (scheme, alternative), "{id}");
    }
}

#[test]
fn an_alternative_without_its_condition_does_not_count() {
    let mut case = shape("hubspot-v1-1");
    case.set("X-HubSpot-Signature-Version", "v2");
    check("the other version", &case, &Err(Rejection::Mismatch));
    case.remove("X-HubSpot-Signature-Version");
    let missing = Rejection::MissingHeader { name: header("X-HubSpot-Signature-v3") };
    check("no version", &case, &Err(missing));
}

#[test]
fn the_url_and_the_method_are_signed() {
    let mut case = shape("square-1");
    case.url.push('2');
    check("url", &case, &Err(Rejection::Mismatch));
    let mut case = shape("hubspot-v2-post");
    case.method = "PUT".to_owned();
    check("method", &case, &Err(Rejection::Mismatch));
}

#[test]
fn hubspot_signs_the_url_with_some_escapes_decoded() {
    // hmac-sha256("k", "POST" + "https://e.x/a:b?c=/%20%zz" + "1"), by Python.
    let mut case = shape("hubspot-gen-1");
    case.secrets = vec!["k".to_owned()];
    case.url = "https://e.x/a%3Ab%3fc=%2F%20%zz".to_owned();
    case.body.clear();
    case.now_ms = 1;
    case.set("X-HubSpot-Request-Timestamp", "1");
    case.set("X-HubSpot-Signature-v3", "10pbq2/ALjjUhgQ/9tJA4crzwCHEXAtpFVj07BrDxJk=");
    check("escapes", &case, &Ok("s0"));
}

#[test]
fn a_numbered_header_counts_up_to_its_highest_number() {
    let mut case = shape("docusign-gen-1");
    case.rename("X-DocuSign-Signature-2", "x-docusign-signature-100");
    check("the highest", &case, &Ok("s0"));
    for name in ["X-DocuSign-Signature-101", "X-DocuSign-Signature-0", "X-DocuSign-Signature-02"] {
        let mut case = shape("docusign-gen-1");
        case.rename("X-DocuSign-Signature-2", name);
        check(name, &case, &Err(Rejection::Mismatch));
    }
    let mut case = shape("docusign-gen-1");
    case.add("x-docusign-signature-1", "AAAA");
    let repeated = Rejection::RepeatedHeader { name: header("X-DocuSign-Signature-1") };
    check("repeated", &case, &Err(repeated));
    case.headers.clear();
    let missing = Rejection::MissingHeader { name: header("X-DocuSign-Signature-1") };
    check("missing", &case, &Err(missing));
}

#[test]
fn a_hundred_numbered_headers_are_looked_at() {
    let mut case = shape("docusign-gen-1");
    case.rename("X-DocuSign-Signature-2", "X-DocuSign-Signature-100");
    let wrong = case.header("X-DocuSign-Signature-1").to_owned();
    for number in 2..100 {
        case.add(&format!("X-DocuSign-Signature-{number}"), &wrong);
    }
    check("the last", &case, &Ok("s0"));
}

#[test]
fn either_of_two_headers_will_do() {
    let mut case = shape("box-gen-1");
    case.rename("BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY");
    check("only the second", &case, &Ok("s0"));
    case.add("BOX-SIGNATURE-PRIMARY", "AAAA");
    check("the first is nothing", &case, &Ok("s0"));
    case.remove("BOX-SIGNATURE-SECONDARY");
    let malformed = Rejection::MalformedHeader { name: header("BOX-SIGNATURE-PRIMARY") };
    check("too short for a digest", &case, &Err(malformed));
}

#[test]
fn an_empty_header_beside_a_good_one_is_no_header() {
    let mut case = shape("box-gen-1");
    case.add("BOX-SIGNATURE-SECONDARY", " ");
    check("the second", &case, &Ok("s0"));
    case.remove("BOX-SIGNATURE-SECONDARY");
    case.rename("BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY");
    case.add("BOX-SIGNATURE-PRIMARY", "");
    check("the first", &case, &Ok("s0"));
    case.set("BOX-SIGNATURE-SECONDARY", "");
    let malformed = Rejection::MalformedHeader { name: header("BOX-SIGNATURE-PRIMARY") };
    check("both", &case, &Err(malformed));
    let mut case = shape("docusign-gen-1");
    case.add("X-DocuSign-Signature-3", "");
    check("a numbered one", &case, &Ok("s0"));
    case.add("X-DocuSign-Signature-3", "");
    let repeated = Rejection::RepeatedHeader { name: header("X-DocuSign-Signature-3") };
    check("repeated", &case, &Err(repeated));
}

#[test]
fn a_time_in_the_signed_body_is_checked_after_the_signature() {
    let mut case = shape("linear-gen-1");
    case.now_ms += 60_000;
    check("at the limit", &case, &Ok("s0"));
    case.now_ms += 1;
    check("beyond", &case, &Err(Rejection::Stale { skew_seconds: 61 }));
    case.body = b"not JSON".to_vec();
    check("unsigned bodies are not parsed", &case, &Err(Rejection::Mismatch));
}

#[test]
fn a_group_has_its_own_time() {
    let mut case = shape("persona-gen-1");
    case.secrets = vec!["old".to_owned()];
    check("the older group", &case, &Ok("s0"));
    let value = case.header("Persona-Signature").replace("t=1795302438", "t=1795302439");
    case.set("Persona-Signature", &value);
    check("the time of the other group", &case, &Err(Rejection::Mismatch));
    case.set("Persona-Signature", &["t=1,v1=00"; 5].join(" "));
    let many = Rejection::TooManySignatures { name: header("Persona-Signature") };
    check("five groups", &case, &Err(many));
}

#[test]
fn a_group_that_cannot_be_read_does_not_spoil_the_others() {
    let good = shape("persona-gen-1").header("Persona-Signature").to_owned();
    for bad in ["v1=00", "t=1,t=2,v1=00", "t=1,v2=00", "t=1", "x"] {
        for value in [format!("{good} {bad}"), format!("{bad} {good}")] {
            let mut case = shape("persona-gen-1");
            case.set("Persona-Signature", &value);
            check(bad, &case, &Ok("s0"));
        }
    }
    let mut case = shape("persona-gen-1");
    case.set("Persona-Signature", "t=1,v2=00 x");
    let unknown = Rejection::UnknownVersion { name: header("Persona-Signature") };
    check("the first reason stands", &case, &Err(unknown));
}

#[test]
fn a_positional_time_comes_first() {
    let mut case = shape("recurly-gen-1");
    let value = case.header("recurly-signature").replace("1795302439000,", "");
    case.set("recurly-signature", &value);
    check("no time", &case, &Err(Rejection::MalformedTimestamp));
    case.set("recurly-signature", "1795302439000");
    let malformed = Rejection::MalformedHeader { name: header("recurly-signature") };
    check("only a time", &case, &Err(malformed));
}

#[test]
fn pairs_of_another_public_key_are_unknown() {
    let mut case = shape("braintree-gen-1");
    case.provider = case.provider.configure("public_key", "another").unwrap();
    let unknown = Rejection::UnknownVersion { name: "bt_signature".to_owned() };
    check("another", &case, &Err(unknown));
    case.provider = provider(scheme("braintree"));
    check("not configured", &case, &Ok("s0"));
}

#[test]
fn a_missing_setting_is_the_operators_fault() {
    let mut case = shape("tiktok-shop-gen-1");
    case.provider = provider(scheme("tiktok-shop"));
    let missing = Rejection::MissingSetting { name: "app_key".to_owned() };
    assert!(missing.is_ours());
    check("app key", &case, &Err(missing));
}

#[test]
fn fields_are_refused_by_name() {
    let field = |name: &str| name.to_owned();
    let mut case = shape("mailchimp-gen-1");
    case.url = "https://example.com/mc?a=1#key=s+e".to_owned();
    check("missing", &case, &Err(Rejection::MissingField { name: field("key") }));
    case.url = "https://example.com/mc?key=s+e&key=s+e".to_owned();
    check("repeated", &case, &Err(Rejection::RepeatedField { name: field("key") }));
    case.url = "https://example.com/mc?key=".to_owned();
    check("empty", &case, &Err(Rejection::MalformedField { name: field("key") }));
    case.url = "https://example.com/mc?key=other".to_owned();
    check("another", &case, &Err(Rejection::Mismatch));
}

#[test]
fn every_item_of_a_batch_carries_the_token() {
    let path = || "value[].clientState".to_owned();
    let mut case = shape("graph-gen-1");
    case.body = br#"{"value":[{"clientState":"cs"},{"clientState":"other"}]}"#.to_vec();
    check("another", &case, &Err(Rejection::Mismatch));
    case.body = br#"{"value":[{"clientState":"cs"},{}]}"#.to_vec();
    check("none", &case, &Err(Rejection::MalformedField { name: path() }));
    case.body = br#"{"value":[]}"#.to_vec();
    check("no items", &case, &Err(Rejection::MissingField { name: path() }));
    case.body = b"[".to_vec();
    check("not JSON", &case, &Err(Rejection::BodyNotJson));
}

#[test]
fn basic_credentials_are_compared_whole() {
    let mut case = shape("postmark-gen-1");
    let malformed = || Rejection::MalformedHeader { name: header("Authorization") };
    case.set("Authorization", "bAsIc dXNlcjpwOnNz");
    check("the scheme's name in any case", &case, &Ok("s0"));
    case.set("Authorization", "Basic dXNlcjpwOg==");
    check("a part of the password", &case, &Err(Rejection::Mismatch));
    case.set("Authorization", "Bearer dXNlcjpwOnNz");
    check("another scheme", &case, &Err(malformed()));
    case.set("Authorization", "Basic");
    check("no credentials", &case, &Err(malformed()));
}

#[test]
fn a_token_may_have_a_prefix_that_is_not_always_sent() {
    let mut case = shape("gitlab-gen-1");
    case.provider = provider(
        r#"scheme = { kind = "token", signature = { from = "header", name = "X-Gitlab-Token", prefix = "Bearer ", prefix_optional = true } }"#,
    );
    check("without", &case, &Ok("s0"));
    case.set("X-Gitlab-Token", "Bearer gl-token");
    check("with", &case, &Ok("s0"));
    case.provider = provider(
        r#"scheme = { kind = "token", signature = { from = "header", name = "X-Gitlab-Token", prefix = "Bearer " } }"#,
    );
    check("with, required", &case, &Ok("s0"));
    case.set("X-Gitlab-Token", "gl-token");
    let malformed = Rejection::MalformedHeader { name: header("X-Gitlab-Token") };
    check("without, required", &case, &Err(malformed));
}

#[test]
fn a_secret_of_the_wrong_form_is_the_operators_fault() {
    let malformed = |id: &str| Rejection::MalformedSecret { id: id.to_owned() };
    let mut case = shape("airtable-gen-1");
    case.secrets.insert(0, "not base64!".to_owned());
    check("another one matches", &case, &Ok("s1"));
    case.body.push(b' ');
    check("none matches", &case, &Err(malformed("s0")));
    let mut case = shape("svix-gen-1");
    case.secrets = vec!["whsec_".to_owned()];
    check("nothing after the prefix", &case, &Err(malformed("s0")));
}

#[test]
fn an_alternative_key_rule_is_tried_too() {
    let mut case = shape("svix-gen-1");
    let text = scheme("svix").to_owned()
        + "[[alternatives]]\nname = \"text\"\nscheme = { key = { format = \"utf8\" } }";
    case.provider = provider(&text);
    assert_eq!(case.verify().unwrap().alternative(), None);
    case.secrets = vec!["not base64!".to_owned()];
    check("the telling reason", &case, &Err(Rejection::Mismatch));
}

#[cfg(not(feature = "public-key"))]
#[test]
fn public_keys_need_the_feature() {
    for (id, what) in [("discord-1", "ed25519"), ("wise-1", "rsa-pkcs1v15-sha256")] {
        check(id, &shape(id), &Err(Rejection::Unsupported { what: what.to_owned() }));
    }
}

#[cfg(feature = "public-key")]
#[test]
fn another_public_key_is_refused() {
    let keys = [
        ("discord-1", "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"),
        ("telnyx-gen-1", "ebVWKO/mVPlNl4sRLoqYunkB+FOula7X4KOK0zvQSWY="),
    ];
    for (id, key) in keys {
        let mut case = shape(id);
        case.secrets = vec![key.to_owned()];
        check(id, &case, &Err(Rejection::Mismatch));
        case.secrets = vec!["00".to_owned()];
        check(id, &case, &Err(Rejection::MalformedSecret { id: "s0".to_owned() }));
    }
}

#[cfg(feature = "public-key")]
#[test]
fn public_key_schemes_have_stable_names() {
    let names = [
        ("discord-1", "ed25519"),
        ("sendgrid-1", "ecdsa-p256-sha256"),
        ("wise-1", "rsa-pkcs1v15-sha256"),
        ("utila-gen-1", "rsa-pss-sha512"),
    ];
    for (id, name) in names {
        assert_eq!(shape(id).verify().unwrap().scheme(), name);
    }
}
