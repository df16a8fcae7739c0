//! Exit codes.

use std::process::ExitCode;

/// What the help text says about the first step and about exit codes.
pub const HELP: &str = "\
Begin with `hookdock demo`, which needs no set-up; `hookdock COMMAND --help` has examples.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 the signature is not valid (verify),
5 partly done, 6 unhealthy (status, audit), 7 refused: it changed, or it needs --yes, 130 interrupted.";

/// The command did its work.
pub const DONE: ExitCode = ExitCode::SUCCESS;

/// The command failed.
pub const FAILED: ExitCode = ExitCode::FAILURE;

/// The number of [`not_valid`].
const NOT_VALID: u8 = 4;

/// The request was checked, and its signature is not valid.
#[must_use]
pub fn not_valid() -> ExitCode {
    ExitCode::from(NOT_VALID)
}

/// Nothing of that name is known.
pub const NOT_FOUND: u8 = 3;

/// Some of it was done; what was said tells the rest.
pub const PARTLY: u8 = 5;

/// The place is not as it should be.
pub const UNHEALTHY: u8 = 6;

/// It was not done: it has changed since it was shown, or somebody has to say yes.
pub const REFUSED: u8 = 7;

/// A person interrupted it.
pub const INTERRUPTED: u8 = 130;

/// Prints why the command failed.
#[must_use]
pub fn failed(error: &anyhow::Error) -> ExitCode {
    crate::output::eprintln(&format!("hookdock: {error:#}"));
    FAILED
}
