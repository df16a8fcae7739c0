//! What the documents say: every command is run or checked against what it names, and every link
//! leads somewhere.

mod links;
mod listed;
mod page;
mod server;
mod session;
mod threats;
mod words;

use std::collections::BTreeSet;

use page::Page;
use session::Session;

use crate::support::run;

/// The page of that name, from the top of the repository.
pub(crate) fn text_of(name: &str) -> String {
    std::fs::read_to_string(page::root().join(name)).expect("a document")
}

#[test]
fn every_command_in_the_documents_does_what_is_shown() {
    let pages = Page::all();
    std::thread::scope(|scope| {
        for page in &pages {
            scope.spawn(|| type_all(page));
        }
    });
    let commands = pages.iter().flat_map(Page::commands);
    let kinds: BTreeSet<String> = commands.map(|typed| typed.program()).collect();
    for kind in ["hookdock", "aws", "sam", "cargo", "tests/run", "pip"] {
        assert!(kinds.contains(kind), "no page has a command of {kind}: {kinds:?}");
    }
}

fn type_all(page: &Page) {
    let mut session = Session::of(page);
    for typed in page.commands() {
        if !session.runs(&typed) {
            listed::check(page, &typed);
        }
    }
    session.end();
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let pages = Page::all();
    let broken: Vec<String> = pages.iter().flat_map(|page| links::broken(page, &pages)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let summary = text_of("docs/SUMMARY.md");
    let pages = Page::all();
    let of_the_book = pages.iter().filter_map(|page| page.name().strip_prefix("docs/"));
    let missing: Vec<&str> = of_the_book
        .filter(|name| *name != "SUMMARY.md" && !summary.contains(&format!("({name})")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_page_of_commands_has_every_command() {
    let help = String::from_utf8(run(&["--help"]).stdout).expect("UTF-8");
    let (_, rest) = help.split_once("Commands:\n").expect("a list");
    let (list, _) = rest.split_once("\n\n").expect("an end");
    let there: BTreeSet<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    let page = text_of("docs/commands.md");
    let told: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with('-'))
        .collect();
    assert_eq!(told, there);
}

#[test]
fn the_readme_is_read_in_a_few_minutes() {
    let words = text_of("README.md").split_whitespace().count();
    assert!(words <= 1500, "README.md has {words} words");
}

#[test]
fn the_example_of_an_endpoints_file_is_usable() {
    let path = page::root().join("infra/endpoints.example.toml");
    let file = hookdock_embedded::EndpointFile::read(&path).expect("usable");
    assert!(file.iter().count() >= 2);
}

#[test]
fn the_help_of_every_command_fits_a_screen_and_has_an_example() {
    for (command, lines) in [
        ("cost", 39),
        ("completion", 16),
        ("man", 16),
        ("demo", 24),
        ("dev", 27),
        ("show", 30),
        ("list", 42),
        ("body", 38),
        ("diff", 30),
        ("explain", 24),
        ("find", 40),
        ("retry", 32),
        ("dead", 50),
        ("endpoints", 27),
        ("status", 27),
        ("providers", 24),
        ("sign", 24),
        ("trigger", 45),
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

#[test]
fn the_registry_of_the_examples_is_the_one_that_runs() {
    const SIGNATURE: &str = "\npub fn registry(settings: Settings) -> Registry {\n";
    for page in ["README.md", "docs/jobs.md", "shared/jobs/src/lib.rs"] {
        assert!(text_of(page).contains(SIGNATURE), "{page}");
    }
    for caller in ["cli/src/dev/settings.rs", "functions/processor/src/main.rs"] {
        assert!(text_of(caller).contains("hookdock_jobs::registry("), "{caller}");
    }
}
