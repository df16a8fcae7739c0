//! `hookdock dev`.

use std::fs;
use std::process::Command;

use crate::server::{Server, empty, free_port};
use crate::stubs::SECRET;

/// The default of `hookdock dev`.
pub(crate) const WORKERS: usize = 10;

/// Whether events have a job.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// None: an event is noted and ignored.
    None,
    /// A notice for each, which a step puts into the outbox.
    Notice,
}

/// With its data on disk, and so many workers.
pub(crate) async fn start(work: Work, workers: usize) -> Server {
    let (port, data) = (free_port(), empty("hookdock"));
    let endpoint =
        |name| format!("[endpoints.{name}]\nprovider = \"github\"\nsecrets = [{SECRET:?}]\n");
    let endpoints = ["github", "live"].map(endpoint).concat();
    fs::write(data.join("endpoints.toml"), endpoints).expect("written");
    let jobs = "version = 1\n\
        [send_notification.all]\nendpoint = \"*\"\nto = { topic = {} }\n";
    fs::write(data.join("jobs.toml"), jobs).expect("written");
    let mut command = Command::new(crate::target("release/hookdock"));
    command.arg("dev").args(["--listen", &format!("127.0.0.1:{port}")]);
    command.args(["--workers", &workers.to_string()]);
    command.arg("--endpoints").arg(data.join("endpoints.toml"));
    command.arg("--data").arg(data.join("data"));
    if work == Work::Notice {
        command.arg("--jobs").arg(data.join("jobs.toml"));
    }
    Server::start(command, port, data, "run settled").await
}
