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

use crate::hookdock::{self, Work};
use crate::latencies::Percentiles;
use crate::ramp::{Climb, Step};
use crate::rival::{self, Journal};
use crate::scenarios::{Burst, Saturated};
use crate::webhooks::Webhooks;
use crate::{Options, plots};

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
}

impl Report {
    pub(crate) async fn measured(options: &Options) -> Self {
        let webhooks = Arc::new(Webhooks::of(options.bytes));
        let mut report = Self {
            date: said_by("date", &["-u", "+%Y-%m-%d"]),
            machine: machine(),
            bytes: options.bytes,
            seconds: options.seconds,
            servers: Vec::new(),
            bursts: Vec::new(),
            saturated: None,
        };
        if options.wants("hookdock") {
            report.hookdock(&webhooks, options).await;
        }
        if options.wants("rival") {
            report.rival(&webhooks, options).await;
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
    }

    async fn rival(&mut self, webhooks: &Arc<Webhooks>, options: &Options) {
        let sink = Sink::plain(|_| async { Response::new(Bytes::new()) }.boxed()).await;
        for (name, durable, journal) in [
            ("qhook", "the event, by syncs of a journal and of its file", Journal::Rollback),
            ("qhook, WAL", ONE_LOG, Journal::WriteAhead),
        ] {
            let server = rival::start(journal, sink.address()).await;
            self.servers.push(Climb::of(name, durable, &server, webhooks, options).await);
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}; {}; {} bytes\n", self.date, self.machine, self.bytes);
        for part in [self.servers_table(), self.bursts_table(), self.others()] {
            text.push('\n');
            text.push_str(&part);
        }
        text
    }

    /// A page for people, and the plots it shows.
    pub(crate) fn write(&self, place: &Path) {
        fs::create_dir_all(place).expect("a folder");
        let plots = plots::all(&self.servers, &self.bursts);
        let mut page = format!(
            "# Load\n\n\
             Made by `tests/run load` on {} ({}), webhooks of {} bytes, {} s for each rate.\n\
             What each figure means is in [main.rs](../main.rs); only ratios within one run mean \
             anything.\n\n{}\n{}\n{}",
            self.date,
            self.machine,
            self.bytes,
            self.seconds,
            self.servers_table(),
            self.bursts_table(),
            self.others()
        );
        for (name, title, svg) in plots {
            fs::write(place.join(name), svg).expect("written");
            write!(page, "\n![{title}]({name})\n").expect("a string");
        }
        let figures = serde_json::to_string_pretty(self).expect("JSON");
        fs::write(place.join("figures.json"), figures + "\n").expect("written");
        fs::write(place.join("README.md"), page).expect("written");
    }

    /// Markdown reads well in a terminal too.
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

    fn others(&self) -> String {
        let mut text = String::new();
        if let Some(one) = &self.saturated {
            writeln!(
                text,
                "At {:.0}/s ingest takes {} ms (p50, p99) while the workers rest, and {} ms while \
                 they have all they can do ({} events still wait at the end).",
                one.per_second,
                p50_p99(&one.resting),
                p50_p99(&one.saturated),
                one.left
            )
            .expect("a string");
        }
        text
    }
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
