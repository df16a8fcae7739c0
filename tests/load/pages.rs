//! The figures: as a table, as JSON, and as a page with plots.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use hookdock_https::testing::Server as Sink;
use http::Response;
use serde::Serialize;

use crate::flood::Flood;
use crate::functions::Functions;
use crate::hookdock::{self, Work};
use crate::latencies::Percentiles;
use crate::ramp::{Climb, Step, carried};
use crate::rival::{self, Journal};
use crate::scenarios::{Burst, Saturated};
use crate::webhooks::Webhooks;
use crate::{Options, plots};

/// Where docs/performance.md quotes the figures.
const MARKS: [&str; 2] = ["<!-- by tests/run load -->", "<!-- to here -->"];

const ONE_LOG: &str = "the event, by one sync of its one file";

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    date: String,
    machine: String,
    bytes: usize,
    seconds: u64,
    servers: Vec<Climb>,
    bursts: Vec<Burst>,
    saturated: Option<Saturated>,
    flood: Option<Flood>,
    functions: Option<Functions>,
}

impl Report {
    pub(crate) async fn measured(options: &Options) -> Self {
        let webhooks = Arc::new(Webhooks::to("github", options.bytes));
        let mut report = Self {
            date: said_by("date", &["-u", "+%Y-%m-%d"]),
            machine: machine(),
            bytes: options.bytes,
            seconds: options.seconds,
            servers: Vec::new(),
            bursts: Vec::new(),
            saturated: None,
            flood: None,
            functions: None,
        };
        if options.wants("hookdock") {
            report.hookdock(&webhooks, options).await;
        }
        if options.wants("rival") {
            report.rival(&webhooks, options).await;
        }
        if options.wants("functions") {
            report.functions = Some(Functions::measured(options).await);
        }
        report
    }

    async fn hookdock(&mut self, webhooks: &Arc<Webhooks>, options: &Options) {
        let server = hookdock::start(Work::Notice, hookdock::WORKERS).await;
        let climb = Climb::of("Hookdock", ONE_LOG, &server, webhooks, options).await;
        drop(server);
        let most = climb.carried();
        self.servers.push(climb);
        for workers in [2, hookdock::WORKERS] {
            self.bursts.push(Burst::of(most * 0.8, workers, webhooks, options).await);
        }
        self.saturated = Some(Saturated::of(most / 4.0, webhooks, options).await);
        self.flood = Some(Flood::of(most * 0.8, webhooks, options).await);
    }

    async fn rival(&mut self, webhooks: &Arc<Webhooks>, options: &Options) {
        let sink = Sink::plain(|_| async { Response::new(Bytes::new()) }.boxed()).await;
        for (name, durable, journal) in [
            ("qhook", "the event, by four syncs of a journal and its file", Journal::Rollback),
            ("qhook, WAL", ONE_LOG, Journal::WriteAhead),
        ] {
            let server = rival::start(journal, sink.address()).await;
            self.servers.push(Climb::of(name, durable, &server, webhooks, options).await);
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}; {}; {} bytes\n", self.date, self.machine, self.bytes);
        text.push_str(&self.parts());
        text
    }

    /// A page for people, and the plots it shows.
    pub(crate) fn write(&self, place: &Path) {
        fs::create_dir_all(place).expect("a folder");
        let plots = plots::all(&self.servers, &self.bursts, self.functions.as_ref());
        let mut page = format!(
            "# Load\n\n\
             Made by `tests/run load` on {} ({}), webhooks of {} bytes, {} s for each rate.\n\
             Only ratios within one run mean anything, and only on a quiet machine.\n\n\
             Carried is the highest rate, at random times, of which all was accepted, nothing piled \
             up, and the slowest in a hundred waited for half a second at most. All busy is what \
             connections get that send again as soon as they are answered, and alone is one of \
             them. CPU and flushes are for each accepted webhook, with all that was done for it.\n{}",
            self.date,
            self.machine,
            self.bytes,
            self.seconds,
            self.parts()
        );
        for (name, title, svg) in plots {
            fs::write(place.join(name), svg).expect("written");
            write!(page, "\n![{title}]({name})\n").expect("a string");
        }
        let figures = serde_json::to_string_pretty(self).expect("JSON");
        fs::write(place.join("figures.json"), figures + "\n").expect("written");
        fs::write(place.join("README.md"), page).expect("written");
    }

    /// Puts what a newcomer wants to know between the marks of that file.
    pub(crate) fn quote(&self, file: &Path) {
        let text = fs::read_to_string(file).expect("a file");
        let (before, rest) = text.split_once(MARKS[0]).expect("the first mark");
        let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
        let [mark, end] = MARKS;
        let text = format!("{before}{mark}\n{}\n{end}{after}", self.summary());
        fs::write(file, text).expect("written");
    }

    fn summary(&self) -> String {
        let [ours, rival, tuned] = &self.servers[..] else {
            panic!("a run of a part is not to be quoted");
        };
        let [most, least, log] = [ours, rival, tuned].map(|one| one.busy_per_second);
        let carried = ours.carried();
        let [ours, rival, tuned] = [ours, rival, tuned].map(|one| one.alone.p50_ms);
        format!(
            "On two cores, shared with its senders, `hookdock dev --data` takes {most:.0} \
             webhooks of {} KiB a second from busy senders, and {carried:.0} a second at random \
             times. Each is synced before its answer, and jobs run at the same time. A lone \
             sender waits {ours:.1} ms. qhook 0.6.1 takes {least:.0} a second from the same busy \
             senders, and a lone sender waits {rival:.1} ms; with a write-ahead log it takes \
             {log:.0}, and a lone sender waits {tuned:.1} ms. It syncs as well. Hookdock takes \
             {:.0} and {:.0} times as many ({}, one run of `tests/run load`).",
            self.bytes / 1024,
            most / least,
            most / log,
            self.date
        )
    }

    /// What was measured. Markdown reads well in a terminal too.
    fn parts(&self) -> String {
        let parts = [
            (!self.servers.is_empty()).then(|| self.servers_table()),
            (!self.bursts.is_empty()).then(|| self.bursts_table()),
            self.saturated.as_ref().map(saturated),
            self.flood.as_ref().map(flood),
            self.functions.as_ref().map(functions),
        ];
        parts.into_iter().flatten().map(|part| format!("\n{part}")).collect()
    }

    fn servers_table(&self) -> String {
        let mut table = "| server | durable when it answers | carried /s | all busy /s | alone p50, p99 ms | CPU ms | disk flushes |\n\
             | --- | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for one in &self.servers {
            let flushes = one.flushes.map_or("-".to_owned(), |count| format!("{count:.2}"));
            writeln!(
                table,
                "| {} | {} | {:.0} | {:.0} | {} | {:.2} | {flushes} |",
                one.name,
                one.durable,
                one.carried(),
                one.busy_per_second,
                p50_p99(&one.alone),
                one.cpu_ms,
            )
            .expect("a string");
        }
        table
    }

    fn bursts_table(&self) -> String {
        let mut table = "| workers | burst /s | accepted | p50, p99 ms | drained /s |\n\
             | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for one in &self.bursts {
            let Step { per_second, accepted, offered, waited, .. } = &one.burst;
            let (workers, drained) = (one.workers, one.drained_per_second);
            let waited = p50_p99(waited);
            writeln!(
                table,
                "| {workers} | {per_second:.0} | {accepted} of {offered} | {waited} | {drained:.0} |"
            )
            .expect("a string");
        }
        table
    }
}

fn saturated(one: &Saturated) -> String {
    format!(
        "At {:.0}/s ingest takes {} ms (p50, p99) while the workers rest, and {} ms while they have \
         all they can do ({} events still wait at the end).\n",
        one.per_second,
        p50_p99(&one.resting),
        p50_p99(&one.saturated),
        one.left
    )
}

fn flood(one: &Flood) -> String {
    format!(
        "Of {:.0} live events a second each is worked on within {} ms (p50, p99) of its answer \
         where nothing else waits, and within {} ms beside {} old ones of another endpoint, of \
         which {} still wait at the end.\n",
        one.live_per_second,
        p50_p99(&one.resting),
        p50_p99(&one.flooded),
        one.old,
        one.old_left
    )
}

fn functions(one: &Functions) -> String {
    format!(
        "Of the ingest function, {} at once carry {:.0}/s where each call to AWS takes {} ms; a \
         burst of {:.0}/s from nothing starts {} of them, all on these cores, and waits {} ms (p50, \
         p99).\n",
        one.most,
        carried(&one.steps),
        one.latency_ms,
        one.burst.per_second,
        one.started,
        p50_p99(&one.burst.waited)
    )
}

fn p50_p99(waited: &Percentiles) -> String {
    format!("{:.1}, {:.1}", waited.p50_ms, waited.p99_ms)
}

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = cpu.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let models: Vec<&str> = models.map(|(_, model)| model).collect();
    let kernel = said_by("uname", &["-sr"]);
    format!("{} x {}, {kernel}", models.len(), models.first().unwrap_or(&"unknown"))
}

fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("it can be started");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
