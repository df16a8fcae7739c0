//! `hookdock trigger` and `hookdock explain`, beside a `hookdock dev` that runs.

use std::process::Output;

use crate::beside::{Dev, endpoint};
use crate::support::{file, json, run, stderr, stdout};

/// One with an endpoint of Stripe, two of GitLab and one of a provider that signs with its own key.
fn dev(name: &str) -> Dev {
    let endpoints = [
        endpoint("stripe", "stripe", "whsec_test"),
        endpoint("g1", "gitlab", "hush"),
        endpoint("g2", "gitlab", "hush"),
        endpoint("square", "square", "hush"),
        endpoint("discord", "discord", &"ab".repeat(32)),
    ];
    Dev::serving(name, &endpoints.concat(), &[])
}

fn ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(output), stderr(output));
}

#[test]
fn a_sample_is_signed_by_dev_sent_and_followed_to_its_end() {
    let dev = dev("trigger");
    let args = ["trigger", "stripe", "checkout.session.completed", "--duplicate", "2", "--wait"];
    let output = dev.run(&args);
    ends(&output, 0);
    let said = stdout(&output);
    let sent = format!("sent 2 requests to http://{}/webhooks/stripe: 200 200\n", dev.webhooks);
    assert!(said.starts_with(&sent), "{said}");
    assert!(said.contains("job fulfil_order  ✓ done"), "{said}");
    assert_eq!(stdout(&dev.run(&["list", "-o", "id"])).lines().count(), 1);

    // No job is for it, so it is not done; its signature covers the URL.
    let ignored = dev.run(&["trigger", "square", "payment.created", "--wait=10s"]);
    ends(&ignored, 1);
    assert!(stdout(&ignored).contains("No job runs"), "{}", stdout(&ignored));
}

#[test]
fn the_same_id_is_a_duplicate_and_a_changed_member_a_conflict() {
    let dev = dev("trigger-again");
    let again = ["trigger", "stripe", "checkout.session.completed", "--id", "evt_1", "--wait"];
    ends(&dev.run(&again), 0);
    ends(&dev.run(&again), 0);
    let event = json(&dev.run(&["show", "stripe/evt_1", "-o", "json"]));
    assert_eq!((&event["deliveries"], &event["conflicts"]), (&2.into(), &serde_json::json!([])));
    ends(&dev.run(&[&again[..], &["--set", "/data/object/amount_total=1"]].concat()), 0);
    let event = json(&dev.run(&["show", "stripe/evt_1", "-o", "json"]));
    assert_eq!(event["conflicts"].as_array().map(Vec::len), Some(1));
}

#[test]
fn several_events_are_sent_one_after_the_other() {
    let dev = dev("trigger-count");
    let many = ["trigger", "gitlab", "push", "--endpoint", "g2", "--count", "3", "--every", "0s"];
    let output = dev.run(&many);
    ends(&output, 0);
    assert_eq!(stdout(&output).lines().count(), 3);
    assert_eq!(stdout(&dev.run(&["list", "-o", "id"])).lines().count(), 3);
}

#[test]
fn a_refused_request_is_explained_by_dev_and_no_secret_leaves_it() {
    let dev = dev("explain-refused");
    let nothing = dev.run(&["explain", "last"]);
    ends(&nothing, 3);
    for (flags, code, words) in [
        (&["--bad-signature"][..], "mismatch", "but the signature is not that of this body"),
        (&["--stale", "10m"], "stale", " s ago; 300 s are allowed"),
    ] {
        let sent = dev.run(&[&["trigger", "stripe", "invoice.paid"], flags].concat());
        ends(&sent, 0);
        assert!(stderr(&sent).contains("Next: hookdock explain last"), "{}", stderr(&sent));
        let explained = dev.run(&["explain", "last"]);
        ends(&explained, 0);
        let text = stdout(&explained);
        assert!(text.contains(&format!("answered 401 ({code})")), "{text}");
        assert!(text.contains(words), "{text}");
        let report = json(&dev.run(&["explain", "last", "-o", "json"]));
        assert_eq!(report["report"]["reason"]["code"], code);
        for said in [text, report.to_string()] {
            assert!(!said.contains("whsec_test") && !said.contains("in_"), "{said}");
        }
    }
    let list = stdout(&dev.run(&["explain"]));
    assert!(list.lines().nth(1).is_some_and(|line| line.starts_with("2  ")), "{list}");
    assert!(stdout(&dev.run(&["explain", "1"])).contains("mismatch"));
    ends(&dev.run(&["explain", "9"]), 3);
}

#[tokio::test]
async fn a_request_without_a_signature_to_judge_is_explained_too() {
    let dev = dev("explain-others");
    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{}/webhooks/{path}", dev.webhooks);
    for (request, words) in [
        (client.post(url("nobody")), "the file has these endpoints: discord, g1, g2, square"),
        (client.put(url("stripe")), "the method is none that the provider uses"),
        (client.post(url("stripe")).body("x".repeat(5_000_000)), "the whole request is not kept"),
        (client.post(url("stripe")).body("{}"), "Stripe-Signature"),
    ] {
        let status = request.send().await.expect("an answer").status();
        assert!(status.is_client_error(), "{words}");
        let explained = dev.run(&["explain", "last"]);
        ends(&explained, 0);
        assert!(stdout(&explained).contains(words), "{}", stdout(&explained));
    }
}

#[test]
fn a_sample_is_sent_elsewhere_with_the_secret_of_a_file() {
    let dev = dev("trigger-elsewhere");
    let url = format!("http://{}/webhooks/stripe", dev.webhooks);
    let right = file(&dev.folder, "right.txt", "whsec_test\n");
    let wrong = file(&dev.folder, "wrong.txt", "whsec_other\n");
    let to = |secret: &str, more: &[&str]| {
        let event = ["trigger", "stripe", "checkout.session.completed", "--to", &url];
        dev.run(&[&event, &["--secret-file", secret][..], more].concat())
    };
    let sent = to(&right, &["--wait"]);
    ends(&sent, 0);
    assert!(stdout(&sent).contains("✓ done"), "{}", stdout(&sent));
    ends(&to(&wrong, &[]), 1);
    let printed = json(&to(&right, &["--print"]));
    assert_eq!(printed["url"], url.as_str());
    assert_eq!(printed["headers"].as_array().map(Vec::len), Some(1), "{printed}");
}

#[test]
fn a_body_of_ones_own_is_sent_as_it_is() {
    let dev = dev("trigger-body");
    let body = r#"{ "type": "checkout.session.completed",  "id": "evt_own" }"#;
    let path = file(&dev.folder, "own.json", body);
    ends(&dev.run(&["trigger", "stripe", "--body", &path]), 0);
    assert_eq!(stdout(&dev.run(&["body", "stripe/evt_own", "--raw"])), body);
}

#[test]
fn samples_are_listed_by_provider() {
    let providers = stdout(&run(&["trigger"]));
    assert!(providers.lines().count() >= 40, "{providers}");
    assert!(providers.lines().any(|line| line.starts_with("github ")), "{providers}");
    let samples = stdout(&run(&["trigger", "github"]));
    assert!(
        samples.lines().any(|line| line == "push                 Commits were pushed"),
        "{samples}"
    );
}

#[test]
fn what_cannot_be_sent_is_said_with_what_could_be() {
    let dev = dev("trigger-wrong");
    for (arguments, code, words) in [
        (&["strip"][..], 1, "did you mean stripe?"),
        (&["stripe", "nothing"], 2, "stripe has no sample \"nothing\", but: charge.refunded"),
        (&["gitlab", "push"], 2, "gitlab has several endpoints: say --endpoint g1 or g2"),
        (&["gitlab", "push", "--endpoint", "g9"], 2, "there is no endpoint \"g9\""),
        (&["gitlab", "push", "--endpoint", "stripe"], 2, "is of stripe, not of gitlab"),
        (&["github", "push"], 2, "no endpoint has the provider github"),
        (&["stripe", "invoice.paid", "--tenant", "acme"], 2, "has no secret for this URL"),
        (&["stripe", "invoice.paid", "--set", "/x/y=1"], 2, "no object at \"/x\""),
        (&["stripe", "invoice.paid", "--set", "x=1"], 2, "write POINTER=VALUE"),
        (&["stripe", "invoice.paid", "--duplicate", "0"], 2, "1 to 1000 times"),
        (&["gitlab", "push", "--endpoint", "g1", "--stale", "1m"], 2, "GitLab signs no time"),
        (&["discord", "--body", "/dev/null"], 2, "only Discord has the key that signs"),
        (&["stripe", "invoice.paid", "--to", "http://127.0.0.1:9/"], 2, "--secret-file"),
    ] {
        let output = dev.run(&[&["trigger"], arguments].concat());
        ends(&output, code);
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
    }
    let nobody = run(&["trigger", "stripe", "invoice.paid", "--dev", "http://127.0.0.1:9"]);
    assert!(stderr(&nobody).contains("no `hookdock dev` runs here"), "{}", stderr(&nobody));
}
