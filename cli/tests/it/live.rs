//! What `hookdock dev` tells while it runs.

use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use serde_json::Value;

use crate::beside::{Dev, checkout, endpoint};
use crate::support::{folder, stdout};

/// The lines, without their times and what differs from run to run.
fn lines(said: &str) -> Vec<String> {
    let word = |word: &str| match word {
        _ if word.starts_with("dlv_") => "dlv".to_owned(),
        _ if word.contains(':') && word.len() == 8 => "TIME".to_owned(),
        _ if word.ends_with("ms") => "N".to_owned(),
        other => other.to_owned(),
    };
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    said.lines().map(line).collect()
}

fn two_endpoints(name: &str, more: &[&str]) -> Dev {
    let endpoints =
        [endpoint("stripe", "stripe", "whsec_test"), endpoint("code", "github", "hush")];
    Dev::serving(name, &endpoints.concat(), more)
}

#[tokio::test]
async fn each_event_is_one_line_once_it_is_decided_and_one_for_each_change_after() {
    let dev = two_endpoints("live", &[]);
    let trigger = |event: &[&str]| drop(dev.run(&[&["trigger"], event].concat()));
    trigger(&["stripe", "checkout.session.completed", "--id", "evt_1", "--wait"]);
    trigger(&["stripe", "checkout.session.completed", "--id", "evt_1"]);
    dev.says("= again").await;
    trigger(&["github", "star.created", "--id", "d1", "--wait"]);
    trigger(&["stripe", "invoice.paid", "--bad-signature"]);
    dev.says("explain 1").await;
    dev.post(&checkout("evt_2")).await;
    let said = dev.says("dead").await;
    assert_eq!(
        lines(&said),
        [
            "TIME ✓ done stripe checkout.session.completed evt_1 fulfil_order 1 try N",
            "TIME = again stripe checkout.session.completed evt_1",
            "TIME ○ ignored code star.created d1 no job is for it",
            "TIME ✗ refused /webhooks/stripe 401 mismatch: hookdock explain 1",
            "TIME ✗ dead stripe checkout.session.completed evt_2 fulfil_order bad_data: the body \
             is not the JSON that the job reads (line 1, column 73), 1 try, permanent",
        ]
    );
    assert!(!said.contains('\r') && !said.contains('\u{1b}'), "nothing is drawn again: {said:?}");
}

#[tokio::test]
async fn the_lines_for_programs_are_json() {
    let dev = two_endpoints("live-json", &["-o", "ndjson"]);
    drop(dev.run(&["trigger", "github", "push", "--id", "d1", "--wait"]));
    drop(dev.run(&["trigger", "stripe", "invoice.paid", "--stale", "1h"]));
    let said = dev.says("refused").await;
    let told: Vec<Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |at: usize| (told[at]["what"].as_str(), told[at]["type"].as_str(), &told[at]["id"]);
    assert_eq!(of(0), (Some("ignored"), Some("push"), &"d1".into()));
    assert_eq!(of(1), (Some("refused"), None, &Value::Null));
    assert!(told.iter().all(|told| told["at"].as_str().is_some_and(|at| at.ends_with('Z'))));
}

#[tokio::test]
async fn what_a_sender_wrote_moves_nothing_in_the_lines() {
    let dev = two_endpoints("live-hostile", &[]);
    dev.post(r#"{"id":"evt_\u001b[2J","type":"a\u202eb\r\n✓ done"}"#).await;
    let said = dev.says("ignored").await;
    let bad = said.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
    assert_eq!((bad, said.lines().count()), (None, 1), "{said:?}");
}

#[tokio::test]
async fn every_event_is_done_whatever_the_chaos() {
    // On a disk, so that the work waits: a worker dies where it does.
    let data = folder("live-chaos-data");
    let all = "duplicate,reorder,delay,kill:7";
    let kept = data.to_str().expect("UTF-8");
    let dev = two_endpoints("live-chaos", &["--chaos", all, "--data", kept]);
    let many = ["trigger", "stripe", "checkout.session.completed", "--count", "60", "-q"];
    assert_eq!(dev.run(&many).status.code(), Some(0));
    let done = || {
        let list = dev.run(&["list", "--state", "done", "--limit", "100", "-o", "id"]);
        stdout(&list).lines().count()
    };
    for _ in 0..200 {
        if done() == 60 {
            break;
        }
        SystemClock.sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(done(), 60, "{}", stdout(&dev.run(&["list", "--limit", "100"])));
    dev.says("chaos: a worker died in its work").await;
}
