//! `hookdock verify --explain` on secrets that are wrong in a known way.

use crate::wrong::Wrong;

const COMPACT: &str = r#"{"id":"evt_1","note":"hidden-in-the-body"}"#;
const EITHER: &str = "either the secret is not the one that signed, or the body was changed";
const STANDARD_SECRET: &str = "whsec_aG9va2RvY2sgZGVtbyBzZWNyZXQgMDE=";

#[test]
fn a_wrong_secret() {
    let said = Wrong::github("secret", COMPACT).secret("another secret, guessed").explained();
    said.says("mismatch", &[
        "the signature is not that of this body under this secret",
        "X-Hub-Signature-256 (the signature): `sha256=` and 64 hex digits, which is the right form",
        EITHER,
        "the secret differs from the one typed in at GitHub",
    ]);
}

#[test]
fn a_secret_in_a_wrong_form() {
    for (name, text, how) in [
        ("no-prefix", "a_secret_that_Stripe_has", "has its prefix `whsec_` again"),
        ("quoted", "\"whsec_a_secret_that_Stripe_has\"", "loses the quotation marks around it"),
        (
            "named",
            "STRIPE_SECRET=whsec_a_secret_that_Stripe_has",
            "loses the name before it (NAME=)",
        ),
        ("blank", "whsec_a_secret _that_Stripe_has", "loses the blanks inside it"),
        ("escaped", "whsec_a_secret_that_Stripe_has\\n", "loses the \\n at its end"),
        (
            "both",
            "'a_secret_that_Stripe_has'",
            "loses the quotation marks around it and has its prefix",
        ),
        ("base64", "d2hzZWNfYV9zZWNyZXRfdGhhdF9TdHJpcGVfaGFz", "is decoded from base64"),
        (
            "hex",
            "77687365635f615f7365637265745f746861745f5374726970655f686173",
            "is decoded from hexadecimal",
        ),
    ] {
        let said = Wrong::stripe(&format!("form-{name}"), COMPACT).secret(text).explained();
        said.says("mismatch", &["the signature matches once the secret in", "secret.txt", how]);
        said.does_not_say(EITHER);
    }
    let said =
        Wrong::github("form-extra", COMPACT).secret("whsec_a secret that GitHub has").explained();
    said.says("mismatch", &["loses its prefix `whsec_`"]);
}

#[test]
fn a_secret_that_the_provider_decodes() {
    let headers = ["webhook-id: msg_1"];
    let standard = |name| Wrong::new(name, "standard-webhooks", STANDARD_SECRET, COMPACT, &headers);
    let said = standard("decoded").secret("hookdock demo secret 01").explained();
    said.says(
        "malformed_secret",
        &[
            "the secret cannot be read in the provider's format",
            "is taken as it is, and not decoded",
        ],
    );
    let said = standard("not-base64").secret("whsec_some!thing_else").explained();
    said.says("malformed_secret", &["secret.txt is not base64; a secret is: whsec_ and base64"]);
}

#[test]
fn a_secret_that_stands_for_bytes_which_are_no_text() {
    // Python: hmac.new(bytes.fromhex("ff00fe01fd02fc03"), body, "sha256")
    let signature = "sha256=c0f5280c46b843dc7c867a04c48389a0d851157ac00853fc58aa9b16028f18c3";
    let by_bytes = |_| vec![("X-Hub-Signature-256".to_owned(), signature.to_owned())];
    let said = Wrong::github("bytes", r#"{"note":"hidden-in-the-body"}"#)
        .headers(by_bytes)
        .secret("/wD+Af0C/AM=")
        .explained();
    said.says("mismatch", &["the signature matches once the secret in", "is decoded from base64"]);
}

#[test]
fn a_key_for_the_api_is_no_secret_of_a_webhook() {
    let said = Wrong::stripe("api", COMPACT).secret("sk_live_51HAbCdEfGh").explained();
    said.says("mismatch", &[EITHER, "looks like a key for the provider's API"]);
}

#[test]
fn a_token_that_is_another_or_written_in_another_way() {
    let gitlab = |name| Wrong::new(name, "gitlab", "a token that GitLab has", COMPACT, &[]);
    let said = gitlab("token").secret("another token, guessed").explained();
    said.says(
        "mismatch",
        &[
            "what the request shows is not the secret",
            "X-Gitlab-Token (the secret itself): a text of 23 characters",
            "the secret is not the one that was sent",
        ],
    );
    said.does_not_say("body");
    let said = gitlab("token-quoted").secret("'a token that GitLab has'").explained();
    said.says("mismatch", &["loses the quotation marks around it"]);
    let said = gitlab("token-base64").secret("YSB0b2tlbiB0aGF0IEdpdExhYiBoYXM=").explained();
    said.says("mismatch", &["is decoded from base64"]);
}
