//! The Markdown files of the project, and what stands between their fences.

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("in a workspace").to_owned()
}

/// A Markdown file.
pub(super) struct Page {
    name: String,
    lines: Vec<Line>,
}

/// A line, and whether it stands in a fence.
struct Line {
    fence: Option<Fence>,
    text: String,
}

#[derive(Clone, PartialEq)]
struct Fence {
    /// Which of the page's fences it is.
    number: usize,
    language: String,
    indent: usize,
}

/// A command as a reader types it, and what the page shows after it.
pub(super) struct Typed {
    pub(super) command: String,
    pub(super) shown: Vec<String>,
}

impl Typed {
    /// What the command starts.
    pub(super) fn program(&self) -> String {
        self.command.split(' ').next().expect("a word").to_owned()
    }
}

impl Page {
    /// Every Markdown file, but for what was built or fetched.
    pub(super) fn all() -> Vec<Self> {
        let mut names = Vec::new();
        collect(&root(), &mut names);
        assert!(names.len() >= 30, "{names:?}");
        names.sort();
        names.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("UTF-8");
        let name = path.strip_prefix(root()).expect("below the top");
        Self { name: name.to_str().expect("UTF-8").to_owned(), lines: lines(&text) }
    }

    /// Its path from the top of the repository.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its lines outside of fences.
    pub(super) fn prose(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|line| line.fence.is_none()).map(|line| line.text.as_str())
    }

    /// The files it shows: TOML whose first line is their name, as a comment.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, String)> {
        self.fences("toml").into_iter().filter_map(|lines| {
            let (first, rest) = lines.split_first()?;
            let name = first.strip_prefix("# ").filter(|name| name.ends_with(".toml"))?;
            Some((name, rest.join("\n")))
        })
    }

    /// The JSON it shows.
    pub(super) fn json(&self) -> Vec<String> {
        self.fences("json").into_iter().map(|lines| lines.join("\n")).collect()
    }

    /// The commands in its console fences.
    pub(super) fn commands(&self) -> Vec<Typed> {
        let mut commands: Vec<Typed> = Vec::new();
        for lines in self.fences("console") {
            let mut typed: Option<Typed> = None;
            for line in lines {
                match (&mut typed, line.strip_prefix("$ ")) {
                    (_, Some(command)) => {
                        let command = command.to_owned();
                        commands.extend(typed.replace(Typed { command, shown: Vec::new() }));
                    }
                    (Some(one), None) if one.command.ends_with('\\') && one.shown.is_empty() => {
                        one.command.pop();
                        one.command.push_str(line.trim_start());
                    }
                    (Some(one), None) => one.shown.push(line.to_owned()),
                    (None, None) => panic!("{}: {line:?} follows no command", self.name),
                }
            }
            commands.extend(typed);
        }
        commands
    }

    fn fences(&self, language: &str) -> Vec<Vec<&str>> {
        let mut found: Vec<(usize, Vec<&str>)> = Vec::new();
        for line in &self.lines {
            let Some(fence) = line.fence.as_ref().filter(|fence| fence.language == language) else {
                continue;
            };
            let text = line.text.get(fence.indent..).unwrap_or_default();
            match found.last_mut().filter(|(number, _)| *number == fence.number) {
                Some((_, lines)) => lines.push(text),
                None => found.push((fence.number, vec![text])),
            }
        }
        found.into_iter().map(|(_, lines)| lines).collect()
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        if path.is_dir() && !name.starts_with('.') && !["target", "node_modules"].contains(&name) {
            collect(&path, found);
        } else if path.is_file() && name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The fence lines themselves belong to neither side and are left out.
fn lines(text: &str) -> Vec<Line> {
    let (mut inside, mut number) = (None::<Fence>, 0);
    let mut lines = Vec::new();
    for line in text.lines() {
        let bare = line.trim_start();
        match (&inside, bare.strip_prefix("```")) {
            (None, Some(language)) => {
                number += 1;
                let indent = line.len() - bare.len();
                inside = Some(Fence { number, language: language.to_owned(), indent });
            }
            (Some(_), Some("")) => inside = None,
            _ => lines.push(Line { fence: inside.clone(), text: line.to_owned() }),
        }
    }
    lines
}
