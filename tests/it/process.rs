//! What becomes of an event after it was accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hookdock_embedded::{Buried, Message};
use hookdock_jobs::registry;
use hookdock_pipeline::job::{
    Body, Context, Delivery, ErrorClass, Failure, JobResult, Json, On, Outcome, Registry,
};
use hookdock_pipeline::ledger::{DeadReason, RunState, Settlement};
use hookdock_pipeline::names::BodyDigest;
use hookdock_pipeline::ports::{Ledger as _, Records as _, System as _};
use hookdock_pipeline::process::Verdict;
use hookdock_pipeline::reference::Reference;
use hookdock_pipeline::stored::StoredDelivery;
use hookdock_tests::contract;
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};
use http::StatusCode;
use serde_json::Value;
use tokio::sync::Notify;

/// A job that goes by a list of results, then does its work.
fn scripted(results: Vec<JobResult>) -> (Registry, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let results = Arc::new(results);
    let counted = Arc::clone(&calls);
    let job = move |_: Context, _: Body| {
        let call = counted.fetch_add(1, Ordering::SeqCst) as usize;
        let result = results.get(call).cloned().unwrap_or(Ok(Outcome::Done));
        async move { result }
    };
    (Registry::new().job("scripted", On::endpoint("*"), job), calls)
}

fn unavailable() -> Failure {
    Failure::passing(ErrorClass::Unavailable, "the CRM does not answer")
}

async fn accept(stack: &Stack, draft: &Draft) {
    assert_eq!(stack.post(draft).await.status(), StatusCode::OK);
}

/// The next message there is to receive, as soon as it is visible.
async fn receive(stack: &Stack) -> Message {
    loop {
        let mut messages = stack.local.receive(1).await.expect("memory");
        if let Some(message) = messages.pop() {
            return message;
        }
        stack.local.wait_for_work(Duration::from_secs(3600)).await.expect("memory");
    }
}

/// A worker that dies while a job hangs: its future is dropped, and nothing more is heard of it.
async fn dies_over(stack: &Stack, message: &Message) {
    let work = stack.work_on(message);
    assert!(tokio::time::timeout(Duration::from_millis(1), work).await.is_err());
}

fn letter(stack: &Stack) -> Buried {
    let mut letters = stack.local.dead_letters().expect("memory");
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters.remove(0)
}

fn attribute<'a>(letter: &'a Buried, name: &str) -> &'a str {
    let found = letter.attributes.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

#[tokio::test(start_paused = true)]
async fn a_paid_checkout_becomes_one_order() {
    let stack = Stack::with(registry());
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let run = stack.run();
    assert_eq!((run.state, run.attempt), (RunState::Done, 1));
    let order = stack.local.get("orders", "cs_1").await.expect("memory").expect("an order");
    assert_eq!(order["amount"], 4200);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_copies_at_once_are_all_accepted_and_run_once() {
    let (jobs, calls) = scripted(vec![]);
    let stack = Stack::with(jobs);
    let draft = Draft::checkout("evt_1", "cs_1");
    let answers = join_all((0..100).map(|_| stack.post(&draft))).await;
    assert!(answers.iter().all(|answer| answer.status() == StatusCode::OK));
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(stack.event().deliveries, 100);
    assert_eq!(stack.run().attempt, 1);
}

#[tokio::test(start_paused = true)]
async fn the_providers_retries_and_our_attempts_are_counted_apart() {
    let (jobs, _) = scripted(vec![Err(unavailable()), Err(unavailable())]);
    let stack = Stack::with(jobs);
    let draft = Draft::checkout("evt_1", "cs_1");
    accept(&stack, &draft).await;
    stack.drain().await;
    accept(&stack, &draft).await;
    stack.drain().await;
    assert_eq!(stack.event().deliveries, 2);
    assert_eq!(stack.run().attempt, 3);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_always_fails_ends_dead_with_a_letter_a_person_can_read() {
    let (jobs, calls) = scripted(vec![Err(unavailable()); 9]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 4, "the policy of these tests grants four");
    let run = stack.run();
    assert_eq!(run.state, RunState::Dead { reason: DeadReason::AttemptsExhausted, buried: true });
    let letter = letter(&stack);
    for (name, value) in [
        ("reason", "attempts_exhausted"),
        ("error_class", "unavailable"),
        ("message", "the CRM does not answer"),
        ("endpoint", "stripe"),
        ("event_type", "checkout.session.completed"),
        ("event_id", "evt_1"),
        ("job", "scripted"),
        ("attempts", "4"),
    ] {
        assert_eq!(attribute(&letter, name), value, "{name}");
    }
    assert!(letter.attributes.len() <= 10, "SQS takes ten");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_stays_is_dead_at_once() {
    let stack = Stack::with(registry());
    let body = r#"{"id":"evt_1","type":"checkout.session.completed","data":{}}"#;
    accept(&stack, &Draft::stripe("stripe", "whsec_test", body)).await;
    stack.drain().await;
    assert_eq!(stack.run().attempt, 1);
    assert_eq!(attribute(&letter(&stack), "reason"), "bad_data");
    assert_eq!(attribute(&letter(&stack), "error_class"), "bad_data");
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_names_a_time_is_not_asked_before() {
    let wait = Duration::from_secs(3600);
    let (jobs, _) = scripted(vec![Err(unavailable().after(wait))]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert!(START.until(stack.system.now()) >= wait);
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_asks_for_days_is_asked_again_before_sqs_lets_go() {
    let (jobs, _) = scripted(vec![Err(unavailable().after(Duration::from_secs(5 * 86_400)))]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(
        START.until(stack.system.now()),
        Duration::from_secs(41_400),
        "eleven and a half hours"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_job_says_is_cut_to_what_can_be_recorded() {
    let page = "caf\u{e9} ".repeat(200_000);
    for result in [
        Err(Failure::permanent(ErrorClass::Refused, page.as_str())),
        Ok(Outcome::Ignored(page.clone())),
    ] {
        let (jobs, _) = scripted(vec![result]);
        let stack = Stack::with(jobs);
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        let recorded = format!("{:?}", stack.run());
        assert!(recorded.len() < 4_000, "{}", recorded.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_with_nothing_to_do_says_why() {
    let (jobs, _) = scripted(vec![Ok(Outcome::Ignored("not paid yet".to_owned()))]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Ignored { cause: "not paid yet".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_hang_are_failed_attempts_of_their_run_alone() {
    async fn troubled(cx: Context, Json(event): Json<Value>) -> JobResult {
        match (event["id"].as_str(), cx.attempt()) {
            (Some("evt_panics"), 1) => panic!("a job's bug"),
            (Some("evt_hangs"), 1) => std::future::pending().await,
            _ => Ok(Outcome::Done),
        }
    }
    let stack = Stack::with(Registry::new().job("troubled", On::endpoint("*"), troubled));
    for event in ["evt_panics", "evt_hangs", "evt_good"] {
        accept(&stack, &Draft::checkout(event, "cs_1")).await;
    }
    stack.drain().await;
    for event in stack.local.events().expect("memory") {
        let run = stack.local.runs(&event.event).expect("memory").remove(0);
        let attempts =
            if event.event_id.as_ref().map(|id| id.as_str()) == Some("evt_good") { 1 } else { 2 };
        assert_eq!((run.state, run.attempt), (RunState::Done, attempts), "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_poisoned_event_in_a_hundred_costs_the_others_nothing() {
    async fn poisonable(_: Context, Json(event): Json<Value>) -> JobResult {
        if event["id"] == "evt_7" { Err(unavailable()) } else { Ok(Outcome::Done) }
    }
    let stack = Stack::with(Registry::new().job("poisonable", On::endpoint("*"), poisonable));
    for event in 0..100 {
        accept(&stack, &Draft::checkout(&format!("evt_{event}"), "cs_1")).await;
    }
    let accepted_at = stack.system.now();
    stack.drain().await;
    let runs = stack.local.events().expect("memory").into_iter();
    let runs = runs.map(|event| stack.local.runs(&event.event).expect("memory").remove(0));
    let (done, dead): (Vec<_>, Vec<_>) = runs.partition(|run| run.state == RunState::Done);
    assert_eq!((done.len(), dead.len()), (99, 1));
    assert!(done.iter().all(|run| run.attempt == 1 && run.updated_at == accepted_at));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_no_reference_is_buried_with_the_reason() {
    for body in ["", "not JSON", "{}", r#"{"version":1}"#, "\u{1f980}"] {
        let stack = Stack::with(registry());
        stack.local.enqueue(body.to_owned(), Vec::new()).await.expect("memory");
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        let letter = letter(&stack);
        assert_eq!(letter.body, body);
        assert_eq!(attribute(&letter, "reason"), "bad_reference");
        assert_eq!(stack.run().state, RunState::Done, "its neighbour is not affected");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reference_of_a_later_version_waits_for_code_that_can_read_it() {
    let stack = Stack::with(registry());
    let later = r#"{"version":2,"something":"new"}"#;
    stack.local.enqueue(later.to_owned(), Vec::new()).await.expect("memory");
    for _ in 0..10 {
        let message = receive(&stack).await;
        assert_eq!(stack.work_on(&message).await, Verdict::Again);
    }
    assert_eq!(stack.local.dead_letters().expect("memory"), []);
    assert!(START.until(stack.system.now()) > Duration::from_secs(60), "the waits grow");
}

#[tokio::test(start_paused = true)]
async fn a_flag_that_only_later_code_knows_does_not_stop_an_event() {
    let stack = Stack::with(registry());
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let message = receive(&stack).await;
    stack.local.delete(&message.receipt).await.expect("memory");
    let newer = message.body.replace(r#""flags":[]"#, r#""flags":["made_up_later"]"#);
    assert_ne!(newer, message.body);
    stack.local.enqueue(newer, Vec::new()).await.expect("memory");
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_missing_object_and_a_changed_body_are_dead_with_the_reason() {
    for (change, class) in [("remove", "body_missing"), ("digest", "digest_mismatch")] {
        let stack = Stack::with(registry());
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        let message = receive(&stack).await;
        let mut reference = Reference::parse(&message.body).expect("a reference");
        stack.local.delete(&message.receipt).await.expect("memory");
        if change == "remove" {
            stack.local.expire(&reference.object).await.expect("memory");
        } else {
            reference.sha256 = BodyDigest::of(b"another body");
        }
        let body = reference.to_json().expect("JSON");
        stack.local.enqueue(body, Vec::new()).await.expect("memory");
        stack.drain().await;
        assert_eq!(attribute(&letter(&stack), "reason"), class);
        assert_eq!(stack.run().attempt, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_that_meets_a_live_run_is_put_off_until_the_lease_ends() {
    let stack = Stack::with(Registry::new().job("hangs", On::endpoint("*"), hangs));
    let draft = Draft::checkout("evt_1", "cs_1");
    accept(&stack, &draft).await;
    let first = receive(&stack).await;
    dies_over(&stack, &first).await;
    accept(&stack, &draft).await;
    let second = receive(&stack).await;
    assert_eq!(stack.work_on(&second).await, Verdict::Again);
    receive(&stack).await;
    let waited = START.until(stack.system.now());
    assert_eq!(waited.as_secs(), 32, "the invocation's 30 s and 2 s of margin");
}

async fn hangs(_: Context, _: Body) -> JobResult {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_is_followed_by_another_and_its_late_write_is_refused() {
    async fn dies_once(cx: Context, _: Body) -> JobResult {
        if cx.attempt() == 1 { std::future::pending().await } else { Ok(Outcome::Done) }
    }
    let stack = Stack::with(Registry::new().job("dies_once", On::endpoint("*"), dies_once));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let message = receive(&stack).await;
    dies_over(&stack, &message).await;
    let dead_workers = stack.run();
    stack.drain().await;
    let run = stack.run();
    assert_eq!((&run.state, run.attempt), (&RunState::Done, 2));

    let late = dead_workers.settled(Settlement::Retry(START, unavailable()), stack.system.now());
    let answer = stack.local.advance(&dead_workers.fence(), &late).await.expect("memory");
    assert_eq!(answer, Some(run), "the late write changes nothing");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_kills_every_worker_ends_dead_without_another_victim() {
    let victims = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&victims);
    let deadly = move |cx: Context, body: Body| {
        counted.fetch_add(1, Ordering::SeqCst);
        hangs(cx, body)
    };
    let stack = Stack::with(Registry::new().job("deadly", On::endpoint("*"), deadly));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    for _ in 0..4 {
        let message = receive(&stack).await;
        dies_over(&stack, &message).await;
    }
    stack.drain().await;
    let run = stack.run();
    assert_eq!(run.state, RunState::Dead { reason: DeadReason::WorkerDied, buried: true });
    assert_eq!(attribute(&letter(&stack), "reason"), "worker_died");
    assert_eq!(victims.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_moved_back_runs_again_and_its_attempts_count_on() {
    let (jobs, calls) = scripted(vec![Err(unavailable()); 5]);
    let stack = Stack::with(jobs);
    let draft = Draft::checkout("evt_1", "cs_1");
    accept(&stack, &draft).await;
    stack.drain().await;
    accept(&stack, &draft).await;
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 4, "the provider's retry does not wake the dead");
    assert_eq!(stack.local.dead_letters().expect("memory").len(), 1, "nor does it bury it twice");
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    let run = stack.run();
    assert_eq!((run.state, run.attempt, run.generation), (RunState::Done, 6, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_does_not_repeat_the_other_jobs_of_its_event() {
    let (jobs, failing) = scripted(vec![Err(unavailable()); 2]);
    let other = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&other);
    let jobs = jobs.job("other", On::provider("stripe").event("checkout.*"), move |_, _: Body| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(Outcome::Done) }
    });
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(failing.load(Ordering::SeqCst), 3);
    assert_eq!(other.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_hangs_costs_the_jobs_after_it_no_attempt() {
    async fn hangs_once(cx: Context, _: Body) -> JobResult {
        if cx.attempt() == 1 { std::future::pending().await } else { Ok(Outcome::Done) }
    }
    let jobs = Registry::new().job("hangs_once", On::endpoint("*"), hangs_once).job(
        "after",
        On::endpoint("*"),
        |_, _: Body| async { Ok(Outcome::Done) },
    );
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let runs = stack.local.runs(&stack.event().event).expect("memory");
    let attempts: Vec<_> = runs.iter().map(|run| (run.id.job.as_str(), run.attempt)).collect();
    assert_eq!(attempts, [("after", 1), ("hangs_once", 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_moved_back_wakes_its_own_run_only() {
    async fn refuses(_: Context, _: Body) -> JobResult {
        Err(Failure::permanent(ErrorClass::Refused, "look at the record first"))
    }
    let (jobs, calls) = scripted(vec![Err(unavailable()); 4]);
    let stack = Stack::with(jobs.job("refuses", On::endpoint("*"), refuses));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let letters = stack.local.dead_letters().expect("memory");
    let wanted = letters.iter().find(|letter| attribute(letter, "job") == "scripted");
    let body = wanted.expect("a letter of each job").body.clone();
    stack.local.enqueue(body, Vec::new()).await.expect("memory");
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 5);
    let runs = stack.local.runs(&stack.event().event).expect("memory");
    let states: Vec<_> = runs.iter().map(|run| (run.state.name(), run.attempt)).collect();
    assert_eq!(states, [("dead", 1), ("done", 5)]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_whose_job_is_gone_is_dropped_with_a_word() {
    let (jobs, _) = scripted(vec![Err(unavailable()); 4]);
    let mut stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    stack.process.registry = Registry::new().job("renamed", On::endpoint("*"), hangs);
    let logs = Logs::capture();
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    let lines = logs.lines();
    assert_eq!(lines[0]["level"], "WARN", "{}", logs.text());
    assert_eq!(lines[0]["run.job"], "scripted");
    assert_eq!(stack.run().state.name(), "dead");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_kills_its_worker_takes_no_neighbour_along_for_good() {
    let killed = Arc::new(Notify::new());
    let kill = Arc::clone(&killed);
    let deadly = move |_: Context, Json(event): Json<Value>| {
        let kill = Arc::clone(&kill);
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if event["id"] == "evt_3" {
                kill.notify_one();
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Outcome::Done)
        }
    };
    let stack = Stack::with(Registry::new().job("deadly", On::endpoint("*"), deadly));
    for event in 0..6 {
        accept(&stack, &Draft::checkout(&format!("evt_{event}"), "cs_1")).await;
    }
    while stack.local.backlog().expect("memory") > 0 {
        stack.local.wait_for_work(Duration::from_secs(3600)).await.expect("memory");
        let batch = stack.local.receive(10).await.expect("memory");
        let work = join_all(batch.iter().map(|message| stack.work_on(message)));
        // The whole worker is gone with the job that kills it.
        tokio::select! {
            _ = work => {}
            () = killed.notified() => {}
        }
    }
    let mut ends = std::collections::BTreeMap::new();
    for event in stack.local.events().expect("memory") {
        let run = stack.local.runs(&event.event).expect("memory").remove(0);
        let id = event.event_id.expect("an id").to_string();
        ends.insert(id, (run.state.name(), run.attempt));
    }
    assert_eq!(ends.remove("evt_3"), Some(("dead", 5)), "four attempts, and one that is not made");
    for (id, end) in ends {
        assert_eq!(end, ("done", 2), "{id} dies once with the others and then runs alone");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_printed_for_debugging_shows_what_a_sender_wrote() {
    async fn prints(_: Context, delivery: Delivery) -> JobResult {
        let body = Body(delivery.body.clone());
        Ok(Outcome::Ignored(format!("{delivery:?} {body:?}")))
    }
    let stack = Stack::with(Registry::new().job("prints", On::endpoint("*"), prints));
    let draft = Draft::github("marker-in-body").with("X-Token", "marker-in-header");
    let mut origin = draft.origin();
    origin.url.push_str("?token=marker-in-query");
    let sealed = contract::seal(&draft, 1).await;
    let stored = StoredDelivery::parse(sealed.object()).expect("readable");
    accept(&stack, &draft).await;
    stack.drain().await;
    let printed = format!("{:?} {origin:?} {sealed:?} {stored:?}", stack.run().state);
    assert!(printed.contains("body_bytes") && !printed.contains("marker"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn a_reference_stays_under_two_kilobytes() {
    let stack = Stack::with(registry());
    let (id, event_type) = ("i".repeat(256), "t".repeat(256));
    let body = format!(r#"{{"id":"{id}","type":"{event_type}"}}"#);
    accept(&stack, &Draft::stripe("stripe", "whsec_test", &body)).await;
    let message = receive(&stack).await;
    assert!(message.body.len() < 2048, "{}", message.body.len());
}
