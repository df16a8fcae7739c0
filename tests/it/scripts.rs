//! Jobs that go by a script, and workers that go by the tests' word.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hookdock_embedded::{DeadMessage, Message};
use hookdock_pipeline::job::{
    Body, Context, Delivery, ErrorClass, Failure, JobResult, On, Outcome, Registry,
};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use http::StatusCode;

/// A job that goes by a list of results, then does its work.
pub(crate) fn scripted(results: Vec<JobResult>) -> (Registry, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let results = Arc::new(results);
    let counted = Arc::clone(&calls);
    let job = move |_: Context, _: Delivery| {
        let call = counted.fetch_add(1, Ordering::SeqCst) as usize;
        let result = results.get(call).cloned().unwrap_or(Ok(Outcome::Done));
        async move { result }
    };
    (Registry::new().job("scripted", On::endpoint("*"), job), calls)
}

pub(crate) fn unavailable() -> Failure {
    Failure::transient(ErrorClass::Unavailable, "the CRM does not answer")
}

pub(crate) async fn accept(stack: &Stack, draft: &Draft) {
    assert_eq!(stack.post(draft).await.status(), StatusCode::OK);
}

/// The next message there is to receive, as soon as it is visible.
pub(crate) async fn receive(stack: &Stack) -> Message {
    loop {
        let mut messages = stack.local.receive(1).await.expect("memory");
        if let Some(message) = messages.pop() {
            return message;
        }
        stack.local.wait_for_work(Duration::from_secs(3600)).await.expect("memory");
    }
}

/// A worker that dies while a job hangs: its future is dropped, and nothing more is heard of it.
pub(crate) async fn dies_over(stack: &Stack, message: &Message) {
    let work = stack.work_on(message);
    assert!(tokio::time::timeout(Duration::from_millis(1), work).await.is_err());
}

pub(crate) fn letter(stack: &Stack) -> DeadMessage {
    let mut letters = stack.local.dead_letters().expect("memory");
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters.remove(0)
}

pub(crate) fn attribute<'a>(letter: &'a DeadMessage, name: &str) -> &'a str {
    let found = letter.attributes.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// A job that never ends.
pub(crate) async fn hangs(_: Context, _: Body) -> JobResult {
    std::future::pending().await
}
