//! Exit codes.

use std::process::ExitCode;

/// What the help text says about exit codes.
pub const HELP: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage.";

/// The command did what it was asked to.
pub const DONE: ExitCode = ExitCode::SUCCESS;

/// The command failed.
pub const FAILED: ExitCode = ExitCode::FAILURE;

/// Says why the command failed.
#[expect(clippy::print_stderr, reason = "the last word of a command is for the person at it")]
#[must_use]
pub fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("hookdock: {error:#}");
    FAILED
}
