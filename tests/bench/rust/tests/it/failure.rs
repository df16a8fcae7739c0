//! What becomes of the receiver's process.

use std::process::{Child, Command};

use bytes::Bytes;
use serde_json::{Value, json};

use super::event;
use super::lambda::Runtime;

/// The receiver, as Lambda starts it. It is killed when it is dropped.
struct Process(Child);

impl Process {
    fn start(runtime: &Runtime) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench-plain"));
        command.env_clear().env("AWS_LAMBDA_RUNTIME_API", runtime.address()).envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", "us-east-1"),
            ("HOOKDOCK_BUCKET", "bench"),
            ("HOOKDOCK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/bench"),
        ]);
        Self(command.spawn().expect("it can be started"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// API Gateway answers 500 to a function that has failed (AWS, "Working with AWS Lambda proxy
/// integrations for HTTP APIs").
#[tokio::test]
async fn a_query_that_panics_fails_its_invocation_and_the_process_takes_the_next() {
    let mut runtime = Runtime::start().await;
    let _process = Process::start(&runtime);
    runtime.ready().await;

    let panics = event(&[("/rawQueryString", json!("a=<b>"))]);
    let failure = runtime.call(Bytes::from(panics)).await.expect_err("a failure");
    let failure: Value = serde_json::from_slice(&failure).expect("JSON");
    let message = failure["errorMessage"].as_str().expect("a text");
    assert!(message.contains("failed to build request"), "{message}");

    let forged = event(&[("/headers/x-hub-signature-256", json!("sha256=00"))]);
    let (_, answer) = runtime.call(Bytes::from(forged)).await.expect("an answer");
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["statusCode"], 401);
}
