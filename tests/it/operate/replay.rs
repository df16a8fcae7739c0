//! Replays: what was counted is what runs, each of it once, whoever dies when.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hookdock_embedded::TestSystem;
use hookdock_operate::ports::Place;
use hookdock_operate::{
    Act, Code, Filters, Operator, Order, Outcome, Pace, Phase, PlanOrder, Progress, ReportLine,
    Turn, TurnOrder,
};
use hookdock_pipeline::job::{
    Context, ErrorClass, Failure, JobResult, On, Outcome as Ended, Registry,
};
use hookdock_pipeline::ledger::{Run, RunState};
use hookdock_pipeline::model::names::OperationId;
use hookdock_pipeline::model::restart::{Effects, Mode};
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use super::mortal::{Last, Mortal};
use super::{SECOND, of};
use crate::scripts::{accept, scripted, unavailable};

type Calls = Arc<AtomicU32>;

fn refused() -> Failure {
    Failure::permanent(ErrorClass::Refused, "no such customer")
}

/// So many events whose runs are dead, and whose job then does as scripted.
async fn dead(events: u32, then: Vec<JobResult>) -> (Stack, Calls) {
    let mut script: Vec<JobResult> = (0..events).map(|_| Err(refused())).collect();
    script.extend(then);
    let (jobs, calls) = scripted(script);
    let stack = Stack::with(jobs);
    for number in 0..events {
        accept(&stack, &Draft::checkout(&format!("evt_{number}"), &format!("cs_{number}"))).await;
    }
    stack.drain().await;
    (stack, calls)
}

fn filters(state: &str) -> Filters {
    Filters { state: Some(state.to_owned()), ..Filters::default() }
}

fn order(selection: Filters, mode: Mode) -> PlanOrder {
    let reason = "the CRM is back".to_owned();
    PlanOrder { selection, mode, effects: Effects::Same, job_added: None, reason }
}

async fn planned(stack: &Stack, order: PlanOrder) -> (OperationId, Progress) {
    let planned = of(stack).plan(order).await.expect("a plan");
    (planned.plan.id.parse().expect("an id"), planned)
}

async fn begin(stack: &Stack, id: &OperationId, items: u64, pace: Pace) {
    let order = TurnOrder { confirm: Some(items), pace: Some(pace), ..TurnOrder::default() };
    of(stack).turn(id, Turn::Run, &order).await.expect("begun");
}

/// An act on an event, however it is by now.
fn anybody(act: Act, name: &str) -> Order {
    Order {
        act,
        target: name.parse().expect("a name"),
        tenant: None,
        job: None,
        reason: Some("a test".to_owned()),
        etag: "*".to_owned(),
    }
}

/// Drives it, with workers beside it, until it stands still.
async fn driven<P: Place>(
    stack: &Stack,
    operator: &Operator<P, TestSystem>,
    id: &OperationId,
) -> Progress {
    let mut seconds = 0;
    loop {
        let progress = operator.drive(id, "a driver").await.expect("driven");
        if !matches!(progress.phase, Phase::Canary | Phase::Running) {
            return progress;
        }
        seconds += 1;
        assert!(seconds < 600, "it does not end");
        stack.work_for(SECOND).await;
    }
}

fn runs(stack: &Stack) -> Vec<Run> {
    let events = stack.local.events().expect("memory");
    events.iter().flat_map(|event| stack.local.runs(&event.event()).expect("memory")).collect()
}

async fn outcomes(stack: &Stack, id: &OperationId) -> BTreeMap<Outcome, u64> {
    let report: Vec<ReportLine> = of(stack).report_of(id, None).await.expect("a report");
    let mut items: Vec<u64> = report.iter().map(|line| line.item).collect();
    items.dedup();
    assert_eq!(items.len(), report.len(), "each item has one outcome");
    let mut counts = BTreeMap::new();
    report.iter().for_each(|line| *counts.entry(line.outcome).or_default() += 1);
    counts
}

#[tokio::test(start_paused = true)]
async fn a_plan_counts_what_is_meant_and_sets_nothing_going() {
    let (stack, calls) = dead(3, vec![]).await;
    let (_, planned) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    assert_eq!((planned.phase, planned.plan.items, planned.left), (Phase::Planned, 3, 3));
    assert_eq!(planned.plan.states, BTreeMap::from([("dead".to_owned(), 3)]));
    assert_eq!(planned.plan.endpoints, BTreeMap::from([("stripe".to_owned(), 3)]));
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    let (_, none) = self::planned(&stack, order(filters("done"), Mode::Resume)).await;
    assert_eq!(none.plan.items, 0);
}

#[tokio::test(start_paused = true)]
async fn all_that_was_planned_runs_once_and_each_item_has_one_outcome() {
    let (stack, calls) = dead(25, vec![]).await;
    let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    begin(&stack, &id, 25, Pace::default()).await;
    let ended = driven(&stack, &of(&stack), &id).await;
    assert_eq!((ended.phase, ended.left, ended.open), (Phase::Finished, 0, 0));
    assert_eq!(ended.outcomes, BTreeMap::from([(Outcome::Done, 25)]));
    assert_eq!(outcomes(&stack, &id).await, BTreeMap::from([(Outcome::Done, 25)]));
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 50, "their dead letters do nothing any more");
    let all = runs(&stack);
    assert!(all.iter().all(|run| run.state == RunState::Done && run.generation == 1));
    assert!(all.iter().all(|run| run.operation.as_ref() == Some(&id)));
    let listed = of(&stack).operations(10).await.expect("a list");
    assert_eq!(listed, [ended]);
}

#[tokio::test(start_paused = true)]
async fn the_first_goes_alone_and_stops_the_others_unless_it_is_done() {
    for (then, why) in [
        (vec![Err(refused()); 9], "the first was not done: dead"),
        (vec![Err(unavailable()); 9], "the first was not done: failed_once"),
    ] {
        let (stack, calls) = dead(5, then).await;
        let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
        begin(&stack, &id, 5, Pace::default()).await;
        let paused = driven(&stack, &of(&stack), &id).await;
        assert_eq!((paused.phase, paused.why.as_deref()), (Phase::Paused, Some(why)));
        assert_eq!((paused.left, calls.load(Ordering::SeqCst)), (4, 6), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_proves_nothing_lets_the_next_go_first() {
    let then = vec![Ok(Ended::Ignored("nothing to do".to_owned())), Err(refused())];
    let (stack, _) = dead(4, then).await;
    let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    begin(&stack, &id, 4, Pace::default()).await;
    let paused = driven(&stack, &of(&stack), &id).await;
    assert_eq!((paused.phase, paused.left), (Phase::Paused, 2));
    of(&stack).turn(&id, Turn::Continue, &TurnOrder::default()).await.expect("continued");
    let ended = driven(&stack, &of(&stack), &id).await;
    let expected = [(Outcome::Done, 2), (Outcome::Ignored, 1), (Outcome::Dead, 1)];
    assert_eq!(ended.outcomes, BTreeMap::from(expected));
}

#[tokio::test(start_paused = true)]
async fn too_many_failures_stop_it_and_whoever_continues_has_seen_them() {
    let mut then = vec![Ok(Ended::Done)];
    then.extend(vec![Err(refused()); 8]);
    let (stack, calls) = dead(30, then).await;
    let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    begin(&stack, &id, 30, Pace { in_flight: 2, ..Pace::default() }).await;
    let paused = driven(&stack, &of(&stack), &id).await;
    assert_eq!(paused.phase, Phase::Paused);
    assert!(calls.load(Ordering::SeqCst) <= 30 + 1 + 5 + 2, "{:?}", paused.why);
    of(&stack).turn(&id, Turn::Continue, &TurnOrder::default()).await.expect("continued");
    assert_eq!(driven(&stack, &of(&stack), &id).await.phase, Phase::Finished);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_changed_since_it_was_counted_is_left_alone() {
    let (stack, calls) = dead(3, vec![]).await;
    let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    of(&stack).act(&anybody(Act::Retry, "stripe/evt_0")).await.expect("done");
    stack.drain().await;
    of(&stack).act(&anybody(Act::Dismiss, "stripe/evt_1")).await.expect("done");
    of(&stack).act(&anybody(Act::Restore, "stripe/evt_1")).await.expect("done");
    begin(&stack, &id, 3, Pace { canary: false, ..Pace::default() }).await;
    of(&stack).drive(&id, "a driver").await.expect("driven");
    assert_eq!(stack.local.backlog().expect("memory"), 1, "nothing is sent for the others");
    let ended = driven(&stack, &of(&stack), &id).await;
    assert_eq!(ended.outcomes, BTreeMap::from([(Outcome::Changed, 2), (Outcome::Done, 1)]));
    assert_eq!(calls.load(Ordering::SeqCst), 3 + 1 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_body_is_gone_is_told_and_nothing_is_sent() {
    let (stack, calls) = dead(2, vec![]).await;
    let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    let record = stack.local.events().expect("memory").remove(0);
    let (object, _) =
        hookdock_pipeline::lookup::find(&stack.local, &record.endpoint, &record.first_delivery)
            .await
            .expect("memory")
            .expect("it is there");
    stack.local.expire(&object).await.expect("memory");
    begin(&stack, &id, 2, Pace::default()).await;
    let ended = driven(&stack, &of(&stack), &id).await;
    assert_eq!(ended.outcomes, BTreeMap::from([(Outcome::BodyGone, 1), (Outcome::Done, 1)]));
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

/// A job with two steps, which notes the effect key of each that it does.
fn two_steps(keys: &Arc<std::sync::Mutex<Vec<String>>>, fails: u32) -> Registry {
    let (keys, calls) = (Arc::clone(keys), Arc::new(AtomicU32::new(0)));
    let job = move |cx: Context, (): ()| {
        let (keys, calls) = (Arc::clone(&keys), Arc::clone(&calls));
        async move {
            let note = |name: &'static str| {
                let (cx, keys) = (cx.clone(), Arc::clone(&keys));
                async move {
                    cx.step(name, async |step| {
                        keys.lock().expect("a lock").push(format!("{name} {}", step.effect_key()));
                        Ok(())
                    })
                    .await
                }
            };
            note("charge").await?;
            if calls.fetch_add(1, Ordering::SeqCst) < fails {
                return Err(refused());
            }
            note("tell").await?;
            Ok(Ended::Done)
        }
    };
    Registry::new().job("scripted", On::endpoint("*"), job)
}

/// The steps that are done, before and after a replay in that mode; and how many keys they have.
async fn steps_done(fails: u32, state: &str, mode: Mode, effects: Effects) -> (Vec<String>, usize) {
    let keys = Arc::default();
    let stack = Stack::with(two_steps(&keys, fails));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let (id, progress) =
        planned(&stack, PlanOrder { effects, ..order(filters(state), mode) }).await;
    begin(&stack, &id, progress.plan.items, Pace::default()).await;
    driven(&stack, &of(&stack), &id).await;
    stack.drain().await;
    let keys = keys.lock().expect("a lock").clone();
    let names = keys.iter().map(|key| key.split(' ').next().expect("a name").to_owned()).collect();
    (names, keys.iter().collect::<std::collections::BTreeSet<_>>().len())
}

#[tokio::test(start_paused = true)]
async fn a_mode_says_which_steps_are_done_again_and_under_which_keys() {
    for (fails, state, mode, effects, names, keys) in [
        (1, "dead", Mode::Resume, Effects::Same, "charge tell", 2),
        (1, "dead", Mode::StartOver, Effects::Same, "charge charge tell", 2),
        (1, "dead", Mode::StartOver, Effects::New, "charge charge tell", 3),
        (0, "done", Mode::Resume, Effects::Same, "charge tell", 2),
        (0, "done", Mode::Again, Effects::Same, "charge tell charge tell", 2),
        (0, "done", Mode::Again, Effects::New, "charge tell charge tell", 4),
    ] {
        let (done, distinct) = steps_done(fails, state, mode, effects).await;
        assert_eq!(
            (done.join(" ").as_str(), distinct),
            (names, keys),
            "{state} {mode:?} {effects:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn events_for_which_there_was_no_job_run_once_there_is_one() {
    let mut stack = Stack::with(Registry::new());
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let (jobs, calls) = scripted(vec![]);
    stack.process.registry = jobs;
    let (id, progress) = planned(&stack, order(filters("ignored"), Mode::Resume)).await;
    assert_eq!(progress.plan.items, 1);
    begin(&stack, &id, 1, Pace::default()).await;
    let ended = driven(&stack, &of(&stack), &id).await;
    assert_eq!(ended.outcomes, BTreeMap::from([(Outcome::Sent, 1)]));
    stack.drain().await;
    assert_eq!((stack.run().state, calls.load(Ordering::SeqCst)), (RunState::Done, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_added_later_runs_for_the_events_of_before() {
    let (jobs, calls) = scripted(vec![]);
    let mut stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    async fn added(_: Context, (): ()) -> JobResult {
        Ok(Ended::Done)
    }
    let registry = std::mem::take(&mut stack.process.registry);
    stack.process.registry = registry.job("added", On::endpoint("*"), added);
    let job_added = Some("added".to_owned());
    let asked = PlanOrder { job_added, ..order(filters("done"), Mode::Resume) };
    let (id, progress) = planned(&stack, asked).await;
    assert_eq!(progress.plan.items, 1);
    begin(&stack, &id, 1, Pace::default()).await;
    let ended = driven(&stack, &of(&stack), &id).await;
    assert_eq!(ended.outcomes, BTreeMap::from([(Outcome::Done, 1)]));
    assert_eq!((runs(&stack).len(), calls.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn wherever_its_driver_dies_another_goes_on_and_each_run_is_set_going_once() {
    for (last, canary) in
        [(Last::Without, true), (Last::With, true), (Last::Without, false), (Last::With, false)]
    {
        let expected = BTreeMap::from([(Outcome::Changed, 1), (Outcome::Done, 3)]);
        for calls in 1.. {
            let (stack, attempts) = dead(4, vec![]).await;
            let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
            // One is skipped between two that are sent.
            for act in [Act::Dismiss, Act::Restore] {
                of(&stack).act(&anybody(act, "stripe/evt_2")).await.expect("done");
            }
            begin(&stack, &id, 4, Pace { canary, ..Pace::default() }).await;
            let place = Mortal::new(stack.local.clone(), calls, last);
            let mortal = Operator { place: place.clone(), ..of_mortal(&stack) };
            while mortal
                .drive(&id, "the first")
                .await
                .is_ok_and(|progress| progress.open > 0 || progress.left > 0)
            {
                stack.work_for(SECOND).await;
            }
            if !place.is_dead() {
                break;
            }
            stack.work_for(SECOND * 61).await;
            let continued = of(&stack).turn(&id, Turn::Continue, &TurnOrder::default()).await;
            if let Err(trouble) = continued {
                assert_eq!(trouble.code, Code::NothingToDo, "it was finished by then");
            }
            let ended = driven(&stack, &of(&stack), &id).await;
            let at = format!("dies at call {calls}, {last:?}, canary: {canary}");
            assert_eq!((ended.phase, ended.outcomes), (Phase::Finished, expected.clone()), "{at}");
            assert_eq!(outcomes(&stack, &id).await, expected, "{at}");
            stack.local.redrive().await.expect("memory");
            stack.drain().await;
            assert_eq!(attempts.load(Ordering::SeqCst), 7, "{at}");
            assert!(runs(&stack).iter().all(|run| run.generation == 1), "{at}");
        }
    }
}

fn of_mortal(stack: &Stack) -> Operator<Mortal, TestSystem> {
    let operator = of(stack);
    Operator {
        place: Mortal::new(stack.local.clone(), 0, Last::Without),
        name: operator.name,
        actor: operator.actor,
        configured: operator.configured,
        system: operator.system,
    }
}

#[tokio::test(start_paused = true)]
async fn two_plans_of_the_same_runs_set_each_going_once() {
    let (stack, calls) = dead(6, vec![]).await;
    let (one, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    let (other, _) = planned(&stack, order(filters("dead"), Mode::StartOver)).await;
    let pace = Pace { canary: false, ..Pace::default() };
    begin(&stack, &one, 6, pace.clone()).await;
    begin(&stack, &other, 6, pace).await;
    of(&stack).drive(&one, "anna").await.expect("driven");
    of(&stack).drive(&other, "ben").await.expect("driven");
    stack.drain().await;
    for (id, driver) in [(&one, "anna"), (&other, "ben")] {
        for _ in 0..20 {
            of(&stack).drive(id, driver).await.expect("driven");
            stack.work_for(SECOND).await;
        }
    }
    assert_eq!(calls.load(Ordering::SeqCst), 12);
    assert!(runs(&stack).iter().all(|run| run.generation == 1));
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_driven_by_one_and_begun_by_whoever_types_its_number_in_time() {
    let (stack, _) = dead(2, vec![]).await;
    let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    let turn = async |turn, order: TurnOrder| of(&stack).turn(&id, turn, &order).await;
    let confirm = |items| TurnOrder { confirm: Some(items), ..TurnOrder::default() };
    let code =
        |result: Result<Progress, hookdock_operate::Trouble>| result.expect_err("refused").code;
    assert_eq!(code(turn(Turn::Run, confirm(3)).await), Code::ConfirmMismatch);
    assert_eq!(code(turn(Turn::Pause, confirm(2)).await), Code::NothingToDo);
    turn(Turn::Run, confirm(2)).await.expect("begun");
    assert_eq!(code(turn(Turn::Run, confirm(2)).await), Code::NothingToDo);
    of(&stack).drive(&id, "anna").await.expect("driven");
    assert_eq!(code(of(&stack).drive(&id, "ben").await), Code::PlanTaken);
    assert_eq!(code(turn(Turn::Continue, confirm(2)).await), Code::PlanTaken);
    let cancelled = turn(Turn::Cancel, confirm(2)).await.expect("cancelled");
    assert_eq!((cancelled.phase, cancelled.left), (Phase::Cancelled, 0));
    stack.work_for(SECOND).await;
    let watched = of(&stack).drive(&id, "ben").await.expect("watched");
    assert_eq!(watched.outcomes, BTreeMap::from([(Outcome::Done, 1)]), "what was sent runs");

    let (old, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    stack.work_for(Duration::from_secs(25 * 3600)).await;
    let late = of(&stack).turn(&old, Turn::Run, &confirm(1)).await;
    assert_eq!(code(late), Code::PlanExpired);
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_everything_or_for_no_reason_is_refused() {
    let (stack, _) = dead(1, vec![]).await;
    let everything = order(Filters::default(), Mode::Resume);
    let silent = PlanOrder { reason: "  ".to_owned(), ..order(filters("dead"), Mode::Resume) };
    let keys = PlanOrder { effects: Effects::New, ..order(filters("dead"), Mode::Resume) };
    for (order, code) in
        [(everything, Code::SelectionEmpty), (silent, Code::BadRequest), (keys, Code::BadRequest)]
    {
        assert_eq!(of(&stack).plan(order).await.expect_err("refused").code, code);
    }
}

#[tokio::test(start_paused = true)]
async fn it_keeps_its_pace_and_lets_live_events_go_first() {
    let (stack, _) = dead(10, vec![]).await;
    let (id, _) = planned(&stack, order(filters("dead"), Mode::Resume)).await;
    begin(&stack, &id, 10, Pace { per_minute: 60, canary: false, ..Pace::default() }).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(of(&stack).drive(&id, "anna").await.expect("driven").open);
        stack.system.sleep(SECOND).await;
    }
    assert!(open.windows(2).all(|pair| pair[1] - pair[0] <= 1), "{open:?}");
    for number in 0..501 {
        stack.local.enqueue(format!("message {number}"), Vec::new()).await.expect("memory");
    }
    stack.system.sleep(SECOND * 60).await;
    let before = of(&stack).operation(&id).await.expect("known").left;
    assert_eq!(of(&stack).drive(&id, "anna").await.expect("driven").left, before);
}
