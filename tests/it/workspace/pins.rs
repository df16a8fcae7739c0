//! What is installed from elsewhere is pinned, and runs nothing while it is installed.

use std::fs;

use serde_json::Value;

use super::root;

fn text_of(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect(name)
}

fn names_in(folder: &str) -> Vec<String> {
    let files = fs::read_dir(root().join(folder)).expect("a folder");
    let names = files.map(|file| file.expect("an entry").file_name().into_string().expect("UTF-8"));
    names.collect()
}

/// The packages of a Python list without a digest, or with another operator than `==`.
fn loose_in_python(list: &str) -> Vec<&str> {
    let entries = list.split("\n").collect::<Vec<_>>();
    let lines = entries.iter().enumerate().filter(|(_, line)| !line.is_empty());
    let names = lines.filter(|(_, line)| !line.starts_with("    --hash=sha256:"));
    let loose = names.filter(|(place, line)| {
        let digest = entries.get(place + 1).is_some_and(|next| next.starts_with("    --hash="));
        !line.contains("==") || !line.ends_with(" \\") || !digest
    });
    loose.map(|(_, line)| *line).collect()
}

/// The packages of a lock file of npm without a digest.
fn loose_in_node(lock: &str) -> Vec<String> {
    let lock: Value = serde_json::from_str(lock).expect("JSON");
    let packages = lock["packages"].as_object().expect("packages");
    let fetched = packages.iter().filter(|(place, _)| !place.is_empty());
    let loose = fetched.filter(|(_, package)| !package["integrity"].is_string());
    loose.map(|(place, _)| place.clone()).collect()
}

/// The packages of a lock file of Cargo that come from a registry without a digest.
fn loose_in_rust(lock: &str) -> Vec<&str> {
    let packages = lock.split("[[package]]").skip(1);
    let fetched = packages.filter(|package| package.contains("\nsource = "));
    fetched.filter(|package| !package.contains("\nchecksum = ")).collect()
}

/// The lines of the script with this command and without this option.
fn without<'a>(script: &'a str, command: &str, option: &str) -> Vec<&'a str> {
    let lines = script.lines().filter(|line| line.contains(command) && !line.starts_with('#'));
    lines.filter(|line| !line.contains(option)).collect()
}

#[test]
fn every_package_is_pinned_by_its_digest() {
    for name in names_in("tests/python") {
        let list = text_of(&format!("tests/python/{name}"));
        assert!(list.contains("=="), "{name} is empty");
        assert_eq!(loose_in_python(&list), [""; 0], "{name}");
    }
    for lock in ["tests/oracles/npm/package-lock.json", "tests/bench/node/package-lock.json"] {
        assert_eq!(loose_in_node(&text_of(lock)), [""; 0], "{lock}");
    }
    for lock in ["Cargo.lock", "shared/signature/fuzz/Cargo.lock"] {
        assert_eq!(loose_in_rust(&text_of(lock)), [""; 0], "{lock}");
    }
    assert_eq!(without(&text_of("tests/run"), "pip\" install", "--require-hashes"), [""; 0]);
}

#[test]
fn no_package_of_node_runs_a_script() {
    assert_eq!(without(&text_of("tests/run"), "npm ci", "--ignore-scripts"), [""; 0]);
    assert_eq!(without(&text_of("tests/run"), "npm install", ""), [""; 0]);
}

#[test]
fn a_package_that_is_not_pinned_is_found() {
    let pinned = "a==1 \\\n    --hash=sha256:00\n";
    assert_eq!(loose_in_python(pinned), [""; 0]);
    for loose in ["b==2", "b>=2 \\", "b"] {
        let list = format!("{loose}\n{pinned}");
        assert_eq!(loose_in_python(&list), [loose]);
    }
    let lock = r#"{"packages": {"": {}, "a": {"integrity": "sha512-"}, "b": {"version": "1"}}}"#;
    assert_eq!(loose_in_node(lock), ["b"]);
    let lock = "[[package]]\nname = \"own\"\n[[package]]\nname = \"b\"\nsource = \"git\"\n";
    assert_eq!(loose_in_rust(lock), ["\nname = \"b\"\nsource = \"git\"\n"]);
    assert_eq!(
        without("npm ci --ignore-scripts\nnpm ci\n", "npm ci", "--ignore-scripts"),
        ["npm ci"]
    );
}
