//! What an endpoint has to wait for: never for the backlog of another.

use std::time::Duration;

use hookdock_embedded::{Embedded, QueueSettings, TestSystem};
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::stack::START;

type Local = Embedded<TestSystem>;

/// How many messages are worked on at a time, and how long that takes.
const WORKERS: usize = 10;
const WORK: Duration = Duration::from_millis(50);

fn queue(system: &TestSystem) -> Local {
    Local::in_memory(system.clone(), QueueSettings::default()).expect("memory")
}

async fn send(local: &Local, endpoint: &str, body: &str) {
    let attributes = vec![("endpoint".to_owned(), endpoint.to_owned())];
    local.enqueue(body.to_owned(), attributes).await.expect("memory");
}

async fn bodies(local: &Local, most: usize) -> Vec<String> {
    let messages = local.receive(most).await.expect("memory").into_iter();
    messages.map(|message| message.body).collect()
}

/// A provider was down and sends what it could not: more than the workers get done in the time.
/// Meanwhile another sends two events a second. `tests/run load` does it with 100,000 old events
/// and `hookdock dev`.
#[tokio::test(start_paused = true)]
async fn an_old_backlog_holds_up_no_live_event() {
    let system = TestSystem::starting_at(START);
    let local = queue(&system);
    for _ in 0..3_000 {
        send(&local, "was-down", "old").await;
    }
    let mut waits = Vec::new();
    for round in 0..200 {
        if round % 10 == 0 {
            send(&local, "live", "live").await;
        }
        let messages = local.receive(WORKERS).await.expect("memory");
        assert_eq!(messages.len(), WORKERS, "nobody idles");
        tokio::time::sleep(WORK).await;
        for message in messages {
            if message.body == "live" {
                waits.push(message.sent_at.until(system.now()));
            }
            local.delete(&message.receipt).await.expect("memory");
        }
    }
    assert_eq!(waits, [WORK; 20]);
    assert_eq!(local.backlog().expect("memory"), 3_000 - 200 * 10 + 20);
}

#[tokio::test(start_paused = true)]
async fn endpoints_take_turns_whoever_has_more_and_however_few_are_taken() {
    let local = queue(&TestSystem::starting_at(START));
    for (endpoint, count) in [("a", 6), ("b", 2), ("c", 3)] {
        for number in 1..=count {
            send(&local, endpoint, &format!("{endpoint}{number}")).await;
        }
    }
    assert_eq!(bodies(&local, 4).await, ["a1", "b1", "c1", "a2"]);
    assert_eq!(bodies(&local, 1).await, ["b2"]);
    assert_eq!(bodies(&local, 1).await, ["c2"]);
    assert_eq!(bodies(&local, 1).await, ["a3"]);
    assert_eq!(bodies(&local, 9).await, ["c3", "a4", "a5", "a6"]);
    assert_eq!(bodies(&local, 9).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_put_off_gives_its_turn_to_others_and_is_waited_for() {
    use hookdock_pipeline::ports::Messages as _;
    let system = TestSystem::starting_at(START);
    let local = queue(&system);
    send(&local, "a", "a1").await;
    let message = local.receive(1).await.expect("memory").remove(0);
    local.change_visibility(&message.receipt, Duration::from_secs(30)).await.expect("memory");
    send(&local, "b", "b1").await;
    assert_eq!(bodies(&local, 1).await, ["b1"]);
    let next = local.next_visible().expect("memory").expect("a message");
    assert_eq!(next, START.plus(Duration::from_secs(30)));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(bodies(&local, 1).await, ["a1"]);
}
