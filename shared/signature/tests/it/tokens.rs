//! Refusals of tokens whose claims bind the request.

use hookdock_signature::{Provider, Rejection};

use crate::code_modules::check_header;
use crate::rows::{MISMATCH, malformed, unknown};
use crate::support::{case, check, definition};

const TOKENS: [(&str, &str); 9] = [
    ("netlify-gen-1", "X-Webhook-Signature"),
    ("livekit-gen-1", "Authorization"),
    ("vonage-gen-1", "Authorization"),
    ("qstash-gen-1", "Upstash-Signature"),
    ("messagebird-1", "MessageBird-Signature-JWT"),
    ("messagebird-gen-1", "MessageBird-Signature-JWT"),
    ("monday-gen-1", "Authorization"),
    ("jira-connect-gen-1", "Authorization"),
    ("fusionauth-gen-1", "X-FusionAuth-Signature-JWT"),
];

#[test]
fn tokens() {
    for (id, header) in TOKENS {
        check_header(id, header);
    }
}

#[test]
fn a_token_with_a_digest_of_the_body_binds_it() {
    for (id, _) in TOKENS {
        let mut case = case(id);
        case.body.push(b' ');
        let bound = !["monday-gen-1", "jira-connect-gen-1"].contains(&id);
        check(id, &case, &if bound { MISMATCH } else { Ok("s0") });
        case.body.clear();
        check(id, &case, &if bound { MISMATCH } else { Ok("s0") });
    }
}

#[test]
fn a_token_that_names_the_url_binds_it() {
    for id in ["qstash-gen-1", "messagebird-gen-1", "monday-gen-1", "jira-connect-gen-1"] {
        let mut case = case(id);
        case.url = case.url.replace("=1", "=2");
        check(id, &case, &MISMATCH);
    }
}

#[test]
fn a_token_for_another_account_is_refused() {
    for (id, setting) in [("livekit-gen-1", "api_key"), ("jira-connect-gen-1", "client_key")] {
        let mut case = case(id);
        case.provider = case.provider.configure(setting, "other").unwrap();
        check(id, &case, &MISMATCH);
    }
}

#[test]
fn a_token_ends_and_begins() {
    let rows = [
        // exp, which is the first instant that does not count, and nbf.
        ("qstash-gen-1", 300, -5, 5),
        ("monday-gen-1", 300, i64::MIN, 0),
        ("messagebird-gen-1", 55, -5, 5),
        ("jira-connect-gen-1", 175, i64::MIN, 0),
    ];
    for (id, end, start, leeway) in rows {
        let at = |seconds: i64| {
            let mut case = case(id);
            case.now_ms += seconds * 1000;
            case
        };
        check(id, &at(end + leeway - 1), &Ok("s0"));
        let skew_seconds = u64::try_from(leeway).unwrap();
        check(id, &at(end + leeway), &Err(Rejection::Stale { skew_seconds }));
        if start > i64::MIN {
            check(id, &at(start - leeway), &Ok("s0"));
            let skew_seconds = skew_seconds + 1;
            let early = Err(Rejection::FromTheFuture { skew_seconds });
            check(id, &at(start - leeway - 1), &early);
        }
    }
}

#[test]
fn a_token_cannot_choose_how_it_is_checked() {
    const HEADER: &str = "X-Webhook-Signature";
    // {"alg":"none"}, {"alg":"RS256"}, {"alg":"HS512"} and {"alg":"HS256","crit":["x"]}.
    let heads = [
        ("eyJhbGciOiJub25lIn0", unknown(HEADER)),
        ("eyJhbGciOiJSUzI1NiJ9", unknown(HEADER)),
        ("eyJhbGciOiJIUzUxMiJ9", malformed(HEADER)),
        ("eyJhbGciOiJIUzI1NiIsImNyaXQiOlsieCJdfQ", malformed(HEADER)),
        ("e30", malformed(HEADER)),
        ("", malformed(HEADER)),
    ];
    for (head, expected) in heads {
        let mut case = case("netlify-gen-1");
        let token = case.header(HEADER).to_owned();
        let (_, rest) = token.split_once('.').unwrap();
        case.set(HEADER, &format!("{head}.{rest}"));
        check(head, &case, &expected);
    }
    let mut case = case("netlify-gen-1");
    let token = case.header(HEADER).to_owned();
    let (signed, _) = token.rsplit_once('.').unwrap();
    case.set(HEADER, &format!("{signed}."));
    check("no signature", &case, &malformed(HEADER));
    case.set(HEADER, signed);
    check("two parts", &case, &malformed(HEADER));
}

#[test]
fn an_algorithm_that_the_provider_does_not_use_is_unknown() {
    const HEADER: &str = "X-FusionAuth-Signature-JWT";
    let token = case("fusionauth-gen-1").header(HEADER).to_owned();
    let mut case = case("netlify-gen-1");
    case.set("X-Webhook-Signature", &token);
    check("HS512", &case, &unknown("X-Webhook-Signature"));
}

#[test]
fn a_definition_of_a_token_is_checked() {
    let good = "header = \"A\"\nalgorithms = [\"HS256\"]\n";
    let parse = |jwt: &str| {
        let text = definition(&format!("[scheme]\nkind = \"jwt\"\n[scheme.jwt]\n{jwt}"));
        Provider::from_toml(&text).map_err(|error| error.to_string())
    };
    assert!(parse(good).is_ok());
    let rows = [
        ("header = \"A\"\nalgorithms = []", "scheme.jwt.algorithms: none is named"),
        ("header = \"A\"\nalgorithms = [\"RS256\"]", "public_key or keys"),
        ("header = \"A\"\nalgorithms = [\"HS256\", \"RS256\"]", "and not both"),
        ("header = \"A\"\nalgorithms = [\"none\"]", "none"),
        ("algorithms = [\"HS256\"]", "header"),
        (&format!("{good}leeway = 5"), "leeway"),
        (&format!("{good}body_hash = {{ claim = \"a\" }}"), "encoding"),
        (&format!("{good}issuer = \"{{config:key}}\""), "config.key: used, not declared"),
    ];
    for (jwt, expected) in rows {
        let error = parse(jwt).err().unwrap_or_else(|| panic!("{jwt}"));
        assert!(error.contains(expected), "{jwt}: {error}");
    }
}
