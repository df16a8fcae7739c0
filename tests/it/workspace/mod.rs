//! What holds the workspace together.

mod arrows;
mod crates;
mod folders;
mod linked;
mod made_up;
mod modules;
mod pins;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the package lies in the workspace").to_owned()
}

/// What Cargo answers.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output();
    let output = output.expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The crates that are shipped, as paths from the workspace's folder.
fn products() -> Vec<String> {
    let below = |folder: &str| {
        let entries = fs::read_dir(root().join(folder)).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names.map(|name| format!("{folder}/{}", name.to_string_lossy())).collect::<Vec<_>>()
    };
    let mut crates = [below("shared"), below("functions"), vec!["cli".to_owned()]].concat();
    crates.sort_unstable();
    crates
}
