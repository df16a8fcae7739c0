//! A function as a process, and what it costs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

use crate::folder;
use crate::lambda::Runtime;
use crate::stubs::{Aws, Calls, Terms};

/// A running function. It is killed when it is dropped.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    process: Child,
    runtime: Runtime,
    pub(crate) aws: Aws,
    pub(crate) calls_of_init: Calls,
    /// From the start of the process until it asks for an event.
    pub(crate) init: Duration,
}

impl Function {
    /// Starts it as Lambda does, and waits until it asks for an event.
    pub(crate) async fn start(name: &'static str, command: &[PathBuf], terms: &Terms) -> Self {
        let (aws, mut runtime) = (Aws::start(terms.clone()).await, Runtime::start().await);
        let (program, arguments) = command.split_first().expect("a program");
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment(&runtime)).envs(aws.environment());
        let started = Instant::now();
        let process = command.stdout(log(name)).spawn().expect("it can be started");
        let ready = runtime.ready().await;
        let init = ready.saturating_duration_since(started);
        Self { name, process, runtime, calls_of_init: aws.calls(), aws, init }
    }

    /// Calls it, and says how long it took and what it answered.
    pub(crate) async fn call(&mut self, event: &Bytes) -> (Duration, Value) {
        let answered = self.runtime.call(event.clone()).await;
        let (took, answer) = answered.expect("the function does not fail");
        (took, serde_json::from_slice(&answer).expect("JSON"))
    }

    /// Calls it with an event that it has to take: a webhook, or a batch of messages.
    pub(crate) async fn accepts(&mut self, event: &Bytes) -> Duration {
        let (took, answer) = self.call(event).await;
        let accepted = match answer.get("batchItemFailures") {
            None => answer["statusCode"] == 200,
            Some(failures) => failures.as_array().is_some_and(Vec::is_empty),
        };
        assert!(accepted, "{}: {answer}", self.name);
        took
    }

    /// The CPU time of all threads that live, from the scheduler.
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("it runs");
        let nanos = tasks.filter_map(|task| {
            let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanos.sum())
    }

    /// The most memory it has had, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|text| text.trim().strip_suffix(" kB")).expect("a peak");
        peak.parse().expect("a number")
    }

    /// Asks it to end once it rests, and waits until it has.
    pub(crate) async fn end(mut self) {
        let mut before = Duration::MAX;
        while before != self.cpu() || !self.sleeps() {
            before = self.cpu();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let told = Command::new("kill").arg(self.process.id().to_string()).status();
        assert!(told.expect("kill can be started").success(), "{} had ended", self.name);
        self.process.wait().expect("it ends");
    }

    /// A busy machine can keep a thread from running, which is no rest.
    fn sleeps(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("it runs");
        let mut states = tasks.filter_map(|task| {
            let text = fs::read_to_string(task.ok()?.path().join("stat")).ok()?;
            text.rsplit_once(") ")?.1.chars().next()
        });
        states.all(|state| state == 'S')
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What it says, which explains an answer that nobody expects.
fn log(name: &str) -> File {
    File::create(folder().join(format!("{name}.log"))).expect("a file")
}

/// What Lambda and the template tell a function.
fn environment(runtime: &Runtime) -> Vec<(&'static str, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench");
    let authority = folder().join("authority.pem").display().to_string();
    let text = |text: &str| text.to_owned();
    vec![
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("AWS_LAMBDA_RUNTIME_API", runtime.address()),
        ("AWS_LAMBDA_FUNCTION_NAME", text("bench")),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", text("256")),
        ("AWS_LAMBDA_FUNCTION_VERSION", text("$LATEST")),
        ("AWS_LAMBDA_LOG_FORMAT", text("JSON")),
        ("AWS_REGION", text("us-east-1")),
        ("AWS_DEFAULT_REGION", text("us-east-1")),
        ("AWS_ACCESS_KEY_ID", text("AKIDEXAMPLE")),
        ("AWS_SECRET_ACCESS_KEY", text("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
        ("AWS_SESSION_TOKEN", text("a-session-token")),
        // The stand-in for S3 has no host name for each bucket.
        ("AWS_CONFIG_FILE", here.join("python/aws.ini").display().to_string()),
        // Rust's, Python's and Node's name for it.
        ("SSL_CERT_FILE", authority.clone()),
        ("AWS_CA_BUNDLE", authority.clone()),
        ("NODE_EXTRA_CA_CERTS", authority),
        ("MALLOC_MMAP_THRESHOLD_", text("131072")),
        ("HOOKDOCK_STACK", text("bench")),
        ("HOOKDOCK_ENDPOINTS", text("github")),
        ("HOOKDOCK_BUCKET", text("bench")),
        ("HOOKDOCK_TABLE", text("bench-ledger")),
        ("HOOKDOCK_RECORDS_TABLE", text("bench-records")),
        ("HOOKDOCK_JOBS_SECRET", text("bench/jobs")),
        ("HOOKDOCK_TOPIC_ARN", text("arn:aws:sns:us-east-1:123456789012:bench")),
    ]
}
