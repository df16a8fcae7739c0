//! What the functions cost in instructions, held to what is recorded in `instructions.toml`.
//!
//! Callgrind counts them, on a processor of its own: the same on any day and beside any load. A
//! process that is started and ended gives the figure of its init; one that is called as well, and
//! one that is called more often, give those of the first and of a warm call. What could make two
//! runs differ is held still: the services have addresses and not names, one authority is trusted,
//! an answer takes no time, and neither does anything else (`still.c`). A compiler or a valgrind of another version counts differently, so
//! theirs are recorded too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use bytes::Bytes;
use serde::Deserialize;

use crate::events::{self, Body};
use crate::figures::version;
use crate::function::Function;
use crate::stubs::Policy;
use crate::{Functions, folder, process};

/// Calls that a warm one is the mean of.
const WARM: usize = 20;
/// How far a figure may be from the recorded one.
const PERCENT: u64 = 5;

/// The figures and what counted them, as they are recorded.
#[derive(Debug, Deserialize)]
struct Counts {
    rustc: String,
    valgrind: String,
    #[serde(flatten)]
    functions: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Counts, and records the figures or holds them to those that are recorded.
pub(crate) async fn run(functions: &Functions, policy: &Policy, record: bool) -> ExitCode {
    let counts = Counts::taken(functions, policy).await;
    if record {
        fs::write(path(), counts.to_toml()).expect("written");
        println!("recorded in {}", path().display());
    }
    let recorded = fs::read_to_string(path()).expect("recorded figures");
    let recorded: Counts = toml::from_str(&recorded).expect("recorded figures");
    if counts.hold_to(&recorded) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn path() -> PathBuf {
    here().join("instructions.toml")
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench")
}

impl Counts {
    async fn taken(functions: &Functions, policy: &Policy) -> Self {
        let (still, body) = (still(), Body::Text.of_size(4096));
        let webhook = events::webhook(Body::Text, &body, 0);
        let ingest = Counted { still: &still, program: &functions.ingest, policy: policy.clone() };
        let ingest = ingest.figures(&[("warm call", webhook, 1)]).await;
        let queue = process::queue(&functions.ingest, policy).await;
        let (one, ten) = (queue.batch(1), queue.batch(10));
        let policy = Policy { objects: queue.objects, ..policy.clone() };
        let processor = Counted { still: &still, program: &functions.processor, policy };
        let batches = [("warm batch of 1", one, 1), ("warm record of 10", ten, 10)];
        let processor = processor.figures(&batches).await;
        let named = [("ingest", ingest), ("processor", processor)];
        Self {
            rustc: version(Path::new("rustc")),
            valgrind: version(Path::new("valgrind")),
            functions: named.map(|(name, figures)| (name.to_owned(), figures)).into(),
        }
    }

    fn to_toml(&self) -> String {
        let mut text = "# What `tests/run cost` holds the functions to, in instructions. After a \
            change that is meant to\n# move them: tests/run baseline\n"
            .to_owned();
        let Self { rustc, valgrind, functions } = self;
        writeln!(text, "rustc = {rustc:?}\nvalgrind = {valgrind:?}").expect("memory");
        for (name, figures) in functions {
            writeln!(text, "\n[{name}]").expect("memory");
            for (what, count) in figures {
                writeln!(text, "{what:?} = {count}").expect("memory");
            }
        }
        text
    }

    /// Prints all figures. Whether none of them is too high.
    fn hold_to(&self, recorded: &Self) -> bool {
        let (mut worse, mut better) = (false, false);
        for (name, figures) in &self.functions {
            for (what, &count) in figures {
                let before = recorded.functions.get(name).and_then(|figures| figures.get(what));
                let before = before.copied().unwrap_or_default();
                let (more, less) = (
                    count * 100 > before * (100 + PERCENT),
                    count * 100 < before * (100 - PERCENT),
                );
                let verdict = if more {
                    ": TOO MANY"
                } else if less {
                    ": FEWER"
                } else {
                    ""
                };
                let change = (count as f64 / before as f64 - 1.0) * 100.0;
                let what = format!("{name}, {what}");
                println!("  {what:<32}{count:>12} of {before:>12} {change:>+7.2} %{verdict}");
                worse |= more;
                better |= less;
            }
        }
        self.advise(recorded, worse, better);
        !worse
    }

    fn advise(&self, recorded: &Self, worse: bool, better: bool) {
        if worse {
            println!(
                "More than {PERCENT} % above what is recorded. Where that is meant: tests/run baseline"
            );
        }
        if better {
            println!(
                "More than {PERCENT} % below what is recorded. So that it stays: tests/run baseline"
            );
        }
        for (now, then) in [(&self.rustc, &recorded.rustc), (&self.valgrind, &recorded.valgrind)] {
            if now != then {
                println!("This is {now}; the figures were recorded with {then}.");
            }
        }
    }
}

/// A clock that stands still, to be preloaded.
fn still() -> PathBuf {
    let (source, library) = (here().join("still.c"), folder().join("still.so"));
    let mut compiler = Command::new("cc");
    let made = compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    assert!(made.expect("cc can be started").success(), "cc has failed");
    library
}

/// A function under Callgrind.
struct Counted<'a> {
    still: &'a Path,
    program: &'a Path,
    policy: Policy,
}

impl Counted<'_> {
    /// Init, first call, and a warm call of each event; an event of several parts counts for one.
    async fn figures(&self, events: &[(&str, Bytes, u64)]) -> BTreeMap<String, u64> {
        let init = self.instructions(&Bytes::new(), 0).await;
        let mut figures = BTreeMap::from([("init".to_owned(), init)]);
        for (what, event, parts) in events {
            let first = self.instructions(event, 1).await;
            let all = self.instructions(event, 1 + WARM).await;
            figures.entry("first call".to_owned()).or_insert(first.saturating_sub(init));
            let warm = all.saturating_sub(first) / WARM as u64;
            figures.insert((*what).to_owned(), warm / parts);
        }
        figures
    }

    /// Of a process that is called so often, from its start to its end.
    async fn instructions(&self, event: &Bytes, calls: usize) -> u64 {
        let log = folder().join("instructions.log");
        let log_file = format!("--log-file={}", log.display());
        let preload = format!("LD_PRELOAD={}", self.still.display());
        let callgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null", &log_file];
        let command = ["env", &preload, "valgrind"].into_iter().chain(callgrind).map(PathBuf::from);
        let command: Vec<_> = command.chain([self.program.to_owned()]).collect();
        let mut function = Function::start("callgrind", &command, &self.policy).await;
        for _ in 0..calls {
            function.accepts(event).await;
        }
        function.end().await;
        let said = fs::read_to_string(log).expect("what callgrind has written");
        let count = said.lines().find_map(|line| line.split_once("Collected : "));
        count.expect("a count").1.trim().parse().expect("a number")
    }
}
