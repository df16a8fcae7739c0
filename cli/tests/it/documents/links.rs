//! Links between the documents.

use std::path::{Component, Path, PathBuf};

use super::page::{Page, root};

/// The links of a page that lead nowhere.
pub(super) fn broken(page: &Page, pages: &[Page]) -> Vec<String> {
    let targets = page.prose().flat_map(targets);
    let relative =
        targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    let broken = relative.filter(|target| !leads(page, target, pages));
    broken.map(|target| format!("{}: {target}", page.name())).collect()
}

fn leads(page: &Page, target: &str, pages: &[Page]) -> bool {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = Path::new(page.name()).parent().expect("a file");
    let path = if path.is_empty() { PathBuf::from(page.name()) } else { plain(&folder.join(path)) };
    let Some(other) = pages.iter().find(|other| Path::new(other.name()) == path) else {
        return anchor.is_empty() && root().join(path).exists();
    };
    anchor.is_empty() || anchors(other).iter().any(|there| there == anchor)
}

/// The path without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
        path
    })
}

/// What the links of a line lead to: `[text](target)`, also around an image.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The anchors of a page's headings, as GitHub makes them. Those of one text are counted.
fn anchors(page: &Page) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for line in page.prose().filter(|line| line.starts_with('#')) {
        let anchor = anchor(line.trim_start_matches('#').trim());
        let known = anchors.iter().filter(|known| **known == anchor).count();
        anchors.push(if known == 0 { anchor } else { format!("{anchor}-{known}") });
    }
    anchors
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn a_heading_has_the_anchor_that_github_gives_it() {
    for (heading, expected) in [
        ("Read one", "read-one"),
        ("Why not `lambda_http`?", "why-not-lambda_http"),
        ("Why does the key hold the body's digest?", "why-does-the-key-hold-the-bodys-digest"),
        ("2xx, and then", "2xx-and-then"),
    ] {
        assert_eq!(anchor(heading), expected);
    }
}

#[test]
fn a_link_is_found_wherever_it_stands_in_a_line() {
    let line = "| [a](b.md) | ![c](d.svg) [`e`](../f#g) | (h) |";
    assert_eq!(targets(line).collect::<Vec<_>>(), ["b.md", "d.svg", "../f#g"]);
    assert_eq!(plain(Path::new("docs/design/../../README.md")), Path::new("README.md"));
}
