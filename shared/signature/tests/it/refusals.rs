//! One change to a good delivery, one reason.

use hookdock_signature::{EpochMillis, Headers, Rejection, Request, Secret, catalog, verify};

use crate::rows::{MISMATCH, again, check_all, cut, malformed, missing, repeated, swap, unknown};
use crate::support::{case, check};

const GITHUB: &str = "X-Hub-Signature-256";
const SHOPIFY: &str = "X-Shopify-Hmac-Sha256";
const STRIPE: &str = "Stripe-Signature";

#[test]
fn github() {
    check_all(vec![
        ("as sent", "github-1", |_| {}, Ok("s0")),
        ("first byte", "github-1", |case| case.body[0] = b'h', MISMATCH),
        ("last byte", "github-1", |case| case.body[12] = b'?', MISMATCH),
        ("longer body", "github-1", |case| case.body.push(b'\n'), MISMATCH),
        ("empty body", "github-1", |case| case.body.clear(), MISMATCH),
        ("secret", "github-1", |case| case.secrets[0].push('s'), MISMATCH),
        ("no secret", "github-1", |case| case.secrets.clear(), Err(Rejection::NoSecret)),
        ("missing", "github-1", |case| case.remove(GITHUB), missing(GITHUB)),
        ("empty", "github-1", |case| case.set(GITHUB, ""), malformed(GITHUB)),
        ("blank", "github-1", |case| case.set(GITHUB, " \t"), malformed(GITHUB)),
        ("no digits", "github-1", |case| case.set(GITHUB, "sha256="), malformed(GITHUB)),
        ("not hex", "github-1", |case| case.set(GITHUB, "sha256=zz"), malformed(GITHUB)),
        ("no prefix", "github-1", |case| cut(case, GITHUB, 7, 0), unknown(GITHUB)),
        ("sha1", "github-1", |case| swap(case, GITHUB, "sha256=", "sha1="), unknown(GITHUB)),
        (
            "prefix in capitals",
            "github-1",
            |case| swap(case, GITHUB, "sha", "SHA"),
            unknown(GITHUB),
        ),
        ("half a byte short", "github-1", |case| cut(case, GITHUB, 0, 1), malformed(GITHUB)),
        ("a byte short", "github-1", |case| cut(case, GITHUB, 0, 2), malformed(GITHUB)),
        ("last digit", "github-1", |case| swap(case, GITHUB, "e17", "e18"), MISMATCH),
        ("twice", "github-1", |case| again(case, GITHUB), repeated(GITHUB)),
        (
            "twice, other case",
            "github-1",
            |case| case.add("x-hub-signature-256", "x"),
            repeated(GITHUB),
        ),
        (
            "the older header",
            "github-1",
            |case| case.rename(GITHUB, "X-Hub-Signature"),
            missing(GITHUB),
        ),
    ]);
}

#[test]
fn hex_is_read_in_either_case() {
    check_all(vec![
        (
            "hex in capitals",
            "github-1",
            |case| {
                let digits = case.header(GITHUB).trim_start_matches("sha256=").to_uppercase();
                case.set(GITHUB, &format!("sha256={digits}"));
            },
            Ok("s0"),
        ),
        (
            "name in capitals",
            "github-1",
            |case| case.rename(GITHUB, "X-HUB-SIGNATURE-256"),
            Ok("s0"),
        ),
        (
            "blanks around it",
            "github-1",
            |case| {
                let value = format!(" {} ", case.header(GITHUB));
                case.set(GITHUB, &value);
            },
            Ok("s0"),
        ),
    ]);
}

#[test]
fn shopify() {
    let good = "shopify-1";
    check_all(vec![
        ("as sent", good, |_| {}, Ok("s0")),
        ("body", good, |case| case.body[10] ^= 1, MISMATCH),
        ("secret", good, |case| case.secrets[0].insert(0, 'x'), MISMATCH),
        ("missing", good, |case| case.remove(SHOPIFY), missing(SHOPIFY)),
        ("empty", good, |case| case.set(SHOPIFY, ""), malformed(SHOPIFY)),
        ("twice", good, |case| again(case, SHOPIFY), repeated(SHOPIFY)),
        ("truncated", good, |case| cut(case, SHOPIFY, 0, 4), malformed(SHOPIFY)),
        ("other case of base64", good, |case| swap(case, SHOPIFY, "QNy", "qNy"), MISMATCH),
        (
            "a bit that no encoder sets",
            good,
            |case| swap(case, SHOPIFY, "Gw=", "Gx="),
            malformed(SHOPIFY),
        ),
        ("the newer name", good, |case| case.rename(SHOPIFY, "shopify-hmac-sha256"), Ok("s0")),
        ("both names, one good", good, |case| case.add("shopify-hmac-sha256", "AAAA"), Ok("s0")),
        (
            "both names, one twice",
            good,
            |case| {
                case.set(SHOPIFY, "AAAA");
                case.add("shopify-hmac-sha256", "AAAA");
                case.add("shopify-hmac-sha256", "AAAA");
            },
            repeated("shopify-hmac-sha256"),
        ),
    ]);
}

#[test]
fn json_written_again_is_refused() {
    for id in ["github-gen-1", "stripe-gen-1", "standard-webhooks-1", "shopify-gen-1"] {
        let mut case = case(id);
        let value: serde_json::Value = serde_json::from_slice(&case.body).unwrap();
        case.body = serde_json::to_vec_pretty(&value).unwrap();
        check(id, &case, &MISMATCH);
    }
}

#[test]
fn a_header_full_of_signatures_is_not_looked_at() {
    let mut case = case("stripe-gen-1");
    let wrong = format!("v1={},", "0".repeat(64));
    swap(&mut case, STRIPE, "v1=", &format!("{}v1=", wrong.repeat(31)));
    check("32", &case, &Ok("s0"));
    swap(&mut case, STRIPE, "t=", &format!("{wrong}t="));
    check("33", &case, &Err(Rejection::TooManySignatures { name: STRIPE.to_owned() }));
}

#[test]
fn a_secret_of_nothing_but_blanks_is_none() {
    let error = Secret::new("s1", " \n").unwrap_err();
    assert_eq!(error.to_string(), "secret s1 has no value");
}

#[test]
fn reasons_do_not_tell_what_would_have_been_right() {
    let github = catalog::find("github").unwrap();
    let secret = Secret::new("s1", "It's a Secret to Everybody").unwrap();
    let headers = Headers::from_iter([(GITHUB, format!("sha256={}", "0".repeat(64)))]);
    let request =
        Request { method: "POST", url: "https://e.x/", headers: &headers, body: b"Hello, World!" };
    let now = EpochMillis::new(0);
    let rejection = verify(&github, &[secret], &request, now).unwrap_err();
    assert_eq!(rejection.to_string(), "no signature matches");
    assert_eq!(format!("{rejection:?}"), "Mismatch");
}
