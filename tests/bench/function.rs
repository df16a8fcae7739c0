//! A function as a process, and what it costs.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::lambda::Runtime;
use crate::stubs::{Aws, Calls};

/// What is started, and what would be uploaded.
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    pub(crate) command: Vec<PathBuf>,
    pub(crate) upload: Vec<PathBuf>,
    /// Whether it can call TLS backends at all.
    pub(crate) speaks_tls: bool,
}

/// A running function and what its calls took. It is killed when it is dropped.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    process: Child,
    runtime: Runtime,
    aws: Aws,
    calls_of_init: Calls,
    /// From the start of the process until it asks for an event, and its first call.
    pub(crate) start: (Duration, Duration),
    pub(crate) warm: Vec<Duration>,
    pub(crate) cpu: Duration,
}

impl Candidate {
    /// What it weighs as Lambda takes it.
    pub(crate) fn zip_bytes(&self) -> u64 {
        let zip = crate::folder().join("upload.zip");
        let mut python = Command::new("python3");
        let made = python.args(["-m", "zipfile", "-c"]).arg(&zip).args(&self.upload).status();
        assert!(made.expect("python3 can be started").success(), "no zip of {:?}", self.upload);
        fs::metadata(&zip).expect("made").len()
    }
}

impl Function {
    /// Starts it, waits until it asks for an event, and calls it once.
    pub(crate) async fn start(candidate: &Candidate, aws: Aws, event: &Bytes) -> Self {
        let mut runtime = Runtime::start().await;
        let (program, arguments) = candidate.command.split_first().expect("a program");
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment(&runtime)).envs(aws.environment());
        // Rust's, Python's and Node's name for it.
        for name in ["SSL_CERT_FILE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
            command.env(name, crate::folder().join("authority.pem"));
        }
        let started = Instant::now();
        let process = command.stdout(Stdio::null()).spawn().expect("it can be started");
        let ready = runtime.ready().await;
        let mut function = Self {
            name: candidate.name,
            process,
            runtime,
            calls_of_init: aws.calls(),
            aws,
            start: (ready.saturating_duration_since(started), Duration::ZERO),
            warm: Vec::new(),
            cpu: Duration::ZERO,
        };
        function.start.1 = function.call(event).await;
        function
    }

    /// Calls it so many times more.
    pub(crate) async fn call_often(&mut self, event: &Bytes, calls: usize) {
        let before = self.cpu_so_far();
        for _ in 0..calls {
            let took = self.call(event).await;
            self.warm.push(took);
        }
        self.cpu += self.cpu_so_far().saturating_sub(before);
    }

    async fn call(&mut self, event: &Bytes) -> Duration {
        let (took, answer) = self.runtime.call(event.clone()).await;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let status = answer["statusCode"].as_u64().expect("a status");
        assert_eq!(status, u64::from(StatusCode::OK.as_u16()), "{}: {answer}", self.name);
        took
    }

    /// Its calls to AWS until it was ready, and all of them.
    pub(crate) fn calls_to_aws(&self) -> (Calls, Calls) {
        (self.calls_of_init, self.aws.calls())
    }

    /// Of all threads that live, from the scheduler, in nanoseconds.
    fn cpu_so_far(&self) -> Duration {
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
}

impl Drop for Function {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn environment(runtime: &Runtime) -> Vec<(&'static str, String)> {
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
        ("AWS_CONFIG_FILE", text(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/python/aws.ini"))),
        ("HOOKDOCK_STACK", text("bench")),
        ("HOOKDOCK_ENDPOINTS", text("github")),
        ("HOOKDOCK_BUCKET", text("bench")),
    ]
}
