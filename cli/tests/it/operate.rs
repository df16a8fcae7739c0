//! The operator's commands beside a `hookdock dev` that runs, and over its data once it has stopped.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use serde_json::Value;

use crate::beside::{Dev, checkout};
use crate::support::{folder, hookdock, json, stderr, stdout};

/// Times, ids and ports differ from run to run.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for (number, word) in text.split(' ').enumerate() {
        let gap = if number == 0 { "" } else { " " };
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let is_time = digits >= 4 && word.contains([':', '-']) && !word.contains("http");
        masked += gap;
        masked += if is_time { "#" } else { word };
    }
    masked
}

#[tokio::test]
async fn an_operator_works_beside_a_running_dev_and_over_its_data_once_it_has_stopped() {
    let data = folder("operate-data");
    let data_text = data.to_str().expect("UTF-8");
    let mut dev = Dev::with_three_dead("operate-stopped", &["--data", data_text]).await;
    for file in dev.files().iter().chain([&data.join("dev.json")]) {
        let mode = std::fs::metadata(file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{} holds a token", file.display());
    }

    let beside = dev.run(&["list", "--data", data_text, "-o", "id"]);
    assert_eq!(stdout(&beside).lines().count(), 3, "{}", stderr(&beside));
    dev.interrupt();
    assert!(dev.files().is_empty(), "nothing says that it runs");
    assert!(!data.join("dev.json").exists());
    let stopped = dev.run(&["list", "--data", data_text, "-o", "id"]);
    assert_eq!(stdout(&stopped), stdout(&beside), "{}", stderr(&stopped));
    let nobody = dev.run(&["list"]);
    assert!(stderr(&nobody).contains("no `hookdock dev` runs here"), "{}", stderr(&nobody));
}

#[tokio::test]
async fn events_are_listed_shown_and_retried_beside_a_running_dev() {
    let dev = Dev::with_three_dead("operate", &[]).await;
    let list = dev.run(&["list"]);
    let lines: Vec<String> = stdout(&list).lines().map(masked).collect();
    assert_eq!(
        lines,
        [
            "TIME            STATE   ENDPOINT  TYPE                        ID     TRIES",
            "# #  ✗ dead  stripe    checkout.session.completed  evt_3  1",
            "# #  ✗ dead  stripe    checkout.session.completed  evt_2  1",
            "# #  ✗ dead  stripe    checkout.session.completed  evt_1  1",
        ]
    );
    assert!(stderr(&list).contains("3 looked at, and that is all"), "{}", stderr(&list));
    let page = dev.run(&["list", "--limit", "2", "-o", "id"]);
    assert_eq!(stdout(&page), "stripe/evt_3\nstripe/evt_2\n");

    let status = dev.run(&["status"]);
    assert_eq!(status.status.code(), Some(6), "unhealthy");
    assert!(stdout(&status).contains("UNHEALTHY: 3 dead runs"), "{}", stdout(&status));

    let dead = dev.run(&["dead"]);
    let row = stdout(&dead).lines().nth(1).map(masked).expect("a group");
    assert!(row.starts_with("3     # #  fulfil_order  permanent  bad_data"), "{row}");
    assert!(stdout(&dead).lines().all(|line| line.chars().count() <= 80), "{}", stdout(&dead));

    let before = json(&dev.run(&["show", "stripe/evt_1", "-o", "json"]));
    let retried = dev.run(&["retry", "stripe/evt_1"]);
    assert_eq!(retried.status.code(), Some(0), "{}", stderr(&retried));
    let generation = |event: &Value| event["runs"][0]["generation"].as_u64();
    let mut now = before.clone();
    for _ in 0..200 {
        if generation(&now) == Some(1) && now["state"] == "dead" {
            break;
        }
        SystemClock.sleep(Duration::from_millis(50)).await;
        now = json(&dev.run(&["show", "stripe/evt_1", "-o", "json"]));
    }
    assert_eq!((generation(&before), generation(&now)), (Some(0), Some(1)), "it ran again");
    assert_eq!(now["state"], "dead", "and died again");
}

#[tokio::test]
async fn dead_runs_are_set_aside_and_brought_back_one_by_one_and_by_filters() {
    let dev = Dev::with_three_dead("operate-aside", &[]).await;
    let aside = dev.run(&["dead", "dismiss", "stripe/evt_2", "--because", "a test"]);
    assert_eq!(aside.status.code(), Some(0), "{}", stderr(&aside));
    let refused = dev.run(&["retry", "stripe/evt_2"]);
    assert_eq!(refused.status.code(), Some(7));
    assert_eq!(
        stderr(&refused).lines().skip(1).collect::<Vec<_>>(),
        [
            "hookdock: stripe/evt_2 was not retried",
            "  why   no run of it can be: fulfil_order is dismissed",
            "  next  hookdock show stripe/evt_2",
        ]
        .map(|line| line.replace("stripe/evt_2 was", &format!("{} was", named(&dev, "evt_2"))))
        .map(|line| line.replace("show stripe/evt_2", &format!("show {}", named(&dev, "evt_2"))))
    );
    let all = ["dead", "dismiss", "--endpoint", "stripe", "--because", "a test"];
    assert_eq!(dev.run(&all).status.code(), Some(7), "nobody is there to say yes");
    let yes = dev.run(&[&all[..], &["--yes"]].concat());
    assert_eq!(yes.status.code(), Some(0), "{}", stderr(&yes));
    assert_eq!(dev.run(&["status"]).status.code(), Some(0), "all is set aside");
    let back = dev.run(&["dead", "restore", "--job", "fulfil_order", "--because", "x", "--yes"]);
    assert_eq!(stdout(&back).lines().count(), 3, "{}", stderr(&back));
    let unsaid = dev.run(&["dead", "dismiss", "--because", "x"]);
    assert_eq!(unsaid.status.code(), Some(1));
    assert!(stderr(&unsaid).contains("say which"), "{}", stderr(&unsaid));

    assert_eq!(stdout(&dev.run(&["find", "evt_2", "-o", "id"])), "stripe/evt_2\n");
    assert_eq!(dev.run(&["find", "evt_9"]).status.code(), Some(3));
    assert_eq!(dev.run(&["show", "stripe/evt_9"]).status.code(), Some(3));
    assert_eq!(dev.run(&["list", "--state", "odd"]).status.code(), Some(2));
    let same = dev.run(&["diff", "stripe/evt_1", "stripe/evt_2"]);
    assert_eq!(stdout(&same), "- /id  \"evt_1\"\n+ /id  \"evt_2\"\n");
    let raw = dev.run(&["body", "stripe/evt_1", "--raw"]);
    assert_eq!(stdout(&raw), checkout("evt_1"));
    let endpoints = stdout(&dev.run(&["endpoints"]));
    assert!(endpoints.contains("stripe    Stripe"), "{endpoints}");
}

#[tokio::test]
async fn a_replay_is_planned_run_and_reported_and_stops_at_the_first_that_fails() {
    let dev = Dev::with_three_dead("operate-replay", &[]).await;
    let plan = ["replay", "plan", "--state", "dead", "--because", "the CRM is mended"];
    let planned = dev.run(&plan);
    assert_eq!(planned.status.code(), Some(0), "{}", stderr(&planned));
    let text = stdout(&planned);
    let lines: Vec<&str> = text.lines().collect();
    let id = lines[0].split(' ').next().expect("an id");
    let head = format!("{id}  replay, planned, nothing has run   place: dev at http://");
    assert!(lines[0].starts_with(&head), "{text}");
    assert_eq!(lines[2], "  mode      resume: finished steps stay finished, same effect keys");
    assert!(lines[3].starts_with("  items     3, received "), "{text}");
    assert_eq!(lines[4], "  states    dead (3)");
    assert!(stderr(&planned).contains(&format!("Next: hookdock replay run {id}")));

    assert_eq!(dev.run(&["replay", "run", id]).status.code(), Some(7), "nobody says yes");
    let run = dev.run(&["replay", "run", id, "--yes"]);
    assert_eq!(run.status.code(), Some(5), "{}", stderr(&run));
    assert!(stdout(&run).contains("paused: the first was not done: dead"), "{}", stdout(&run));
    let report = stdout(&dev.run(&["replay", "report", id]));
    assert_eq!(report.lines().count(), 2, "{report}");
    assert!(report.contains("0     dead     fulfil_order  stripe/"), "{report}");
    let shown = json(&dev.run(&["replay", "show", id, "-o", "json"]));
    assert_eq!((&shown["phase"], &shown["left"]), (&"paused".into(), &2.into()));

    let careless = ["replay", "continue", id, "--canary", "0", "--rate", "20/s"];
    assert_eq!(dev.run(&careless).status.code(), Some(1), "without a canary it needs --yes");
    let rest = dev.run(&[&careless[..], &["--yes"]].concat());
    assert_eq!(rest.status.code(), Some(5), "{}", stderr(&rest));
    let shown = json(&dev.run(&["replay", "show", id, "-o", "json"]));
    assert_eq!((&shown["phase"], &shown["outcomes"]["dead"]), (&"finished".into(), &3.into()));
    assert_eq!(dev.run(&["replay", "continue", id]).status.code(), Some(7), "it is finished");
    assert_eq!(dev.run(&["replay", "plan", "--because", "x"]).status.code(), Some(2));
    let redrive = dev.run(&["dead", "redrive", "--because", "once more", "--yes"]);
    assert_eq!(redrive.status.code(), Some(5), "{}", stderr(&redrive));
    let cancelled = dev.run(&["replay", "list", "-o", "id"]);
    let newest = stdout(&cancelled).lines().next().expect("an id").to_owned();
    assert_ne!(newest, id);
    let cancelled = dev.run(&["replay", "cancel", &newest]);
    assert!(stdout(&cancelled).contains("cancelled"), "{}", stdout(&cancelled));
}

/// The event by its key, as an act names it.
fn named(dev: &Dev, id: &str) -> String {
    let event = json(&dev.run(&["show", &format!("stripe/{id}"), "-o", "json"]));
    format!("stripe/{}", event["key"].as_str().expect("a key"))
}

#[tokio::test]
async fn what_a_sender_wrote_moves_nothing_on_a_terminal_and_runs_nothing_in_a_shell() {
    let dev = Dev::start("operate-hostile", &[]);
    let hostile = "\\u001b[2J\\r\\u202e\\u0000'; touch x #";
    dev.post(&format!(
        r#"{{"id":"evt_1","type":"checkout.session.completed","note":"{hostile}"}}"#
    ))
    .await;
    let raw = "{\"id\":\"evt_2\",\"type\":\"checkout.session.completed\"}\u{7f}\u{9b}31m\u{202e}";
    dev.post(&raw.replace("}\u{7f}", ",\"n\":\"").replace("\u{202e}", "\u{202e}\"}")).await;
    dev.settled(2).await;
    let commands: [&[&str]; 8] = [
        &["list"],
        &["list", "-o", "wide"],
        &["show", "stripe/evt_2"],
        &["body", "stripe/evt_1"],
        &["body", "stripe/evt_2"],
        &["body", "stripe/evt_2", "--hex"],
        &["body", "stripe/evt_2", "--headers"],
        &["diff", "stripe/evt_1", "stripe/evt_2"],
    ];
    for command in commands {
        let shown = stdout(&dev.run(command));
        let bad = shown.chars().find(|letter| {
            (letter.is_control() && *letter != '\n') || matches!(letter, '\u{202a}'..='\u{202e}')
        });
        assert_eq!(bad, None, "{command:?}: {shown:?}");
        assert!(!shown.is_empty(), "{command:?}");
    }
    assert!(stdout(&dev.run(&["body", "stripe/evt_2"])).contains("\\u{202e}"), "it is shown");

    let lines = stdout(&dev.run(&["body", "stripe/evt_1", "--curl"]));
    assert!(!lines.contains("whsec") && !lines.contains("v1="), "{lines}");
    let shell = folder("operate-shell");
    // In place of the programs, something that shows its words.
    let script = format!("hookdock() {{ printf '%s\\n' \"$@\"; }}\n{}", lines.replace("| sh", ""));
    let ran =
        Command::new("sh").arg("-c").arg(&script).current_dir(&shell).output().expect("a shell");
    assert!(ran.status.success(), "{script}");
    assert_eq!(std::fs::read_dir(&shell).expect("a folder").count(), 0, "nothing was run");
}

#[test]
fn a_name_with_a_quote_is_one_word_in_the_lines_that_are_copied() {
    let dev = Dev::start("operate-quotes", &[]);
    let event = "stripe/'; touch x #";
    let output = dev.run(&["body", event, "--curl"]);
    assert_ne!(output.status.code(), Some(0), "no such event");
    assert!(stderr(&output).contains("  next  hookdock find"), "{}", stderr(&output));
}

#[tokio::test]
async fn the_api_is_closed_to_a_caller_without_the_token() {
    let dev = Dev::start("operate-token", &[]);
    let file = dev.files().pop().expect("it says where it is");
    let said: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    let url = format!("{}/api/v1/status", said["url"].as_str().expect("a URL"));
    let client = reqwest::Client::new();
    assert_eq!(client.get(&url).send().await.expect("an answer").status().as_u16(), 401);
    let token = said["token"].as_str().expect("a token");
    let asked = client.get(&url).bearer_auth(token);
    assert_eq!(asked.send().await.expect("an answer").status().as_u16(), 200);
    let rebound = client.get(&url).bearer_auth(token).header("host", "evil.example");
    assert_eq!(rebound.send().await.expect("an answer").status().as_u16(), 421);
    let webhooks = format!("http://{}/api/v1/status", dev.webhooks);
    let there = client.get(webhooks).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(there.status().as_u16(), 404, "the port of the webhooks does not lead to it");
    assert!(Path::new(&file).exists());
}

#[test]
fn the_api_listens_on_this_machine_only() {
    let folder = folder("operate-listen");
    let endpoints = folder.join("endpoints.toml");
    let text = "[endpoints.stripe]\nprovider = \"stripe\"\nsecrets = [\"whsec_test\"]\n";
    std::fs::write(&endpoints, text).expect("written");
    let output = hookdock()
        .args(["dev", "--listen", "127.0.0.1:0", "--console", "0.0.0.0:0", "--endpoints"])
        .arg(&endpoints)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("ssh -L"), "{}", stderr(&output));
}
