//! `hookdock show`, which is also called `inspect`: the account of an event says what happened, where it stopped and what next.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use hookdock_embedded::{Embedded, QueueSettings, TestSystem};
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::job::{ErrorClass, Failure, Registry, result_document};
use hookdock_pipeline::ledger::{
    Claim, DeadReason, DeliveryRecord, EventRef, Run, RunId, Settlement, StepResult,
};
use hookdock_pipeline::model::names::{BodyDigest, CodeVersion, EventKey, Owner};
use hookdock_pipeline::ports::{Archive as _, Conditional, Ledger as _};
use hookdock_pipeline::process::{Process, Received, Settings, Verdict, Worker};
use hookdock_signature::EpochMillis;
use hookdock_tests::contract::seal;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::START;
use redb::{Database, ReadableTable as _, TableDefinition};
use serde_json::Value;

const EVENT: &str = "stripe/evt_1";

/// A folder with the data of an event, as a stack that has stopped leaves it.
struct Data(PathBuf);

impl Data {
    async fn with(
        name: &str,
        fill: impl AsyncFnOnce(&Embedded<TestSystem>, &SealedDelivery),
    ) -> Self {
        Self::of(&Draft::checkout("evt_1", "cs_1"), name, fill).await
    }

    async fn of(
        draft: &Draft,
        name: &str,
        fill: impl AsyncFnOnce(&Embedded<TestSystem>, &SealedDelivery),
    ) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("inspect-{name}"));
        drop(std::fs::remove_dir_all(&folder));
        let system = TestSystem::starting_at(START);
        let local = Embedded::on_disk(&folder, system, QueueSettings::default()).expect("a disk");
        let sealed = seal(draft, 1).await;
        local.put(&sealed).await.expect("stored");
        fill(&local, &sealed).await;
        Self(folder)
    }

    fn inspect(&self, event: &str, flags: &[&str]) -> Output {
        let folder = self.0.to_str().expect("a path");
        hookdock(&[&["inspect", event, "--data", folder], flags].concat())
    }

    /// Replaces a text in every stored object, behind the back of the tool.
    fn alter(&self, from: &str, to: &str) {
        let objects = TableDefinition::<&str, &[u8]>::new("objects");
        let database = Database::create(self.0.join("hookdock.redb")).expect("a database");
        let transaction = database.begin_write().expect("a database");
        {
            let mut table = transaction.open_table(objects).expect("a table");
            let stored: Vec<_> = table
                .iter()
                .expect("a table")
                .map(|entry| entry.expect("an entry"))
                .map(|(key, value)| (key.value().to_owned(), value.value().to_vec()))
                .collect();
            for (key, value) in stored {
                let altered = String::from_utf8(value).expect("JSON").replace(from, to);
                table.insert(&*key, altered.as_bytes()).expect("a table");
            }
        }
        transaction.commit().expect("a database");
    }

    fn account(&self, event: &str) -> (String, Value) {
        let text = self.inspect(event, &[]);
        assert!(text.status.success(), "{text:?}");
        let json = self.inspect(event, &["--json"]).stdout;
        let json = serde_json::from_slice(&json).expect("JSON");
        (String::from_utf8(text.stdout).expect("text"), json)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn hookdock(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hookdock")).args(arguments).output().expect("it runs")
}

fn after(seconds: u64) -> EpochMillis {
    START.plus(Duration::from_secs(seconds))
}

fn claim(now: EpochMillis, owner: u128) -> Claim {
    Claim {
        owner: Owner::new(owner),
        code: CodeVersion::of_this_package(),
        now,
        lease_until: now.plus(Duration::from_secs(62)),
        generation: 0,
        restart: None,
    }
}

async fn claimed(local: &Embedded<TestSystem>, sealed: &SealedDelivery) -> Run {
    let reference = sealed.reference();
    let delivery = DeliveryRecord {
        reference: reference.clone(),
        jobs: Vec::new(),
        ignored: None,
        recorded_at: START,
    };
    local.record_delivery(&delivery).await.expect("recorded");
    let id = RunId { event: EventRef::of(reference), job: "fulfil_order".parse().expect("a name") };
    let run = Run::opened(id, &claim(START, 1));
    assert_eq!(local.create(&run).await.expect("a disk"), Conditional::Written);
    run
}

async fn write(local: &Embedded<TestSystem>, from: &Run, to: Run) -> Run {
    assert_eq!(
        local.compare_and_swap(&from.fence(), &to).await.expect("a disk"),
        Conditional::Written
    );
    to
}

fn unavailable() -> Failure {
    Failure::transient(ErrorClass::Unavailable, "the CRM does not answer")
}

#[tokio::test]
async fn a_worker_that_died_in_a_step_shows_where_it_stopped_and_who_goes_on() {
    let data = Data::with("died", async |local, sealed| {
        let run = claimed(local, sealed).await;
        let (order, mail) = ("order".parse().expect("a name"), "mail".parse().expect("a name"));
        let begun = write(local, &run, run.step_begun(&order, after(1))).await;
        let marker = StepResult::Inline(r#"{"secret":"marker"}"#.to_owned());
        let saved = begun.step_saved(&order, marker, after(2));
        let saved = write(local, &begun, saved).await;
        let died = write(local, &saved, saved.step_begun(&mail, after(3))).await;
        let next = died.claimed(&claim(after(62), 2)).expect("the lease is over");
        write(local, &died, next).await;
    })
    .await;
    let (text, json) = data.account(EVENT);
    for line in [
        "stripe  checkout.session.completed  evt_1",
        "sent by stripe, one delivery",
        "2027-01-15 08:00:00.000Z  received  dlv_",
        "verified  hmac-sha256, secret",
        "stored    deliveries/stripe/2027/01/15/08/dlv_",
        "job fulfil_order  ▸ running",
        "2027-01-15 08:00:02.000Z            step order  saved",
        "2027-01-15 08:00:03.000Z            step mail  UNKNOWN: begun, and nothing was reported",
        "2027-01-15 08:01:02.000Z  attempt 2",
        "another takes over when its message is visible again, at",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let run = &json["runs"][0];
    assert_eq!(run["steps"][1]["state"], "unknown");
    assert_eq!(run["attempts"][0]["ended_at"], Value::Null);
    assert_eq!(run["next"]["what"], "take_over");
    assert!(run["next"]["from"].is_string());
    assert!(!format!("{text}{json}").contains("marker"), "what steps yield is business");
}

#[tokio::test]
async fn a_step_whose_failure_was_reported_has_failed_and_is_not_unknown() {
    let data = Data::with("failed", async |local, sealed| {
        let run = claimed(local, sealed).await;
        let mail = "mail".parse().expect("a name");
        let begun = write(local, &run, run.step_begun(&mail, after(1))).await;
        let failed = begun.settled(Settlement::Retry(after(60), unavailable()), None, after(2));
        write(local, &begun, failed).await;
    })
    .await;
    let (text, json) = data.account(EVENT);
    assert!(text.contains("2027-01-15 08:00:01.000Z            step mail  failed\n"), "{text}");
    assert!(text.contains("failed at step mail, unavailable: the CRM does not answer"), "{text}");
    assert!(!text.contains("UNKNOWN"), "{text}");
    assert_eq!(json["runs"][0]["steps"][0]["state"], "failed");
}

#[tokio::test]
async fn a_step_is_unknown_only_if_its_worker_said_nothing() {
    let put_off = || Settlement::Defer(after(60), "the CRM is down".to_owned());
    let retry = || Settlement::Retry(after(60), unavailable());
    for (settlement, further, state) in [
        (put_off(), None, "put_off"),
        (retry(), Some("mail"), "unfinished"),
        (put_off(), Some("mail"), "unfinished"),
    ] {
        let data = Data::with("reported", async |local, sealed| {
            let mut run = claimed(local, sealed).await;
            for step in ["crm"].into_iter().chain(further) {
                let step = step.parse().expect("a name");
                run = write(local, &run, run.step_begun(&step, after(1))).await;
            }
            write(local, &run, run.settled(settlement, None, after(2))).await;
        })
        .await;
        let (text, json) = data.account(EVENT);
        assert_eq!(json["runs"][0]["steps"][0]["state"], state, "{text}");
        assert!(!text.contains("UNKNOWN"), "{text}");
    }
}

#[tokio::test]
async fn a_direct_event_is_found_by_its_delivery() {
    let mut name = String::new();
    let data = Data::with("direct", async |local, _| {
        let mut draft = Draft::github("{}");
        "/webhooks/direct".clone_into(&mut draft.path);
        let sealed = seal(&draft, 3).await;
        local.put_once(&sealed).await.expect("stored");
        name = format!("direct/{}", sealed.reference().delivery_id);
    })
    .await;
    let (text, _) = data.account(&name);
    assert!(text.contains("stored    direct/"), "{text}");
    assert!(text.contains("Direct: no job runs."), "{text}");
}

#[tokio::test]
async fn a_stored_body_that_was_altered_is_told_apart() {
    let data = Data::with("altered", async |local, sealed| {
        claimed(local, sealed).await;
    })
    .await;
    let (text, json) = data.account(EVENT);
    assert!(!text.contains("ALTERED"), "{text}");
    assert_eq!(json["delivery"]["altered"], false);
    data.alter("cs_1", "cs_2");
    let (text, json) = data.account(EVENT);
    assert!(text.contains("  ALTERED: the stored body does not have the digest "), "{text}");
    assert_eq!(json["delivery"]["altered"], true);
}

#[tokio::test]
async fn a_body_that_was_altered_with_its_digest_is_told_apart_by_the_ledger() {
    let mut digest = String::new();
    let data = Data::with("altered-whole", async |local, sealed| {
        claimed(local, sealed).await;
        digest = sealed.reference().sha256.to_string();
    })
    .await;
    let body = Draft::checkout("evt_1", "cs_1").body;
    let body = String::from_utf8(body.to_vec()).expect("JSON").replace("cs_1", "cs_2");
    data.alter("cs_1", "cs_2");
    data.alter(&digest, &BodyDigest::of(body.as_bytes()).to_string());
    let (text, json) = data.account(EVENT);
    assert!(text.contains("  ALTERED: the stored body does not have the digest "), "{text}");
    assert_eq!(json["delivery"]["altered"], true);
}

/// The part of the text that begins there.
fn part<'a>(text: &'a str, from: &str) -> &'a str {
    let begin = text.find(from).unwrap_or_else(|| panic!("{from:?} is not in\n{text}"));
    text.get(begin..).expect("where it was found")
}

#[tokio::test]
async fn what_attempts_saved_that_are_no_longer_listed_comes_before_those_that_are() {
    let data = Data::with("early", async |local, sealed| {
        let mut run = claimed(local, sealed).await;
        let order = "order".parse().expect("a name");
        let yielded = StepResult::Inline("7".to_owned());
        run = write(local, &run, run.step_begun(&order, after(1))).await;
        run = write(local, &run, run.step_saved(&order, yielded, after(2))).await;
        for second in 3..14 {
            let due = after(second);
            run = write(local, &run, run.settled(Settlement::Retry(due, unavailable()), None, due))
                .await;
            let next = run.claimed(&claim(due, second.into())).expect("it is due");
            run = write(local, &run, next).await;
        }
    })
    .await;
    let (text, json) = data.account(EVENT);
    assert_eq!(json["runs"][0]["attempts"].as_array().map(Vec::len), Some(10));
    assert_eq!(json["runs"][0]["attempts_counted"], 12);
    let job: Vec<_> = part(&text, "job fulfil_order").lines().take(3).collect();
    assert_eq!(job[0], "job fulfil_order  ▸ running");
    assert_eq!(job[1], "  2027-01-15 08:00:02.000Z            step order  saved");
    assert!(job[2].starts_with("  2027-01-15 08:00:04.000Z  attempt 3  by code "), "{text}");
    assert!(!text.contains("attempt 2 "), "{text}");
}

#[tokio::test]
async fn a_result_that_is_a_document_is_named() {
    let mut name = String::new();
    let data = Data::with("document", async |local, sealed| {
        let run = claimed(local, sealed).await;
        let step = "report".parse().expect("a name");
        let sha256 = BodyDigest::of(b"a large result");
        name = format!("documents/{}", result_document(&run.id, &step, &sha256));
        let kept = StepResult::Kept { sha256, bytes: 20_000 };
        let begun = write(local, &run, run.step_begun(&step, after(1))).await;
        write(local, &begun, begun.step_saved(&step, kept, after(2))).await;
    })
    .await;
    let (text, json) = data.account(EVENT);
    assert!(text.contains(&format!("step report  saved, in {name}\n")), "{text}");
    assert_eq!(json["runs"][0]["steps"][0]["document"], name);
}

#[tokio::test]
async fn a_request_with_several_events_names_each_and_how_to_ask_for_it() {
    let (mut name, mut keys) = (String::new(), Vec::new());
    let draft = Draft::payments(&["EV1", "EV2"]);
    let data = Data::of(&draft, "batch", async |_, sealed| {
        name = format!("payments/{}", sealed.reference().delivery_id);
        let stored = StoredDelivery::parse(sealed.object()).expect("readable");
        keys.extend(stored.items.iter().map(|item| item.event.key.to_string()));
    })
    .await;
    let (text, json) = data.account(&name);
    assert!(text.starts_with("payments  a request with 2 events\n"), "{text}");
    let lines: Vec<_> = part(&text, "  hookdock show").lines().collect();
    assert_eq!(
        lines,
        [
            format!("  hookdock show payments/{}  payments.confirmed  EV1", keys[0]),
            format!("  hookdock show payments/{}  payments.confirmed  EV2", keys[1]),
        ]
    );
    assert_eq!(json["delivery"]["events"][1]["id"], "EV2");
}

#[tokio::test]
async fn each_way_of_ending_says_why_and_what_comes_next() {
    let due = after(300);
    for (settlement, state, next) in [
        (Settlement::Done, "✓ done", "nothing, it has ended"),
        (
            Settlement::Ignored("not paid".to_owned()),
            "○ ignored: not paid",
            "nothing, it has ended",
        ),
        (
            Settlement::Retry(due, unavailable()),
            "↻ retrying",
            "another attempt, not before 2027-01-15 08:05:00.000Z",
        ),
        (
            Settlement::Defer(due, "the shop is closed".to_owned()),
            "‖ waiting: the shop is closed",
            "another attempt, not before 2027-01-15 08:05:00.000Z",
        ),
        (
            Settlement::Defer(due, "held back: crm is left alone, it was timed_out".to_owned()),
            "‖ waiting: held back: crm is left alone, it was timed_out",
            "another attempt, not before 2027-01-15 08:05:00.000Z",
        ),
        (
            Settlement::Ignored("superseded by stripe/9f86d0".to_owned()),
            "○ ignored: superseded by stripe/9f86d0",
            "nothing, it has ended",
        ),
        (
            Settlement::Dead(DeadReason::Permanent, unavailable()),
            "✗ dead: permanent",
            "its dead letter will be sent",
        ),
    ] {
        let failed = matches!(settlement, Settlement::Retry(..) | Settlement::Dead(..));
        let data = Data::with("ends", async |local, sealed| {
            let run = claimed(local, sealed).await;
            write(local, &run, run.settled(settlement, None, after(1))).await;
        })
        .await;
        let (text, json) = data.account(EVENT);
        assert!(text.contains(&format!("job fulfil_order  {state}\n")), "{state}\n{text}");
        assert!(text.contains(&format!("next: {next}")), "{next}\n{text}");
        let failure = "failed, unavailable: the CRM does not answer";
        assert_eq!(text.contains(failure), failed, "{text}");
        assert_eq!(json["version"], 2);
    }
}

#[tokio::test]
async fn an_event_is_found_by_its_id_its_key_and_any_of_its_deliveries() {
    let mut names = Vec::new();
    let data = Data::with("names", async |local, sealed| {
        claimed(local, sealed).await;
        let reference = sealed.reference();
        names.push(format!("stripe/{}", reference.event_key));
        names.push(format!("stripe/{}", reference.delivery_id));
    })
    .await;
    let (expected, _) = data.account(EVENT);
    for name in names {
        assert_eq!(data.account(&name).0, expected, "{name}");
    }
}

#[tokio::test]
async fn a_delivery_that_came_in_its_message_is_found_in_its_pack() {
    let mut names = vec!["small/evt_7".to_owned()];
    let data = Data::with("packed", async |local, _| {
        let sealed = seal(&Draft::small_checkout("evt_7", "cs_7"), 7).await;
        let process = Process {
            deliveries: local.clone(),
            messages: local.clone(),
            ledger: local.clone(),
            system: TestSystem::starting_at(START),
            effects: local.effects(),
            registry: Registry::new(),
            settings: Settings::default(),
            worker: Worker::default(),
        };
        let message = Received {
            body: sealed.message().to_owned(),
            receipt: String::new(),
            receives: 1,
            sent_at: START,
            deadline: after(60),
        };
        assert_eq!(process.one(&message).await, Verdict::Finished);
        names.push(format!("small/{}", sealed.reference().event_key));
        names.push(format!("small/{}", sealed.reference().delivery_id));
    })
    .await;
    for name in names {
        let (text, json) = data.account(&name);
        assert!(text.contains("stored    archive/2027/01/15/08/dlv_"), "{name}: {text}");
        assert_eq!(json["delivery"]["body_bytes"], 162, "{name}");
    }
}

#[tokio::test]
async fn a_delivery_that_no_worker_has_seen_is_told_as_stored_and_not_processed() {
    let (mut name, mut key) = (String::new(), String::new());
    let data = Data::with("unseen", async |_, sealed| {
        name = format!("stripe/{}", sealed.reference().delivery_id);
        key = format!("stripe/{}", sealed.reference().event_key);
    })
    .await;
    for name in [name, key, EVENT.to_owned()] {
        let (text, json) = data.account(&name);
        assert!(text.starts_with("stripe  not processed yet\n"), "{name}: {text}");
        assert!(text.contains("No worker has taken it yet"), "{text}");
        assert_eq!(json["deliveries"], 0);
        assert_eq!(json["state"], "queued");
    }
}

#[tokio::test]
async fn what_is_not_known_is_said_with_what_to_try_instead() {
    let data = Data::with("unknown", async |_, _| {}).await;
    let key = EventKey::of(&[b"x"]);
    for (event, words) in [
        ("stripe/evt_2", "is known at stripe\n  why   a provider's id is found where"),
        (&format!("stripe/{key}"), "the ledger has no such key"),
        ("evt_1", "name the endpoint too"),
    ] {
        let output = data.inspect(event, &[]);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words), "{said}");
    }
    let nowhere = hookdock(&["inspect", EVENT, "--data", "/nonexistent"]);
    let said = String::from_utf8_lossy(&nowhere.stderr).into_owned();
    assert!(said.contains("/nonexistent holds no data of hookdock dev"), "{said}");
    let unsaid = hookdock(&["inspect", EVENT, "--runtime-dir", "/nonexistent"]);
    assert!(String::from_utf8_lossy(&unsaid.stderr).contains("say where to look"));
}
