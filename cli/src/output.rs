//! Data goes to standard output, messages go to standard error.

use std::io::{ErrorKind, Write as _, stdout};

use serde::Serialize;

/// Writes what the command is for. A reader that has read enough, such as `head`, is no failure.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes the same as JSON.
pub(crate) fn print_json(data: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(data)?)
}

/// Writes a message for the person at the terminal.
#[expect(clippy::print_stderr, reason = "messages for a person go to standard error")]
pub(crate) fn eprintln(text: &str) {
    eprintln!("{text}");
}
