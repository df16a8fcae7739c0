//! The same over real HTTP: a server that fails, throttles, hangs and answers, and a guard.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::pending;
use hookdock_https::testing::Server;
use hookdock_https::{Client, Limits, Reach, Trust};
use hookdock_jobs::registry;
use hookdock_pipeline::ledger::RunState;
use hookdock_pipeline::process::Verdict;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use http::Response;

use crate::world::{accept, read};

/// Time is real here, so hanging takes as long as a call may.
const LIMITS: Limits =
    Limits { connect: Duration::from_millis(500), call: Duration::from_millis(500), answer: 1024 };

fn stack(crm: &str, reach: Reach) -> Stack {
    // Whoever fails is asked again at once.
    let settings = format!(
        "version = 1\n[fulfil_order.crm]\nurl = \"{crm}\"\ntoken = \"crm secret\"\n\
         breaker = {{ wait_seconds = 0 }}\n"
    );
    let mut stack = Stack::with(registry(read(&settings)));
    stack.process.settings.policy.longest_wait = Duration::from_secs(1);
    stack.process.effects.web = Some(Arc::new(Client::new(LIMITS, reach, Trust::nobody())));
    stack
}

/// Works on the only message, as often as it comes.
async fn work(stack: &Stack) -> Verdict {
    loop {
        let mut messages = stack.local.receive(1).await.expect("memory");
        match messages.pop() {
            Some(message) => return stack.work_on(&message).await,
            None => {
                let most = Duration::from_secs(5);
                stack.local.wait_for_work(most).await.expect("memory");
            }
        }
    }
}

#[tokio::test]
async fn a_crm_that_fails_hangs_and_throttles_is_told_once_in_the_end() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let crm = Server::plain(move |_| {
        let status = match counted.fetch_add(1, Ordering::SeqCst) {
            0 => 503,
            1 => return pending().boxed(),
            2 => 429,
            _ => 201,
        };
        let answer = Response::builder().status(status).header("retry-after", "1");
        let answer = answer.body(Bytes::new()).expect("an answer");
        async move { answer }.boxed()
    });
    let crm = crm.await;
    let stack = stack(&format!("http://{}/api", crm.address()), Reach::AlsoPrivate);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let mut verdicts = Vec::new();
    while stack.local.backlog().expect("memory") > 0 {
        verdicts.push(work(&stack).await);
    }
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(verdicts, [Verdict::Again, Verdict::Again, Verdict::Again, Verdict::Finished]);
    let asked = crm.requests();
    assert_eq!(asked.len(), 4);
    for request in &asked {
        assert_eq!(request.uri(), "/api/orders");
        assert_eq!(request.headers()["authorization"], "Bearer crm secret");
        assert_eq!(request.headers()["idempotency-key"], asked[0].headers()["idempotency-key"]);
    }
}

#[tokio::test]
async fn an_address_of_the_settings_that_is_not_public_is_refused_and_not_called() {
    let inside = Server::plain(|_| async { Response::new(Bytes::new()) }.boxed()).await;
    let port = inside.address().port();
    for host in ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"] {
        let stack = stack(&format!("https://{host}:{port}"), Reach::Public);
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        work(&stack).await;
        let run = stack.run();
        let failure = run.last_failure().expect("a failure");
        assert_eq!(failure.class.code(), "refused", "{host}");
        assert!(failure.message.contains("the host has no public address"), "{host}: {failure:?}");
        assert!(!failure.message.contains(host), "{host}: {failure:?}");
    }
    assert_eq!(inside.connections(), 0);
}
