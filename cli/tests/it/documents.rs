//! What the documents say about the tool.

use std::path::Path;

use crate::support::run;

/// The commands of a document's console blocks that run this tool.
fn documented(document: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(document);
    let text = std::fs::read_to_string(path).expect("a document");
    let typed = text.lines().filter_map(|line| line.strip_prefix("$ "));
    let ours = typed.filter_map(|line| line.split_once("hookdock-cli -- "));
    ours.map(|(_, rest)| rest.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn every_command_and_flag_in_the_documents_exists() {
    let commands = documented("README.md");
    assert!(commands.len() >= 6, "{commands:?}");
    for words in commands {
        let help = run(&[&words[0], "--help"]);
        let help = String::from_utf8(help.stdout).expect("UTF-8");
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(flag.as_str()), "{words:?}: {flag} is not in\n{help}");
        }
    }
}

#[test]
fn the_example_of_an_endpoints_file_is_usable() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/endpoints.example.toml");
    let file = hookdock_embedded::EndpointFile::read(&path).expect("usable");
    assert!(file.iter().count() >= 2);
}

#[test]
fn the_help_of_every_command_fits_a_screen_and_has_an_example() {
    for (command, lines) in [
        ("cost", 36),
        ("demo", 24),
        ("dev", 24),
        ("inspect", 24),
        ("providers", 24),
        ("sign", 24),
        ("verify", 24),
    ] {
        let help = run(&[command, "--help"]);
        let help = String::from_utf8(help.stdout).expect("UTF-8");
        assert!(help.lines().count() <= lines, "{help}");
        assert!(help.contains(&format!("  hookdock {command} ")), "{help}");
    }
    let help = String::from_utf8(run(&["--help"]).stdout).expect("UTF-8");
    assert!(help.contains("4 the signature is not valid"), "{help}");
    assert!(help.contains("hookdock demo"), "where to begin, in {help}");
}
