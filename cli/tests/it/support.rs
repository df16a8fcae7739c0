//! What every module needs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The tool.
pub(crate) fn hookdock() -> Command {
    let mut hookdock = Command::new(env!("CARGO_BIN_EXE_hookdock"));
    // Nothing of a test says to the person's own commands that it runs.
    hookdock.env("XDG_RUNTIME_DIR", env!("CARGO_TARGET_TMPDIR"));
    hookdock.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env_remove("NO_COLOR");
    hookdock
}

/// What it answers.
pub(crate) fn run(arguments: &[&str]) -> Output {
    hookdock().args(arguments).output().expect("cargo built it")
}

/// An empty folder of this name.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A file in a folder.
pub(crate) fn file(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

/// What was written to standard output.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// What was said to the person.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// What was written to standard output as JSON.
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(output)))
}
