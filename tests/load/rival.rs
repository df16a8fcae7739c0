//! qhook 0.6.1, over `SQLite`: one source, one handler that matches every event.
//!
//! Without a handler that matches it answers 200 and stores nothing, which is no measure.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use crate::server::{Server, empty, free_port};
use crate::stubs::SECRET;

/// How `SQLite` keeps what it commits. Both sync before a commit returns, as qhook sets nothing and
/// its default is `synchronous=FULL` (sqlx-sqlite 0.8 and libsqlite3-sys 0.30, read 2026-11).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journal {
    /// As it comes: a rollback journal, synced before the database is, and then removed.
    Rollback,
    /// As somebody could set it for the file: one log, synced once.
    WriteAhead,
}

pub(crate) async fn start(journal: Journal, handler: SocketAddr) -> Server {
    let (port, data) = (free_port(), empty("rival"));
    let file = data.join("qhook.db");
    if journal == Journal::WriteAhead {
        let set =
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA journal_mode=WAL')";
        let made = Command::new("python3").args(["-c", set]).arg(&file).status();
        assert!(made.expect("python3 can be started").success(), "no database");
    }
    let configuration = format!(
        "database: {{ driver: sqlite, url: \"sqlite://{}?mode=rwc\" }}\n\
         server: {{ port: {port}, allow_private_urls: true }}\n\
         sources: {{ github: {{ type: webhook, verify: github, secret: {SECRET:?} }} }}\n\
         handlers: {{ all: {{ source: github, url: \"http://{handler}/\" }} }}\n",
        file.display()
    );
    fs::write(data.join("qhook.yaml"), configuration).expect("written");
    let mut command = Command::new(crate::target("tools/bin/qhook"));
    command.arg("start").arg("--config").arg(data.join("qhook.yaml"));
    Server::start(command, port, data, "nothing of it").await
}
