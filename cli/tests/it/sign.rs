//! `hookdock sign`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{file, folder, hookdock, json, run, stderr, stdout};

const BODY: &str = r#"{"id": "evt_1", "note": "it's caf\u00e9"}"#;

/// Provider, secret and a header that is signed beside the body.
const SIGNED_BY_A_SHARED_SECRET: [(&str, &str, &str); 4] = [
    ("github", "It's a Secret to Everybody", "X-GitHub-Event: push"),
    ("stripe", "whsec_hookdock_test", "X-Other: a"),
    ("shopify", "hush", "X-Shopify-Topic: orders/create"),
    ("standard-webhooks", "whsec_aG9va2RvY2sgZGVtbyBzZWNyZXQgMDE=", "webhook-id: msg_1"),
];

fn sign(folder: &Path, provider: &str, secret: &str, more: &[&str]) -> std::process::Output {
    let secret = file(folder, "secret.txt", secret);
    let arguments = ["sign", "--provider", provider, "--secret-file", &secret];
    run(&[&arguments[..], more].concat())
}

#[test]
fn what_is_signed_verifies() {
    let folder = folder("sign-verify");
    let body = file(&folder, "body.json", BODY);
    for (provider, secret, header) in SIGNED_BY_A_SHARED_SECRET {
        let line = format!("{secret}\n");
        let signed =
            sign(&folder, provider, &line, &["--body", &body, "--header", header, "--json"]);
        let request = file(&folder, "request.json", &signed.stdout);
        let secret = folder.join("secret.txt");
        let verified = hookdock()
            .args(["verify", "--provider", provider, "--request", &request, "--secret-file"])
            .arg(secret)
            .output()
            .expect("cargo built it");
        assert!(stdout(&verified).starts_with(&format!("valid: {provider}")), "{verified:?}");
        assert_eq!(verified.status.code(), Some(0));
    }
}

#[test]
fn the_headers_are_those_of_the_provider() {
    let folder = folder("sign-headers");
    let body = file(&folder, "body.json", "Hello, World!");
    // The example of GitHub's documentation.
    let signed = sign(&folder, "github", "It's a Secret to Everybody\n", &["--body", &body]);
    assert_eq!(
        stdout(&signed),
        "X-Hub-Signature-256: \
         sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\n"
    );
    let at = ["--body", &body, "--at", "1700000000"];
    let signed = stdout(&sign(&folder, "stripe", "whsec_test", &at));
    assert!(signed.starts_with("Stripe-Signature: t=1700000000,v1="), "{signed}");
}

#[test]
fn json_is_the_request_that_verify_reads() {
    let folder = folder("sign-json");
    let body = file(&folder, "body.bin", b"\xff\x00");
    let url = "https://hooks.example/x";
    let more = ["--body", &body, "--url", url, "--header", "X-Topic: a: b", "--json"];
    let request = json(&sign(&folder, "github", "secret", &more));
    assert_eq!(request["method"], "POST");
    assert_eq!(request["url"], url);
    assert_eq!(request["body_base64"], "/wA=");
    assert_eq!(request["headers"][0], serde_json::json!(["X-Topic", "a: b"]));
    assert_eq!(request["headers"][1][0], "X-Hub-Signature-256");
    assert!(request.get("body").is_none());
}

#[test]
fn a_shell_runs_the_curl_line_as_it_is_meant() {
    let folder = folder("sign curl's $(echo folder)");
    let body = file(&folder, "body file.json", BODY);
    let header = "X-Note: it's `echo` $HOME \"quoted\"";
    let more =
        ["--body", &body, "--url", "http://h.example/a?b=c&d=[1]", "--header", header, "--curl"];
    let line = stdout(&sign(&folder, "github", "secret", &more));
    // A function of the shell stands in for curl and shows what it is called with.
    let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{line}");
    let shell = Command::new("sh").args(["-c", &script]).output().expect("a shell");
    let words = stdout(&shell);
    let words: Vec<&str> = words.lines().collect();
    assert_eq!(
        words[..5],
        ["--globoff", "--url", "http://h.example/a?b=c&d=[1]", "--header", header]
    );
    assert!(words[6].starts_with("X-Hub-Signature-256: sha256="), "{words:?}");
    assert_eq!(words[7..9], ["--header", "Content-Type: application/json"]);
    assert_eq!(words[9..], ["--data-binary", &*format!("@{body}")]);
}

#[test]
fn the_body_may_come_from_standard_input() {
    let folder = folder("sign-stdin");
    let secret = file(&folder, "secret.txt", "It's a Secret to Everybody");
    let mut child = hookdock()
        .args(["sign", "--provider", "github", "--body", "-", "--secret-file", &secret])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cargo built it");
    let mut stdin = child.stdin.take().expect("piped");
    std::io::Write::write_all(&mut stdin, b"Hello, World!").expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert!(stdout(&output).contains("757107ea0eb2509f"), "{output:?}");
}

#[test]
fn what_cannot_be_signed_is_explained_with_the_next_step() {
    let folder = folder("sign-errors");
    let header = "X-A";
    for (provider, secret, more, said) in [
        ("discord", "key", &[][..], "only Discord has the key that signs"),
        ("standard-webhooks", "whsec_YQ==", &[], "add --header 'webhook-id: VALUE'"),
        (
            "standard-webhooks",
            "whsec_!",
            &["--header", "webhook-id: a"],
            "the provider's secrets are",
        ),
        (
            "strip",
            "s",
            &[],
            "provider \"strip\" is not in the catalogue; did you mean stripe? `hookdock providers`",
        ),
        ("github", " \n", &[], "secret.txt is empty; put the secret in it"),
        ("github", "s", &["--header", header], "is not of the form 'Name: value'"),
        ("github", "s", &["--header", "a b: c"], "cannot be a header's name"),
        ("github", "s", &["--setting", "x=y"], "the settings of github are: none"),
        ("github", "s", &["--body", "/nowhere"], "failed to read /nowhere"),
    ] {
        let output = sign(&folder, provider, secret, more);
        assert!(stderr(&output).contains(said), "{said} in {}", stderr(&output));
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_secret_cannot_be_an_argument() {
    let output = run(&["sign", "--provider", "github", "--secret", "s"]);
    assert_eq!(output.status.code(), Some(2));
}

/// The public key that was said, for a file.
fn said_key(output: &std::process::Output) -> String {
    let said = stderr(output);
    said.split_once("configure:\n").expect("a public key").1.trim().to_owned()
}

#[test]
fn a_key_pair_is_made_once_and_signs_for_its_public_key() {
    let folder = folder("sign-key-pair");
    let body = file(&folder, "body.json", BODY);
    let mut count = 0;
    for id in hookdock_signature::catalog::ids() {
        let provider = hookdock_signature::catalog::find(id).expect("listed");
        if provider.scheme().public_key_text(&[]).is_none() {
            continue;
        }
        let key = folder.join(format!("{id}.pem"));
        let key = key.to_str().expect("UTF-8");
        let arguments = ["sign", "--provider", id, "--private-key", key, "--body", &body, "--json"];
        let arguments = [&arguments[..], &["--header", "webhook-id: msg_1"]].concat();
        let first = run(&arguments);
        assert!(stderr(&first).contains("made a private key"), "{}", stderr(&first));
        let again = run(&arguments);
        assert!(!stderr(&again).contains("made a private key"), "{}", stderr(&again));
        assert_eq!(said_key(&first), said_key(&again), "{id}");
        for output in [&first, &again] {
            let secret = file(&folder, "public.txt", said_key(output));
            let request = file(&folder, "request.json", &output.stdout);
            let verify = ["verify", "--provider", id, "--secret-file", &secret];
            let verified = run(&[&verify[..], &["--request", &request]].concat());
            assert_eq!(verified.status.code(), Some(0), "{id}: {verified:?}");
            let mut other = json(output);
            other["body"] = "another".into();
            let request = file(&folder, "request.json", other.to_string());
            let refused = run(&[&verify[..], &["--request", &request]].concat());
            assert_eq!(refused.status.code(), Some(4), "{id}: {refused:?}");
        }
        count += 1;
    }
    assert!(count >= 7, "{count}");
}

#[test]
fn a_private_key_is_nobody_elses_and_is_never_printed() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder("sign-private");
    let key = folder.join("key.pem");
    let path = key.to_str().expect("UTF-8");
    let output = run(&["sign", "--provider", "discord", "--private-key", path]);
    let mode = std::fs::metadata(&key).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&key).expect("PEM");
    let secret = text.lines().nth(1).expect("a line");
    assert!(!stdout(&output).contains(secret) && !stderr(&output).contains(secret));

    let other = run(&["sign", "--provider", "wise", "--private-key", path]);
    assert!(stderr(&other).contains("not one for rsa-pkcs1v15-sha256"), "{}", stderr(&other));
    let shared = run(&["sign", "--provider", "github", "--private-key", path]);
    assert!(stderr(&shared).contains("does not sign with a key pair"), "{}", stderr(&shared));
    let broken =
        file(&folder, "broken.pem", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----");
    let refused = run(&["sign", "--provider", "discord", "--private-key", &broken]);
    assert!(stderr(&refused).contains("is not whole"), "{}", stderr(&refused));
}
