//! The page that docs/performance.md links to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::figures::version;
use crate::stubs::Terms;
use crate::{Functions, bodies, candidates, process, receive};

pub(crate) async fn write(functions: &Functions, terms: &Terms) {
    let mut parts = vec![head()];
    for options in runs() {
        let candidates = candidates::all(functions);
        parts.push(receive::run(&candidates, &options, terms).await.section());
    }
    let options = process::Options { batches: 300, starts: 7, latency_ms: 0 };
    parts.push(process::run(functions, &options, terms).await.section());
    parts.push(bodies::run(functions, terms).await.section());
    let parts: Vec<_> = parts.iter().map(|part| part.trim_end()).collect();
    let page = format!("{}\n", parts.join("\n\n"));
    fs::write(path(), &page).expect("written");
    println!("{page}");
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/RESULTS.md")
}

fn runs() -> [receive::Options; 3] {
    let tls = receive::Options { calls: 2000, starts: 9, bytes: 4096, latency_ms: 0, plain: false };
    let plain = receive::Options { calls: 1000, starts: 5, plain: true, ..tls };
    [tls.clone(), plain, receive::Options { calls: 500, starts: 5, latency_ms: 5, ..tls }]
}

fn head() -> String {
    let now = jiff::Timestamp::try_from(SystemTime::now()).expect("a time");
    let date = now.strftime("%Y-%m-%d");
    let [node, python] = candidates::interpreters().map(|program| version(&program));
    let rustc = version(Path::new("rustc"));
    format!(
        "# What the functions cost\n\n\
         Written by `tests/run bench` on {date}; to repeat it, run that on a quiet machine.\n\
         This one: {}. {rustc}, Node {node}, {python}.\n\n\
         Each function is started as Lambda starts it, under a Runtime API of the benchmark's own, \
         and calls stand-ins for the services of AWS on the same machine.\n\
         Milliseconds depend on the machine and the hour: only ratios within one table mean \
         anything.\n\
         The receivers beside ingest verify, store and queue, and nothing else; each is first seen \
         to refuse a forged webhook.\n\
         Plain Rust is what the AWS documentation would have: `lambda_http` and the SDK's \
         clients.\n\
         The sockets do not even verify or sign, and cannot speak TLS: they are the least that two \
         requests can cost, over plain HTTP in every table.",
        machine()
    )
}

fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name| {
        let line = processors.lines().find(|line| line.starts_with(name))?;
        line.split_once(": ").map(|(_, value)| value.to_owned())
    };
    let model = field("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cores = processors.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} processors, Linux {}", kernel.trim())
}
