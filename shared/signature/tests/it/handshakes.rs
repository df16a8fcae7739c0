//! Handshakes as data, and as what a request is answered with. Each provider's own exchange is
//! played over HTTP in the workspace's tests.

use hookdock_signature::{
    EpochMillis, Exchange, Headers, Provider, RefusedHandshake, Request, Secret, catalog,
    handshake, sign, verify,
};

use crate::support::definition;

const HMAC: &str = r#"
    [scheme]
    kind = "hmac"
    digest = "sha256"
    encoding = "hex"
    message = "{body}"
    signature = { from = "header", name = "X-Signature" }
"#;

fn with(handshake: &str) -> String {
    definition(&format!("{HMAC}\n[[handshakes]]\n{handshake}"))
}

fn get(provider: &Provider, url: &str) -> Result<Option<Exchange>, RefusedHandshake> {
    let secret = Secret::new("s0", "k").unwrap();
    let request = Request { method: "GET", url, headers: &Headers::default(), body: b"" };
    handshake(provider, &[secret], &request, None)
}

#[test]
fn a_handshake_that_makes_no_sense_is_refused_by_name() {
    const ECHO: &str = r#"kind = "echo"
        method = "GET"
        challenge = { at = "query:c", characters = "plain", max_length = 9 }
        answer = { text = "{challenge}" }"#;
    const KEYED: &str = r#"kind = "keyed-response"
        method = "GET"
        challenge = { at = "query:c", characters = "token", max_length = 9 }
        answer = { text = "{digest}" }"#;
    let rows = [
        (ECHO, "challenge = {", "[unknown]\nx = {", "does not parse"),
        (ECHO, "max_length = 9", "max_length = 9, most = 1", "does not parse"),
        (ECHO, "\"plain\"", "\"any\"", "does not parse"),
        (ECHO, "\"GET\"", "\"PUT\"", "method: goes with events only"),
        (ECHO, "query:c", "cookie:c", "challenge.at: \"cookie:c\" names no place"),
        (ECHO, "max_length = 9", "max_length = 1025", "challenge: no such length"),
        (ECHO, "max_length = 9", "max_length = 9, min_length = 0", "challenge: no such length"),
        (ECHO, "max_length = 9", "max_length = 9, min_length = 10", "challenge: no such length"),
        (ECHO, "{challenge}", "hello", "answer: without {challenge}"),
        (ECHO, "{challenge}", "{challenge}{digest}", "answer: nothing makes a {digest}"),
        (ECHO, "{challenge}", "{chalenge}", "answer: {chalenge} is not a placeholder"),
        (ECHO, "{challenge}", "{challenge}{config:x}", "config.x: used, not declared"),
        (ECHO, "text = ", "status = 404, text = ", "answer: not the status of a success"),
        (ECHO, "text = ", "json = { a = 1 }, text = ", "answer: text or json, not both"),
        (
            ECHO,
            "method = \"GET\"",
            "method = \"GET\"\nsigned = true",
            "signed: only a POST is signed",
        ),
        (
            ECHO,
            "method = \"GET\"",
            "method = \"GET\"\nhash = \"x\"",
            "hash: goes with keyed-response only",
        ),
        (ECHO, "\"echo\"", "\"probe\"", "kind: a probe has no challenge"),
        (ECHO, "\"echo\"", "\"capture-secret\"", "id: "),
        (KEYED, "\"token\"", "\"plain\"", "challenge: too free for what is answered under a key"),
        (KEYED, "max_length = 9", "max_length = 129", "challenge: too free"),
        (KEYED, "{digest}", "{challenge}", "answer: without {digest}"),
    ];
    for (text, from, to, expected) in rows {
        assert!(text.contains(from), "{from}");
        let outcome = Provider::from_toml(&with(&text.replace(from, to)));
        let said = outcome
            .map_or_else(|error| error.to_string(), |provider| format!("id: {}", provider.id()));
        assert!(said.contains(expected), "{said} for {to}");
    }
    for (text, expected) in [
        ("kind = \"probe\"\nmethod = \"POST\"", "when: every event would be taken for this"),
        ("kind = \"echo\"\nmethod = \"GET\"", "challenge: missing"),
        (
            "kind = \"probe\"\nmethod = \"GET\"\nwhen = [{ at = \"query:a\" }]",
            "when: is or state, and one of them only",
        ),
        (
            "kind = \"probe\"\nmethod = \"GET\"\ncheck = { at = \"query:a\", setting = \"a\", otherwise = 200 }",
            "check.otherwise: not the status of a refusal",
        ),
    ] {
        let error = Provider::from_toml(&with(text)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_response_under_a_key_needs_a_scheme_with_a_mac() {
    let okta = catalog::text("okta").unwrap();
    let keyed = "[[handshakes]]\nkind = \"keyed-response\"\nmethod = \"GET\"\n\
        challenge = { at = \"query:c\", characters = \"token\", max_length = 9 }\n\
        answer = { text = \"{digest}\" }\n[delivery]";
    let error = Provider::from_toml(&okta.replace("[delivery]", keyed)).unwrap_err();
    assert!(error.to_string().contains("the main scheme has no MAC to answer with"), "{error}");
}

#[test]
fn a_setting_that_events_need_cannot_be_optional() {
    let okta = catalog::text("okta").unwrap();
    let optional = okta.replace("default = \"Authorization\"", "optional = true");
    assert_ne!(optional, okta);
    let error = Provider::from_toml(&optional).unwrap_err();
    assert_eq!(error.to_string(), "config.header: needed to verify");
}

/// eBay: "Marketplace user account deletion", the hash over challenge, verification token and
/// endpoint. The digest is Python's.
#[test]
fn a_hash_of_challenge_token_and_url_is_answered() {
    let text = with(
        r#"kind = "keyed-response"
        method = "GET"
        challenge = { at = "query:challenge_code", characters = "token", max_length = 128 }
        hash = "{challenge}{config:verification_token}{url}"
        answer = { json = { challengeResponse = "{digest}" } }
        [config.verification_token]
        description = "The token you entered."
        optional = true"#,
    );
    let provider = Provider::from_toml(&text).unwrap();
    let url = "https://hooks.example/webhooks/ebay\
        ?challenge_code=a8628072-3d33-45ee-9004-bee86830a22d";
    let refused = get(&provider, url).unwrap_err();
    assert_eq!(refused.reason.code(), "handshake_not_set");
    let token = "71745723-d031-455c-bfa5-f90d11b4f20a";
    let provider = provider.configure("verification_token", token).unwrap();
    let exchange = get(&provider, url).unwrap().unwrap();
    let digest = "bc366e42837cec0f7f1f1018707ef5a03652eb4e4d4b198e84d1b14627cc8fcd";
    assert_eq!(exchange.answer.body, format!(r#"{{"challengeResponse":"{digest}"}}"#));
    assert!(!format!("{provider:?}").contains(token), "a token is not printed");
}

#[test]
fn the_secret_that_verified_also_answers() {
    let zoom = catalog::find("zoom").unwrap();
    let [old, new] = ["old", "new"].map(|id| Secret::new(id, id).unwrap());
    let now = EpochMillis::new(1_800_000_000_000);
    let body = br#"{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}"#;
    let draft = Request {
        method: "POST",
        url: "https://hooks.example/zoom",
        headers: &Headers::default(),
        body,
    };
    let headers = Headers::from_iter(sign(&zoom, &new, &draft, now).unwrap());
    let request = Request { headers: &headers, ..draft };
    let secrets = [old, new];
    let proof = verify(&zoom, &secrets, &request, now).unwrap();
    let exchange = handshake(&zoom, &secrets, &request, Some(&proof)).unwrap().unwrap();
    // HMAC-SHA256 of abc under new
    let digest = "54a818bc60e785d356919b452b6aae5260e5b8744ec48ab82034e834ff6def9d";
    assert!(exchange.answer.body.contains(digest), "{}", exchange.answer.body);
    assert!(handshake(&zoom, &secrets, &request, None).unwrap().is_none(), "unsigned it is none");
}

#[test]
fn a_captured_secret_is_handed_on_and_never_printed() {
    let asana = catalog::find("asana").unwrap();
    let headers = Headers::from_iter([("X-Hook-Secret", "b537207f20cbfa02357cf448134da559")]);
    let url = "https://hooks.example/asana";
    let request = Request { method: "POST", url, headers: &headers, body: b"" };
    let exchange = handshake(&asana, &[], &request, None).unwrap().unwrap();
    let secret = exchange.secret.unwrap();
    assert_eq!((secret.id(), secret.expose()), ("captured", "b537207f20cbfa02357cf448134da559"));
    assert!(!format!("{secret:?}").contains("b537"), "{secret:?}");
}
