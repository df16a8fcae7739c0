//! What a check of jobs finds, one bad job for each kind of fault, and that it lets good ones be.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookdock_embedded::{Embedded, TestSystem};
use hookdock_pipeline::job::{
    Context, Effects, ErrorClass, Failure, Handler, JobResult, LARGEST_RESULT_BYTES, On, Outcome,
    Registry,
};
use hookdock_pipeline::ledger::{Fence, Run};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Ledger, Record};
use hookdock_pipeline::testing::{Conformance, Example, Intercepted, Interceptor, Passed, Report};
use hookdock_tests::outside::Outside;
use http::Request;
use serde_json::json;

fn world() -> (Embedded<TestSystem>, Effects) {
    let (local, effects) = Embedded::fresh();
    (local, Effects { web: Some(Arc::new(Outside::default())), ..effects })
}

fn check_of<H: Handler<()>>(job: H) -> Conformance {
    let registry = Registry::new().job("a_job", On::provider("stripe"), job);
    Conformance::of(registry, Example::of("stripe", "invoice.paid", "{}"))
}

async fn check<H: Handler<()>>(job: H) -> Result<Passed, Report> {
    check_of(job).check(world).await
}

/// The check finds this, in these words.
async fn finds<H: Handler<()>>(job: H, words: &str) {
    let report = check(job).await.expect_err("it is found").to_string();
    assert!(
        report.lines().any(|line| line == format!("  {words}")),
        "{words:?} is not in\n{report}"
    );
}

async fn post(cx: &Context, key: Option<&str>) -> Result<(), Failure> {
    let mut request = Request::post("https://crm.example.com/orders?token=secret");
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    cx.web()?.call(request.body(Bytes::new()).expect("a request")).await?;
    Ok(())
}

fn record(id: impl Into<String>) -> Record {
    Record { collection: "orders".to_owned(), id: id.into(), body: json!({}) }
}

fn down() -> Failure {
    Failure::transient(ErrorClass::Unavailable, "down")
}

#[tokio::test]
async fn a_job_that_keeps_its_promises_passes_every_interruption() {
    let job = |cx: Context, (): ()| async move {
        cx.commit("order", record("1")).await?;
        cx.step("tell", async |step| post(&cx, Some(step.effect_key().as_str())).await).await?;
        Ok(Outcome::Done)
    };
    let passed = check(job).await.expect("it passes");
    // The event, the holds, the claim, the commit, the step's two writes and its call, and the end.
    assert_eq!(passed.interruptions, 8 * 3);
    let steps: Vec<_> = passed.steps.iter().map(|step| step.as_str()).collect();
    assert_eq!(steps, ["order", "tell"]);
}

#[tokio::test]
async fn a_call_without_a_key_that_is_made_again_is_found_and_its_url_is_not_told() {
    let job = |cx: Context, (): ()| async move {
        cx.step("tell", async |_| post(&cx, None).await).await?;
        Ok(Outcome::Done)
    };
    let words = "a_job, step tell: a POST to crm.example.com happens 2 times, 1 undisturbed, \
                 when the worker dies right after the POST to crm.example.com (in step tell)";
    finds(job, words).await;
    let report = check(job).await.expect_err("it is found");
    assert!(!format!("{report:?}").contains("secret"));
}

#[tokio::test]
async fn an_effect_outside_of_all_steps_is_found() {
    let job = |cx: Context, (): ()| async move {
        cx.step("order", async |_| Ok(())).await?;
        post(&cx, None).await?;
        Ok(Outcome::Done)
    };
    let words = "a_job: a POST to crm.example.com happens 2 times, 1 undisturbed, \
                 when the worker dies right after the POST to crm.example.com";
    finds(job, words).await;
}

#[tokio::test]
async fn a_record_that_is_called_otherwise_by_each_attempt_is_found() {
    let job = |cx: Context, (): ()| async move {
        let id = format!("order-{}", cx.attempt());
        cx.step("order", async |_| cx.records().insert(record(id)).await.map(drop)).await?;
        Ok(Outcome::Done)
    };
    let words = "a_job, step order: a record in orders happens 2 times, 1 undisturbed, \
                 when the worker dies right after the record in orders (in step order)";
    finds(job, words).await;
}

#[tokio::test]
async fn a_step_whose_name_changes_between_attempts_is_found() {
    let job = |cx: Context, (): ()| async move {
        cx.step(&format!("order-{}", cx.attempt()), async |_| Ok(())).await?;
        Ok(Outcome::Done)
    };
    let words = "a_job, step order-2: there is no such step undisturbed, \
                 when the worker dies right after the claim";
    finds(job, words).await;
}

#[tokio::test]
async fn a_step_that_yields_something_else_when_it_runs_again_is_found() {
    let job = |cx: Context, (): ()| async move {
        cx.step("draw", async |_| Ok(cx.attempt())).await?;
        Ok(Outcome::Done)
    };
    let words = "a_job, step draw: yields something else than undisturbed, \
                 when the worker dies right after the claim";
    finds(job, words).await;
    let excepted = check_of(job).may_differ("draw", "the number is only shown");
    excepted.check(world).await.expect("it may");
}

#[tokio::test]
async fn a_job_that_takes_its_own_record_for_anothers_is_found() {
    let job = |cx: Context, (): ()| async move {
        match cx.records().insert(record("1")).await? {
            Conditional::Written => Ok(Outcome::Done),
            Conditional::Refused(_) => Ok(Outcome::Ignored("another event".to_owned())),
        }
    };
    let words = "a_job: ends ignored (another event), done undisturbed, \
                 when the worker dies right after the record in orders";
    finds(job, words).await;
}

#[tokio::test]
async fn an_effect_that_is_marked_as_done_before_it_is_done_is_found() {
    let job = |cx: Context, (): ()| async move {
        if cx.records().insert(record("1")).await? == Conditional::Written {
            post(&cx, None).await?;
        }
        Ok(Outcome::Done)
    };
    let words = "a_job: a POST to crm.example.com does not happen, \
                 when the worker dies right after the record in orders";
    finds(job, words).await;
}

#[tokio::test]
async fn a_panic_of_a_later_attempt_is_found_with_its_step() {
    let job = |cx: Context, (): ()| async move {
        let attempt = cx.attempt();
        let order = async |_| match attempt {
            1 => Ok(()),
            _ => resume_unwind(Box::new("a bug")),
        };
        cx.step("order", order).await?;
        Ok(Outcome::Done)
    };
    let words = "a_job, step order: panics, when the worker dies right after the claim";
    finds(job, words).await;
}

#[tokio::test]
async fn a_job_that_gives_up_at_the_first_trouble_is_found() {
    let job = |cx: Context, (): ()| async move {
        let order = async |_| {
            let given_up = |_| Failure::permanent(ErrorClass::Refused, "no order");
            cx.records().insert(record("1")).await.map(drop).map_err(given_up)
        };
        cx.step("order", order).await?;
        Ok(Outcome::Done)
    };
    let words = "a_job, step order: gives up: refused: no order, \
                 when the record in orders fails (in step order)";
    finds(job, words).await;
}

#[tokio::test]
async fn a_job_that_fails_by_itself_is_told_why_and_nothing_else() {
    let failing = |_: Context, (): ()| async { Err(down()) };
    let panicking = |cx: Context, (): ()| async move {
        let order = async |_| resume_unwind(Box::new("a bug"));
        cx.step::<(), _, _>("order", order).await?;
        Ok(Outcome::Done)
    };
    let large = |cx: Context, (): ()| async move {
        cx.step("large", async |_| Ok("x".repeat(LARGEST_RESULT_BYTES))).await?;
        Ok(Outcome::Done)
    };
    finds(failing, "a_job: fails undisturbed: unavailable: down").await;
    let words = "a_job, step order: fails undisturbed: bug: the job panicked";
    finds(panicking, words).await;
    let words = "a_job, step large: fails undisturbed: bug: the result of step large has 1048578 \
                 bytes, 1048576 can be saved";
    finds(large, words).await;
    assert_eq!(check(large).await.expect_err("it is found").findings.len(), 1);
}

#[tokio::test]
async fn a_job_that_never_comes_to_its_end_is_found() {
    let job = |cx: Context, (): ()| async move {
        let until = cx.started_at().plus(Duration::from_secs(1));
        JobResult::Ok(Outcome::Defer { until, cause: "later".to_owned() })
    };
    finds(job, "the event does not come to its end").await;
}

#[tokio::test]
async fn an_example_that_no_job_runs_for_is_found() {
    let example = Example::of("github", "push", "{}");
    let job = |_: Context, (): ()| async { Ok(Outcome::Done) };
    let registry = Registry::new().job("a_job", On::provider("stripe"), job);
    let report = Conformance::of(registry, example).check(world).await.expect_err("it is found");
    assert!(report.to_string().ends_with("no job runs for the example"), "{report}");
}

#[tokio::test]
async fn an_exception_is_granted_to_its_step_alone_and_only_if_it_is_needed() {
    let job = |cx: Context, (): ()| async move {
        cx.step("first", async |_| post(&cx, None).await).await?;
        cx.step("second", async |step| post(&cx, Some(step.effect_key().as_str())).await).await?;
        Ok(Outcome::Done)
    };
    let why = "it knows no keys";
    check_of(job).may_repeat("first", why).check(world).await.expect("it may");
    let wrong = check_of(job).may_repeat("second", why).check(world).await;
    assert!(wrong.expect_err("it is found").to_string().contains("a_job, step first: a POST"));
    let needless = check_of(job).may_repeat("first", why).may_repeat("second", why);
    let report = needless.check(world).await.expect_err("it is found").to_string();
    assert!(report.ends_with("\n  step second: is excepted, and needs no exception"), "{report}");
}

/// Forgets what steps have saved.
#[derive(Clone)]
struct Forgetful;

impl<L: Ledger> Interceptor<L> for Forgetful {
    async fn compare_and_swap(
        &self,
        ledger: &Arc<L>,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        let mut to = to.clone();
        for step in &mut to.steps {
            step.saved = None;
        }
        ledger.compare_and_swap(from, &to).await
    }
}

#[tokio::test]
async fn a_ledger_that_forgets_what_a_step_saved_is_found() {
    let job = |cx: Context, (): ()| async move {
        cx.step("order", async |_| Ok(())).await?;
        Ok(Outcome::Done)
    };
    let world = || {
        let (local, effects) = world();
        (Intercepted::new(local, Forgetful), effects)
    };
    let report = check_of(job).check(world).await.expect_err("it is found").to_string();
    let words = "a_job, step order: was saved, and its work is done again, \
                 when the worker dies right after the write of step order";
    assert!(report.contains(words), "{report}");
}
