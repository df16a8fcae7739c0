//! A reader who types the commands of a page, one after the other, in an empty folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::page::{Page, Typed, root};
use super::server::Server;
use super::words::{masked, output, words};
use crate::support::{folder, run, stdout};

/// Sends the signed request to the server of the page.
const SENT: &str = " --curl | sh";

/// The folder of a page, and the server that runs in it.
pub(super) struct Session {
    folder: PathBuf,
    server: Option<Server>,
}

impl Session {
    /// In the folder are the files that the page shows.
    pub(super) fn of(page: &Page) -> Self {
        let folder = folder(&format!("page-{}", page.name().replace(['/', '.'], "-")));
        for (name, content) in page.files() {
            std::fs::write(folder.join(name), content).expect("written");
        }
        Self { folder, server: None }
    }

    /// Runs the command and compares what it says with what is shown. `false`: it needs more than
    /// this machine.
    pub(super) fn runs(&mut self, typed: &Typed) -> bool {
        let words = words(&typed.command);
        match (words[0].as_str(), words.get(1).map(String::as_str)) {
            ("hookdock", _) if words.iter().any(|word| output(word).is_some()) => return false,
            ("hookdock", Some("dev")) => self.serve(&words[1..], typed),
            ("hookdock", _) if typed.command.ends_with(SENT) => self.send(&typed.command),
            ("hookdock", Some("show")) => {
                // The work under way is finished first, so that the page shows how it ended.
                self.server.take().into_iter().for_each(Server::stop);
                Self::shell(&self.folder, typed);
            }
            ("hookdock" | "printf" | "sed", _) => Self::shell(&self.folder, typed),
            ("cargo", Some("tree")) => Self::shell(&root(), typed),
            _ => return false,
        }
        true
    }

    /// Stops what is still running, and leaves nothing.
    pub(super) fn end(self) {
        drop(self.server);
        std::fs::remove_dir_all(self.folder).expect("removed");
    }

    fn serve(&mut self, arguments: &[String], typed: &Typed) {
        let (server, said) = Server::start(&self.folder, arguments, typed.shown.len());
        self.server = Some(server);
        if !typed.shown.is_empty() {
            compare(typed, &said.join("\n"));
        }
    }

    fn send(&self, command: &str) {
        let signed = command.strip_suffix(SENT).expect("it ends so");
        let curl = stdout(&output_of(&self.folder, &format!("{signed} --curl")));
        assert!(curl.starts_with("curl --url "), "{command}: {curl}");
        let request = output_of(&self.folder, &format!("{signed} --json"));
        let request = serde_json::from_slice(&request.stdout).expect("JSON");
        self.server.as_ref().expect("the page has started `hookdock dev`").takes(&request);
    }

    fn shell(folder: &Path, typed: &Typed) {
        let output = output_of(folder, &typed.command);
        let text = stdout(&output);
        let refused = typed.shown.first().is_some_and(|line| line.starts_with("not valid"));
        let expected = if refused { 4 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{}: {text}", typed.command);
        if !typed.shown.is_empty() {
            compare(typed, &text);
        }
    }
}

/// What a shell says that finds the tool by its name.
fn output_of(folder: &Path, command: &str) -> Output {
    let tool = Path::new(env!("CARGO_BIN_EXE_hookdock")).parent().expect("a folder");
    let script = r#"PATH="$0:$PATH"; exec 2>&1; eval "$1""#;
    let mut shell = Command::new("sh");
    shell.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env("XDG_RUNTIME_DIR", folder);
    shell.args(["-c", script]).arg(tool).arg(command).current_dir(folder);
    shell.output().expect("a shell")
}

/// `...` on a line of its own stands for any number of lines.
fn compare(typed: &Typed, said: &str) {
    let said: Vec<String> = said.lines().map(masked).filter(|line| !line.is_empty()).collect();
    let shown: Vec<String> =
        typed.shown.iter().map(|line| masked(line)).filter(|line| !line.is_empty()).collect();
    let command = &typed.command;
    assert!(fits(&shown, &said), "{command}\nshown:\n{shown:#?}\nit says:\n{said:#?}");
}

fn fits(shown: &[String], said: &[String]) -> bool {
    match shown.split_first() {
        None => said.is_empty(),
        Some((dots, rest)) if dots == "..." => {
            (0..=said.len()).any(|from| fits(rest, &said[from..]))
        }
        Some((line, rest)) => said.first() == Some(line) && fits(rest, &said[1..]),
    }
}

/// The options that a command has.
pub(super) fn has_options(words: &[String]) {
    let help = stdout(&run(&[&words[1], "--help"]));
    for option in words.iter().filter(|word| word.starts_with("--")) {
        let there = help.split_whitespace().any(|word| word.trim_end_matches(',') == option);
        assert!(there, "{words:?}: {option} is not in\n{help}");
    }
}

#[test]
fn dots_stand_for_lines_and_everything_else_for_itself() {
    let lines = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for (shown, said, expected) in [
        ("a b", "a b", true),
        ("a", "a b", false),
        ("a ...", "a b c", true),
        ("... c", "a b c", true),
        ("a ... c", "a b b", false),
        ("... b ...", "a b c", true),
        ("... d ...", "a b c", false),
    ] {
        assert_eq!(fits(&lines(shown), &lines(said)), expected, "{shown} and {said}");
    }
}
