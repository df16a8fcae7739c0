//! What we sign, we accept; what only the provider can sign, we refuse to.

use hookdock_signature::{EpochMillis, Headers, Rejection, Secret, SignError, catalog, sign};

use crate::schemes::{self, scheme};
use crate::support::{Case, case, check, provider, shape_vectors};

fn signed(case: &mut Case) -> Result<Vec<(String, String)>, SignError> {
    let secret = Secret::new("s0", &*case.secrets[0]).unwrap();
    let headers = case.headers();
    let at = EpochMillis::new(case.now_ms);
    let added = sign(&case.provider, &secret, &case.request(&headers), at)?;
    for (name, value) in &added {
        case.set(name, value);
    }
    Ok(added)
}

#[test]
fn a_published_signature_is_made_again() {
    let rows = [
        ("github-1", "X-Hub-Signature-256"),
        ("standard-webhooks-1", "webhook-signature"),
        ("stripe-gen-1", "Stripe-Signature"),
        ("shopify-1", "X-Shopify-Hmac-Sha256"),
    ];
    for (id, name) in rows {
        let published = case(id).header(name).to_owned();
        let mut draft = case(id);
        draft.remove(name);
        let added = signed(&mut draft).unwrap();
        assert_eq!(added.last(), Some(&(name.to_owned(), published)), "{id}");
    }
}

#[test]
fn the_time_has_a_header_of_its_own_where_the_provider_sends_one() {
    let mut draft = case("standard-webhooks-1");
    draft.remove("webhook-timestamp");
    let added = signed(&mut draft).unwrap();
    assert_eq!(added[0], ("webhook-timestamp".to_owned(), "1614265330".to_owned()));
    assert_eq!(added.len(), 2);
}

#[test]
fn every_shape_that_can_be_signed_is_accepted() {
    let mut count = 0;
    for vector in shape_vectors() {
        let mut draft = vector.case(provider(scheme(&vector.definition)));
        if signed(&mut draft).is_ok() {
            // The main scheme signs, whichever alternative the vector was for.
            draft.remove("X-HubSpot-Signature");
            check(&vector.id, &draft, &Ok("s0"));
            count += 1;
        }
    }
    assert!(count >= 30, "{count}");
}

#[test]
fn a_separator_is_written_with_its_blank_and_read_with_or_without_it() {
    let mut draft = case("github-1");
    draft.provider = catalog::find("workos").unwrap();
    let written = signed(&mut draft).unwrap().remove(0).1;
    assert!(written.contains(", v1="), "{written}");
    check("with a blank", &draft, &Ok("s0"));
    draft.set("WorkOS-Signature", &written.replace(", ", ","));
    check("without", &draft, &Ok("s0"));
}

#[test]
fn what_cannot_be_signed_is_named() {
    for (name, _) in schemes::all() {
        let vector = shape_vectors().into_iter().find(|vector| vector.definition == name).unwrap();
        let mut draft = vector.case(provider(scheme(name)));
        let expected = match name {
            "discord" | "telnyx" | "standard-webhooks-asym" => {
                SignError::NotShared { scheme: "ed25519" }
            }
            "sendgrid" => SignError::NotShared { scheme: "ecdsa-p256-sha256" },
            "ecdsa-fixed" => SignError::NotShared { scheme: "ecdsa-p256-sha256-fixed" },
            "wise" | "bridge-xyz" => SignError::NotShared { scheme: "rsa-pkcs1v15-sha256" },
            "utila" => SignError::NotShared { scheme: "rsa-pss-sha512" },
            "braintree" | "mailgun" | "mailchimp" | "graph" => SignError::NotInHeader,
            _ => continue,
        };
        assert_eq!(signed(&mut draft).unwrap_err(), expected, "{name}");
    }
}

#[test]
fn an_incomplete_draft_is_refused() {
    let mut draft = case("standard-webhooks-1");
    draft.remove("webhook-id");
    let missing = Rejection::MissingHeader { name: "webhook-id".to_owned() };
    assert_eq!(signed(&mut draft), Err(SignError::Draft(missing)));
    let mut draft = case("standard-webhooks-1");
    draft.secrets = vec!["whsec_!".to_owned()];
    let malformed = Rejection::MalformedSecret { id: "s0".to_owned() };
    assert_eq!(signed(&mut draft), Err(SignError::Draft(malformed)));
}

#[test]
fn a_time_that_no_calendar_has_is_refused() {
    let twitch = shape_vectors().into_iter().find(|vector| vector.definition == "twitch").unwrap();
    let mut draft = twitch.case(provider(scheme("twitch")));
    draft.now_ms = i64::MAX;
    assert_eq!(signed(&mut draft), Err(SignError::Time));
}

#[test]
fn a_draft_without_headers_is_enough_where_no_header_is_signed() {
    let github = catalog::find("github").unwrap();
    let mut draft = case("github-1");
    draft.provider = github;
    draft.headers = Headers::default().iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    signed(&mut draft).unwrap();
    check("signed", &draft, &Ok("s0"));
}
