//! A batch of messages, each of which succeeds or fails alone.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use hookdock_aws::log;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Deliveries, Ledger, Messages};
use hookdock_pipeline::process::{Process, Received, Verdict};
use hookdock_signature::EpochMillis;
use lambda_runtime::{Context, Diagnostic};
use tracing::Instrument as _;

/// What is left of the invocation for the answer. Without it one slow message would take its
/// neighbours' answers along.
const ANSWER_MARGIN: Duration = Duration::from_millis(500);

/// A message of the batch has no id. Lambda reads an empty id in the answer as "all have failed",
/// and a missing one as "none has", so the batch fails before anything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of the batch has no id")]
pub struct NamelessMessage;

/// Processes the messages side by side, and names those that are to come back.
pub(crate) async fn run<D: Deliveries, M: Messages, L: Ledger, S: System>(
    process: &Process<D, M, L, S>,
    event: SqsEvent,
    context: &Context,
) -> Result<SqsBatchResponse, NamelessMessage> {
    let deadline = deadline(context);
    let named = event.records.into_iter().map(|record| named(record, deadline));
    let (ids, messages): (Vec<_>, Vec<_>) =
        named.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let verdicts = process.batch(&messages).into_iter().zip(&ids);
    let verdicts = verdicts.map(|(verdict, id)| {
        unless_it_panics(verdict).instrument(log::message(&context.request_id, id))
    });
    let verdicts = join_all(verdicts).await;
    Ok(answer(ids.into_iter().zip(verdicts)))
}

fn deadline(context: &Context) -> EpochMillis {
    let end = EpochMillis::new(i64::try_from(context.deadline).unwrap_or(i64::MAX));
    end.minus(ANSWER_MARGIN)
}

/// A message, and the name its failure is reported under. One without a body is one whose body is
/// no reference.
fn named(record: SqsMessage, deadline: EpochMillis) -> Result<(String, Received), NamelessMessage> {
    let Some(id) = record.message_id.filter(|id| !id.is_empty()) else {
        tracing::error!("a message has no id; the whole batch is given back");
        return Err(NamelessMessage);
    };
    let body = record.body.unwrap_or_default();
    let receipt = record.receipt_handle.unwrap_or_default();
    let attribute = |name| record.attributes.get(name).map(String::as_str);
    let receives = attribute("ApproximateReceiveCount").and_then(|text| text.parse().ok());
    let sent_at = attribute("SentTimestamp").and_then(|text| text.parse().ok());
    let message = Received {
        body,
        receipt,
        receives: receives.unwrap_or(1),
        sent_at: sent_at.map_or(deadline, EpochMillis::new),
        deadline,
    };
    Ok((id, message))
}

/// A panic is this message's alone: nothing it could have left half-done is shared.
async fn unless_it_panics(verdict: BoxFuture<'_, Verdict>) -> Verdict {
    let caught = AssertUnwindSafe(verdict).catch_unwind().await;
    caught.unwrap_or_else(|_panic| {
        tracing::error!("the message made the processor panic and will come back");
        Verdict::Again
    })
}

fn answer(verdicts: impl Iterator<Item = (String, Verdict)>) -> SqsBatchResponse {
    let mut answer = SqsBatchResponse::default();
    for (id, verdict) in verdicts {
        match verdict {
            Verdict::Finished => {}
            Verdict::Again => answer.add_failure(id),
        }
    }
    answer
}

impl From<NamelessMessage> for Diagnostic {
    fn from(error: NamelessMessage) -> Self {
        Self { error_type: "NamelessMessage".to_owned(), error_message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use hookdock_embedded::{Embedded, QueueSettings, TestSystem};
    use hookdock_pipeline::job::Registry;
    use hookdock_pipeline::ledger::dead_letter::DeadLetter;
    use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
    use hookdock_pipeline::process::{Settings, Worker};
    use hookdock_pipeline::testing::{Intercepted, Interceptor};
    use serde_json::{Value, json};

    use super::*;

    type Local = Embedded<TestSystem>;

    /// Does with a message what its body says. No body here is a reference, so each goes to the
    /// dead letters; that is where they part.
    #[derive(Clone, Default)]
    struct Script {
        put_off: Arc<Mutex<Vec<String>>>,
    }

    impl Interceptor<Local> for Script {
        async fn change_visibility(
            &self,
            local: &Arc<Local>,
            receipt: &str,
            wait: Duration,
        ) -> Result<(), PortError> {
            self.put_off.lock().expect("a lock").push(receipt.to_owned());
            local.change_visibility(receipt, wait).await
        }

        async fn dead_letter(
            &self,
            local: &Arc<Local>,
            dead_letter: &DeadLetter,
        ) -> Result<(), PortError> {
            match dead_letter.body.as_str() {
                "panic" => panic!("a bug"),
                "down" => Err(PortError::new("send the dead letter", PortErrorKind::Unavailable)),
                "hang" => std::future::pending().await,
                _ => local.dead_letter(dead_letter).await,
            }
        }
    }

    /// What the queues have seen.
    struct Scene {
        local: Local,
        system: TestSystem,
        script: Script,
    }

    impl Scene {
        /// It is ten seconds past the epoch.
        fn new() -> Self {
            let system = TestSystem::starting_at(EpochMillis::new(10_000));
            let local = Local::in_memory(system.clone(), QueueSettings::default());
            Self { local: local.expect("memory"), system, script: Script::default() }
        }

        async fn handle(&self, records: Value) -> Result<String, NamelessMessage> {
            let process = Process {
                deliveries: self.local.clone(),
                messages: Intercepted::new(self.local.clone(), self.script.clone()),
                ledger: self.local.clone(),
                system: self.system.clone(),
                effects: self.local.effects(),
                registry: Registry::new(),
                settings: Settings::default(),
                worker: Worker::default(),
            };
            let event = serde_json::from_value(json!({ "Records": records })).expect("an event");
            let mut context = Context::default();
            context.deadline = 15_000;
            let answer = crate::handle(&process, lambda_runtime::LambdaEvent::new(event, context));
            Ok(serde_json::to_string(&answer.await?).expect("JSON"))
        }

        fn dead_lettered(&self) -> Vec<String> {
            let dead_letters = self.local.dead_letters().expect("memory").into_iter();
            dead_letters.map(|dead_letter| dead_letter.body).collect()
        }
    }

    /// A record as SQS documents it.
    fn record(id: &str, body: &str) -> Value {
        // AWS: "Using Lambda with Amazon SQS" (read 2026-11).
        json!({
            "messageId": id,
            "receiptHandle": format!("receipt-{id}"),
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1545082649183",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1545082649185",
            },
            "messageAttributes": {
                "endpoint": {
                    "stringValue": "stripe", "stringListValues": [], "binaryListValues": [],
                    "dataType": "String",
                },
            },
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
            "awsRegion": "us-east-2",
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_without_failures_is_answered_with_an_empty_list() {
        let scene = Scene::new();
        let answer = scene.handle(json!([record("1", "a"), record("2", "b")])).await;
        assert_eq!(answer.as_deref(), Ok(r#"{"batchItemFailures":[]}"#));
        assert_eq!(scene.dead_lettered(), ["a", "b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_panics_or_fails_comes_back_alone() {
        let scene = Scene::new();
        let batch = ["a", "panic", "b", "down", "c"];
        let batch = (0..5).map(|number| record(&number.to_string(), batch[number])).collect();
        let answer = scene.handle(Value::Array(batch)).await;
        assert_eq!(
            answer.as_deref(),
            Ok(r#"{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"3"}]}"#)
        );
        assert_eq!(scene.dead_lettered(), ["a", "b", "c"]);
        assert_eq!(*scene.script.put_off.lock().expect("a lock"), ["receipt-3"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_hangs_leaves_half_a_second_for_the_answer() {
        let scene = Scene::new();
        let began = tokio::time::Instant::now();
        let answer = scene.handle(json!([record("1", "hang"), record("2", "a")])).await;
        assert_eq!(answer.as_deref(), Ok(r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#));
        assert_eq!(began.elapsed(), Duration::from_millis(4_500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_without_an_id_gives_the_whole_batch_back_untouched() {
        for id in [json!(""), json!(null)] {
            let scene = Scene::new();
            let mut nameless = record("2", "b");
            nameless["messageId"] = id;
            let answer = scene.handle(json!([record("1", "a"), nameless])).await;
            assert_eq!(answer, Err(NamelessMessage));
            assert!(scene.dead_lettered().is_empty());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_without_a_body_goes_to_the_dead_letters() {
        let scene = Scene::new();
        let mut bodiless = record("1", "");
        bodiless["body"] = Value::Null;
        let answer = scene.handle(json!([bodiless])).await;
        assert_eq!(answer.as_deref(), Ok(r#"{"batchItemFailures":[]}"#));
        assert_eq!(scene.dead_lettered(), [""]);
    }

    #[test]
    fn lambda_is_told_the_error_by_a_stable_name() {
        let told = Diagnostic::from(NamelessMessage);
        assert_eq!(told.error_type, "NamelessMessage");
        assert_eq!(told.error_message, "a message of the batch has no id");
    }
}
