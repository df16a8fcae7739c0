//! Definitions that mean nothing are refused, and the message names the key.

use hookdock_signature::{DefinitionError, Provider, catalog};

use crate::schemes::scheme;
use crate::support::{definition, provider};

const HMAC: &str = r#"
    [scheme]
    kind = "hmac"
    digest = "sha256"
    encoding = "hex"
    message = "{body}"
    [scheme.signature]
    from = "header"
    name = "S"
"#;

#[track_caller]
fn refused(scheme: &str, expected: &str) {
    let error = Provider::from_toml(&definition(scheme)).unwrap_err();
    assert!(matches!(error, DefinitionError::Field { .. }), "{error}");
    assert_eq!(error.to_string(), expected);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn keys_that_contradict_each_other_are_refused() {
    let rows = [
        ("encoding = \"hex\"", "", "scheme.encoding: missing"),
        ("digest = \"sha256\"", "", "scheme.digest: missing"),
        ("kind = \"hmac\"", "", "scheme.kind: missing"),
        ("name = \"S\"", "", "scheme.signature.name: missing"),
        ("name = \"S\"", "name = \"\"", "scheme.signature.name: empty"),
        ("{body}", "", "scheme.message: nothing of the request is signed"),
        ("{body}", "v0:", "scheme.message: nothing of the request is signed"),
        ("{body}", "{bodi}", "scheme.message: {bodi} is not a placeholder"),
        ("{body}", "{header:}", "scheme.message: {header:} is not a placeholder"),
        ("{body}", "{body", "scheme.message: a { is not closed"),
        ("{body}", "body}{body}", "scheme.message: a } has no {"),
        ("{body}", "{json:a[}", "scheme.message: \"a[\" is not a JSON path"),
        ("{body}", "{json:a[].b}", "scheme.message: [] stands for many values, one is needed"),
        ("{body}", "{ts}.{body}", "scheme.message: {ts} needs a timestamp"),
        ("{body}", "{config:k}{body}", "config.k: used, not declared"),
        ("name = \"S\"", "name = \"{config:h}\"", "config.h: used, not declared"),
        (
            "{body}",
            "{secret}{body}",
            "scheme.message: {secret} goes with construction = \"hash\", and only there",
        ),
        (
            "kind = \"hmac\"",
            "kind = \"hmac\"\nconstruction = \"hash\"",
            "scheme.message: {secret} goes with construction = \"hash\", and only there",
        ),
        ("kind = \"hmac\"", "kind = \"token\"", "scheme.digest: means nothing for this kind"),
        ("kind = \"hmac\"", "kind = \"token\"", "scheme.digest: means nothing for this kind"),
        (
            "kind = \"hmac\"",
            "kind = \"hmac\"\npublic_key = { format = \"hex\" }",
            "scheme.public_key: means nothing for this kind",
        ),
        (
            "kind = \"hmac\"",
            "kind = \"hmac\"\npadding = \"pss\"",
            "scheme.padding: means nothing for this kind",
        ),
        (
            "name = \"S\"",
            "name = \"S\"\ntag = \"v1\"",
            "scheme.signature.tag: means nothing for this layout",
        ),
        (
            "name = \"S\"",
            "name = \"S\"\nlayout = \"tagged\"\ntag = \"v1\"\nitem_sep = \" \"",
            "scheme.signature.tag_sep: missing",
        ),
        (
            "name = \"S\"",
            "name = \"S\"\nlayout = \"list\"\nitem_sep = \"\"",
            "scheme.signature.item_sep: empty",
        ),
        (
            "name = \"S\"",
            "name = \"S\"\nprefix_optional = true",
            "scheme.signature.prefix_optional: there is no prefix",
        ),
        (
            "name = \"S\"",
            "name = \"S\"\nnumbered_prefix = \"S-\"\nmax = 3",
            "scheme.signature.numbered_prefix: stands instead of name and also",
        ),
        ("name = \"S\"", "numbered_prefix = \"S-\"", "scheme.signature.max: missing"),
        ("name = \"S\"", "numbered_prefix = \"S-\"\nmax = 0", "scheme.signature.max: at least 1"),
        (
            "from = \"header\"",
            "from = \"form\"\nalso = [\"T\"]",
            "scheme.signature.from: only headers come in several",
        ),
    ];
    for (from, to, expected) in rows {
        assert!(HMAC.contains(from), "{from}");
        refused(&HMAC.replace(from, to), expected);
    }
}

#[test]
fn what_is_added_is_checked_too() {
    let rows = [
        (
            "[scheme.timestamp]\nfrom = \"header\"\nname = \"T\"\nunit = \"s\"",
            "scheme.timestamp: not part of the message",
        ),
        (
            "[scheme.timestamp]\nfrom = \"json\"\nname = \"a[].b\"\nunit = \"s\"",
            "scheme.timestamp.name: [] stands for many values, one is needed",
        ),
        ("[event_id]\nfrom = []", "event_id.from: no place is named"),
        ("[event_id]\nfrom = [\"id\"]", "event_id.from: \"id\" names no place"),
        ("[event_type]\nfrom = [\"xml:id\"]", "event_type.from: \"xml:id\" names no place"),
        ("[event_type]\nfrom = [\"header:\"]", "event_type.from: \"header:\" names no place"),
        ("[delivery]\nanswer_within_ms = 0", "delivery.answer_within_ms: no time at all"),
        (
            "[[alternatives]]\nname = \"b\"\nscheme = { message = \"{ts}{body}\" }",
            "alternatives[0].scheme.message: {ts} needs a timestamp",
        ),
        (
            "[[alternatives]]\nname = \"b\"\nscheme = { kind = \"hmac\" }",
            "alternatives[0].scheme.digest: missing",
        ),
        (
            "[[alternatives]]\nname = \"b\"\nwhen = { header = \"V\", equals = \"1\", starts_with = \"1\" }",
            "alternatives[0].when: equals or starts_with, not both",
        ),
    ];
    for (more, expected) in rows {
        refused(&format!("{HMAC}\n{more}"), expected);
    }
}

#[test]
fn public_keys_are_checked_too() {
    let rows = [
        (
            "sendgrid",
            "digest = \"sha256\"",
            "digest = \"sha512\"",
            "scheme.digest: P-256 goes with sha256",
        ),
        ("sendgrid", "curve = \"P-256\"", "", "scheme.curve: missing"),
        (
            "wise",
            "digest = \"sha256\"",
            "digest = \"sha1\"",
            "scheme.digest: sha1 signatures can be forged",
        ),
        ("wise", "padding = \"pkcs1v15\"", "", "scheme.padding: missing"),
        (
            "discord",
            "kind = \"ed25519\"",
            "kind = \"ed25519\"\ndigest = \"sha256\"",
            "scheme.digest: means nothing for this kind",
        ),
        ("discord", "public_key = { format = \"hex\" }", "", "scheme.public_key: missing"),
        ("telnyx", "{ts}|{body}", "{body}", "scheme.timestamp: not part of the message"),
        ("recurly", "#0", "t", "scheme.timestamp.name: the positional layout needs #0 or #1"),
        (
            "slack",
            "from = \"header\", name = \"X-Slack-Request-Timestamp\"",
            "from = \"signature_field\", name = \"t\"",
            "scheme.timestamp.from: this layout has no field for it",
        ),
    ];
    for (name, from, to, expected) in rows {
        assert!(scheme(name).contains(from), "{name} {from}");
        refused(&scheme(name).replace(from, to), expected);
    }
}

#[test]
fn unknown_keys_and_values_are_refused() {
    let rows = [
        HMAC.replace("digest", "digets"),
        HMAC.replace("sha256", "md5"),
        HMAC.replace("\"header\"", "\"cookie\""),
        format!("{HMAC}\n[surprise]\nkey = 1"),
        format!("{HMAC}\n[[handshakes]]\nkind = \"wave\"\nmethod = \"GET\""),
        format!("{HMAC}\n[delivery]\nretry = \"never\""),
        "not TOML".to_owned(),
    ];
    for text in rows {
        let error = Provider::from_toml(&definition(&text)).unwrap_err();
        assert!(matches!(error, DefinitionError::Syntax(_)), "{error}");
    }
}

#[test]
fn ids_are_plain() {
    for id in ["", "Acme", "a/b", "a.b", "ä"] {
        let text = definition(HMAC).replace("\"acme\"", &format!("{id:?}"));
        let error = Provider::from_toml(&text).unwrap_err();
        assert_eq!(error.to_string(), "id: only a-z, 0-9 and - are allowed");
    }
}

#[test]
fn an_alternative_takes_what_it_does_not_name() {
    let provider = provider(&format!(
        "{HMAC}\n[[alternatives]]\nname = \"b\"\n[alternatives.scheme]\ndigest = \"sha512\""
    ));
    let alternative = &provider.alternatives()[0];
    assert_eq!(alternative.name(), "hmac-sha512");
    assert_eq!(alternative.message(), Some("{body}"));
}

#[test]
fn settings_have_defaults_and_strangers_are_refused() {
    let provider = provider(scheme("mailchimp"));
    let settings: Vec<_> = provider.settings().collect();
    assert_eq!((settings[0].0, settings[0].1.value.as_deref()), ("parameter", Some("key")));
    let error = provider.configure("parametre", "x").unwrap_err();
    assert_eq!(error.to_string(), "provider acme has no setting parametre");
}

#[test]
fn headers_that_are_secrets_are_named() {
    let rows = [
        ("gitlab", vec!["X-Gitlab-Token"]),
        ("postmark", vec!["Authorization"]),
        ("slack", vec![]),
    ];
    for (name, expected) in rows {
        assert_eq!(provider(scheme(name)).credential_headers().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_token_is_a_secret_unless_it_binds_the_body() {
    let rows = [
        ("monday", vec!["Authorization"]),
        ("jira-connect", vec!["Authorization"]),
        ("livekit", vec![]),
        ("fusionauth", vec![]),
    ];
    for (id, expected) in rows {
        let provider = catalog::find(id).unwrap();
        assert_eq!(provider.credential_headers().collect::<Vec<_>>(), expected, "{id}");
    }
}

#[test]
fn it_is_known_whether_the_url_is_signed() {
    let signing =
        ["contentful", "hubspot", "jira-connect", "messagebird", "plivo", "square", "twilio"];
    for id in signing {
        assert!(catalog::find(id).unwrap().scheme().signs_url(), "{id}");
    }
    for id in ["adyen", "github", "gitlab", "livekit", "stripe"] {
        assert!(!catalog::find(id).unwrap().scheme().signs_url(), "{id}");
    }
}

#[test]
fn a_time_that_a_module_does_not_sign_is_refused() {
    for module in ["twilio", "contentful"] {
        refused(
            &format!(
                "[scheme]\nkind = \"code\"\nmodule = \"{module}\"\n\
                 [scheme.timestamp]\nfrom = \"header\"\nname = \"Date\"\nunit = \"s\""
            ),
            "scheme.timestamp: not part of the message",
        );
    }
}

#[test]
fn facts_that_are_not_executed_are_kept() {
    let provider = provider(&format!(
        r#"{HMAC}
        [response]
        status = 200
        content_type = "text/plain"
        body = "Hello API Event Received"
        "#
    ));
    assert_eq!(provider.response().unwrap().status, 200);
}
