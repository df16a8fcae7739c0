//! Refusals of providers that state a time.

use hookdock_signature::Rejection;

use crate::rows::{MISMATCH, again, check_all, cut, malformed, missing, repeated, swap, unknown};
use crate::support::{case, check};

const STRIPE: &str = "Stripe-Signature";

#[test]
fn stripe() {
    let field = || "t".to_owned();
    check_all(vec![
        ("as sent", "stripe-gen-1", |_| {}, Ok("s0")),
        ("body", "stripe-gen-1", |case| case.body[5] ^= 1, MISMATCH),
        ("secret", "stripe-gen-1", |case| case.secrets[0].push('x'), MISMATCH),
        (
            "no prefix in the secret",
            "stripe-gen-1",
            |case| drop(case.secrets[0].drain(..6)),
            MISMATCH,
        ),
        ("missing", "stripe-gen-1", |case| case.remove(STRIPE), missing(STRIPE)),
        ("empty", "stripe-gen-1", |case| case.set(STRIPE, ""), malformed(STRIPE)),
        ("twice", "stripe-gen-1", |case| again(case, STRIPE), repeated(STRIPE)),
        ("no grammar", "stripe-gen-1", |case| case.set(STRIPE, "hello"), malformed(STRIPE)),
        ("only a time", "stripe-gen-1", |case| case.set(STRIPE, "t=1795302439"), malformed(STRIPE)),
        ("only v0", "stripe-gen-1", |case| swap(case, STRIPE, "v1=", "v0="), unknown(STRIPE)),
        ("another time", "stripe-gen-1", |case| swap(case, STRIPE, "2439", "2438"), MISMATCH),
        (
            "no time",
            "stripe-gen-1",
            |case| swap(case, STRIPE, "t=1795302439,", ""),
            Err(Rejection::MissingField { name: field() }),
        ),
        (
            "empty time",
            "stripe-gen-1",
            |case| swap(case, STRIPE, "1795302439", ""),
            Err(Rejection::MissingField { name: field() }),
        ),
        (
            "two times",
            "stripe-gen-1",
            |case| swap(case, STRIPE, "t=", "t=1795302439,t="),
            Err(Rejection::RepeatedField { name: field() }),
        ),
        ("a byte short", "stripe-gen-1", |case| cut(case, STRIPE, 0, 2), malformed(STRIPE)),
    ]);
}

#[test]
fn a_malformed_time_is_refused() {
    for text in ["-1795302439", "+1795302439", "1795302439.0", "0x6b", "99999999999999999999", "²"]
    {
        let mut case = case("stripe-gen-1");
        swap(&mut case, STRIPE, "1795302439", text);
        check(text, &case, &Err(Rejection::MalformedTimestamp));
    }
}

#[test]
fn stripe_items_have_blanks_and_strangers_between_them() {
    check_all(vec![
        ("blanks", "stripe-gen-1", |case| swap(case, STRIPE, ",v1=", " , v1 = "), Ok("s0")),
        (
            "another order",
            "stripe-gen-1",
            |case| {
                let value = case.header(STRIPE).to_owned();
                let (time, signature) = value.split_once(',').unwrap();
                case.set(STRIPE, &format!("{signature},{time}"));
            },
            Ok("s0"),
        ),
        (
            "strangers",
            "stripe-gen-1",
            |case| swap(case, STRIPE, ",v1", ",,x,y=z,v2=00,v1"),
            Ok("s0"),
        ),
        ("a wrong one before", "stripe-gen-2", |_| {}, Ok("s0")),
        (
            "the newer secret",
            "stripe-gen-2",
            |case| case.secrets = vec!["x".to_owned(), "whsec_hookdock_test_new".to_owned()],
            Ok("s1"),
        ),
        (
            "both secrets",
            "stripe-gen-2",
            |case| case.secrets.push("whsec_hookdock_test_new".to_owned()),
            Ok("s0"),
        ),
        // Made with this secret, but under a name that does not count.
        (
            "the v0 item's secret",
            "stripe-gen-2",
            |case| case.secrets = vec!["whsec_other".to_owned()],
            MISMATCH,
        ),
    ]);
}

#[test]
fn the_window_ends_on_both_sides() {
    let stale = |skew_seconds| Err(Rejection::Stale { skew_seconds });
    let early = |skew_seconds| Err(Rejection::FromTheFuture { skew_seconds });
    for (id, stated_ms) in
        [("stripe-gen-1", 1_795_302_439_000), ("standard-webhooks-1", 1_614_265_330_000)]
    {
        let rows = [
            (300_000, Ok("s0")),
            // The sender's clock shows whole seconds, so ours does too.
            (300_999, Ok("s0")),
            (301_000, stale(301)),
            (86_400_000, stale(86_400)),
            (-300_000, Ok("s0")),
            (-300_001, early(301)),
            (-301_000, early(301)),
        ];
        for (offset, expected) in rows {
            let mut case = case(id);
            case.now_ms = stated_ms + offset;
            check(&format!("{id} {offset}"), &case, &expected);
        }
    }
}

#[test]
fn a_time_in_the_body_is_limited_too() {
    for id in ["mailgun-gen-1", "mailgun-form-gen-1"] {
        let mut case = case(id);
        case.now_ms += 30_600_000;
        check(id, &case, &Ok("s0"));
        case.now_ms += 1_000;
        check(id, &case, &Err(Rejection::Stale { skew_seconds: 30_601 }));
        case.now_ms -= 61_202_000;
        check(id, &case, &Err(Rejection::FromTheFuture { skew_seconds: 30_601 }));
    }
}

#[test]
fn the_window_is_the_operators_to_set() {
    let mut case = case("stripe-gen-1");
    case.provider = case.provider.with_tolerance_seconds(10);
    case.now_ms += 10_000;
    check("at the limit", &case, &Ok("s0"));
    assert_eq!(case.verify().unwrap().tolerance_seconds(), Some(10));
    case.now_ms += 1_000;
    check("beyond", &case, &Err(Rejection::Stale { skew_seconds: 11 }));
}

#[test]
fn the_ends_of_time_are_refused() {
    let mut case = case("stripe-gen-1");
    case.now_ms = i64::MAX;
    assert!(matches!(case.verify(), Err(Rejection::Stale { .. })));
    case.now_ms = i64::MIN;
    assert!(matches!(case.verify(), Err(Rejection::FromTheFuture { .. })));
}

#[test]
fn a_stale_forgery_is_a_forgery() {
    let mut case = case("stripe-gen-1");
    case.now_ms += 86_400_000;
    case.body.push(b' ');
    check("both wrong", &case, &MISMATCH);
}

#[test]
fn standard_webhooks() {
    const ID: &str = "webhook-id";
    const TIME: &str = "webhook-timestamp";
    const SIGNATURE: &str = "webhook-signature";
    let good = "standard-webhooks-1";
    check_all(vec![
        ("as sent", good, |_| {}, Ok("s0")),
        ("body", good, |case| case.body[1] = b'\'', MISMATCH),
        ("id", good, |case| case.set(ID, "msg_p5jXN8AQM9LWM0D4loKWxJel"), MISMATCH),
        ("time", good, |case| case.set(TIME, "1614265331"), MISMATCH),
        ("time with a zero before", good, |case| case.set(TIME, "01614265330"), MISMATCH),
        (
            "malformed time",
            good,
            |case| case.set(TIME, "1614265330s"),
            Err(Rejection::MalformedTimestamp),
        ),
        ("secret", good, |case| case.secrets = vec!["whsec_AAAA".to_owned()], MISMATCH),
        ("secret without its prefix", good, |case| drop(case.secrets[0].drain(..6)), Ok("s0")),
        ("secret with blanks", good, |case| case.secrets[0].insert(0, '\n'), Ok("s0")),
        ("no id", good, |case| case.remove(ID), missing(ID)),
        ("no time", good, |case| case.remove(TIME), missing(TIME)),
        ("no signature", good, |case| case.remove(SIGNATURE), missing(SIGNATURE)),
        ("empty id", good, |case| case.set(ID, ""), malformed(ID)),
        ("empty time", good, |case| case.set(TIME, ""), malformed(TIME)),
        ("empty signature", good, |case| case.set(SIGNATURE, ""), malformed(SIGNATURE)),
        ("two ids", good, |case| again(case, ID), repeated(ID)),
        ("two times", good, |case| again(case, TIME), repeated(TIME)),
        ("two signatures", good, |case| again(case, SIGNATURE), repeated(SIGNATURE)),
        ("a dot in the id", good, |case| case.set(ID, "msg.1"), malformed(ID)),
        ("only v1a", good, |case| swap(case, SIGNATURE, "v1,", "v1a,"), unknown(SIGNATURE)),
        ("only v2", good, |case| swap(case, SIGNATURE, "v1,", "v2,"), unknown(SIGNATURE)),
        ("v1 with nothing", good, |case| case.set(SIGNATURE, "v1,"), malformed(SIGNATURE)),
        ("no tag", good, |case| cut(case, SIGNATURE, 3, 0), malformed(SIGNATURE)),
        ("truncated", good, |case| cut(case, SIGNATURE, 0, 4), malformed(SIGNATURE)),
        ("without padding", good, |case| cut(case, SIGNATURE, 0, 1), Ok("s0")),
        (
            "others around it",
            good,
            |case| {
                let value = format!("v1,AAAA v1a,xx v2,yy {}  v1,", case.header(SIGNATURE));
                case.set(SIGNATURE, &value);
            },
            Ok("s0"),
        ),
    ]);
}
