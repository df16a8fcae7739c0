//! What comes in is stored, worked on, and there after a restart.

use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::requests::Draft;

use super::{Dev, stripe_in};
use crate::support::{folder, run};

/// The signals that a process has a handler for, as a mask: number 1 is the lowest bit.
fn handled_signals(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask");
    u64::from_str_radix(mask.trim(), 16).expect("hexadecimal")
}

#[tokio::test]
async fn dev_serves_the_whole_loop_and_loses_nothing_on_ctrl_c() {
    let folder = folder("dev");
    let (endpoints, data) = (stripe_in(&folder), folder.join("data"));

    let dev = Dev::start(&endpoints, &data);
    dev.takes(20).await;
    let forged = Draft { secret: "guessed".to_owned(), ..Draft::checkout("evt_x", "cs_x") };
    assert_eq!(dev.post(&forged).await, 401);
    let oversize = Draft { body: vec![b'x'; 5_000_000].into(), ..Draft::checkout("e", "c") };
    assert_eq!(dev.post(&oversize).await, 413);
    assert_eq!(dev.interrupt(), Some(0));

    let dev = Dev::start(&endpoints, &data);
    SystemClock.sleep(Duration::from_millis(500)).await;
    assert_eq!(dev.interrupt(), Some(0));
    let local = hookdock_embedded::Embedded::on_disk(
        &data,
        SystemClock,
        hookdock_embedded::QueueSettings::default(),
    )
    .expect("the data is free again");
    assert_eq!(local.objects().expect("a database").len(), 20);
    assert_eq!(local.backlog().expect("a database"), 0);
    for event in local.events().expect("a database") {
        assert_eq!(local.runs(&event.event()).expect("a database")[0].state.name(), "done");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn what_dev_has_answered_survives_its_death() {
    let folder = folder("dev-death");
    let (endpoints, data) = (stripe_in(&folder), folder.join("data"));
    let dev = Dev::start(&endpoints, &data);
    dev.takes(20).await;
    // Killed, and not asked: whatever it had not written yet is gone.
    drop(dev);

    let queue = hookdock_embedded::QueueSettings::default();
    let local = hookdock_embedded::Embedded::on_disk(&data, SystemClock, queue).expect("free");
    assert_eq!(local.objects().expect("a database").len(), 20);
    // Each is still in the queue, or has been worked on.
    let worked_on = local.events().expect("a database").len() as u64;
    assert!(local.backlog().expect("a database") + worked_on >= 20);
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn dev_can_be_stopped_as_soon_as_it_says_that_it_listens() {
    const INTERRUPT: u64 = 1 << 1;
    const TERMINATE: u64 = 1 << 14;
    let folder = folder("dev-signals");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    let handled = handled_signals(dev.child.id());
    assert_eq!(handled & (INTERRUPT | TERMINATE), INTERRUPT | TERMINATE, "{handled:x}");
    assert_eq!(dev.interrupt(), Some(0));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn dev_records_a_direct_event_once_and_queues_nothing() {
    let folder = folder("direct");
    let (endpoints, data) = (folder.join("endpoints.toml"), folder.join("data"));
    let text = "[endpoints.direct]\nprovider = 'github'\nsecrets = ['github secret']\n\
        direct = { kind = 'log' }\n";
    std::fs::write(&endpoints, text).expect("written");
    let dev = Dev::start(&endpoints, &data);
    let push = Draft { path: "/webhooks/direct".to_owned(), ..Draft::github("{}") };
    assert_eq!((dev.post(&push).await, dev.post(&push).await), (200, 200));
    assert_eq!(dev.interrupt(), Some(0));
    let queue = hookdock_embedded::QueueSettings::default();
    let local = hookdock_embedded::Embedded::on_disk(&data, SystemClock, queue).expect("free");
    let names = local.objects().expect("a database");
    assert_eq!(local.backlog().expect("a database"), 0);
    drop(local);
    let [name] = names.as_slice() else { panic!("{names:?}") };
    let key = name.strip_prefix("direct/direct/").and_then(|name| name.strip_suffix(".json"));
    let event = format!("direct/{}", key.expect("named after its event"));
    let output = run(&["inspect", &event, "--data", data.to_str().expect("UTF-8")]);
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.starts_with("direct  an event of a direct endpoint\n"), "{said}");
    assert!(said.contains("The work (log) was done when it came or not at all"), "{said}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn dev_answers_handshakes_with_the_method_they_come_with() {
    let folder = folder("handshakes");
    let endpoints = folder.join("endpoints.toml");
    let text = "[endpoints.dropbox]\nprovider = 'dropbox'\nsecrets = ['s']\n\
        [endpoints.trello]\nprovider = 'trello'\nsecrets = ['s']\n\
        [endpoints.asana]\nprovider = 'asana'\ncapture = true\n";
    std::fs::write(&endpoints, text).expect("written");
    let data = folder.join("data");
    let dev = Dev::start(&endpoints, &data);
    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{}/webhooks/{path}", dev.address);

    let echoed = client.get(url("dropbox?challenge=a%20b")).send().await.expect("an answer");
    assert_eq!(echoed.headers()["content-type"], "text/plain");
    assert_eq!(echoed.text().await.expect("a body"), "a b");
    let probed = client.head(url("trello")).send().await.expect("an answer");
    assert_eq!(probed.status(), 200);
    let refused = client.get(url("trello")).send().await.expect("an answer");
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["allow"]),
        (405, &"HEAD, POST".parse().expect("a value"))
    );

    let secret = "b537207f20cbfa02357cf448134da559";
    let hand_over =
        |secret: &'static str| client.post(url("asana")).header("X-Hook-Secret", secret).send();
    let taken = hand_over(secret).await.expect("an answer");
    assert_eq!(taken.headers()["x-hook-secret"], secret);
    assert_eq!(dev.interrupt(), Some(0));

    let dev = Dev::start(&endpoints, &data);
    let url = format!("http://{}/webhooks/asana", dev.address);
    let other = client.post(url).header("X-Hook-Secret", "000000000000000000000000deadbeef");
    let other = other.send().await.expect("an answer");
    assert_eq!(other.status(), 401, "the first one is kept over a restart");
}
