//! The shape of the product's files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::modules::{Crate, Files};
use super::{products, root};

/// The crates of the product by the file of their root, as `shared/pipeline/src/lib.rs`.
pub(super) fn crates() -> BTreeMap<String, (Files, Crate)> {
    let mut crates = BTreeMap::new();
    for product in products() {
        let source = format!("{product}/src");
        let files = files(&root().join(&source));
        for main in ["lib.rs", "main.rs"] {
            if files.contains_key(main) {
                let read = Crate::read(main, &files);
                crates.insert(format!("{source}/{main}"), (files.clone(), read));
            }
        }
    }
    crates
}

/// The texts of the files below a folder, by their paths from it.
fn files(folder: &Path) -> Files {
    let mut all = Files::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            all.extend(
                files(&path).into_iter().map(|(file, text)| (format!("{name}/{file}"), text)),
            );
        } else if name.ends_with(".rs") {
            all.insert(name, fs::read_to_string(&path).expect("a text"));
        }
    }
    all
}

/// `a.rs` beside a folder `a/`.
fn beside_their_folder(files: &Files) -> Vec<&str> {
    let has_folder = |file: &&str| {
        let folder = format!("{}/", file.trim_end_matches(".rs"));
        files.keys().any(|other| other.starts_with(&folder))
    };
    files.keys().map(String::as_str).filter(has_folder).collect()
}

#[test]
fn a_folder_holds_all_of_its_module() {
    for (name, (files, _)) in crates() {
        assert_eq!(beside_their_folder(&files), [""; 0], "{name}");
    }
}

#[test]
fn a_module_beside_its_folder_is_found() {
    let files = ["a.rs", "b/mod.rs", "c.rs", "c/d.rs", "c/d/e.rs"];
    let files = files.map(|file| (file.to_owned(), String::new())).into();
    assert_eq!(beside_their_folder(&files), ["c.rs", "c/d.rs"]);
}

/// No module and no room imports what imports it, so that each can be read after those that it
/// stands on.
#[test]
fn no_module_and_no_room_is_in_a_circle_of_imports() {
    let circles = crates().into_iter().flat_map(|(name, (_, all))| {
        all.circles().into_iter().map(move |circle| format!("{name}: {circle}"))
    });
    let circles: Vec<_> = circles.collect();
    assert!(circles.is_empty(), "{} circles:\n{}", circles.len(), circles.join("\n"));
}

/// The lines of a file up to its tests, which come last: Clippy sees to that.
fn without_tests(text: &str) -> usize {
    text.split("\n#[cfg(test)]\nmod tests {").next().map_or(0, |product| product.lines().count())
}

#[test]
fn no_file_has_more_than_350_lines_without_its_tests() {
    let mut long = Vec::new();
    for (name, (files, all)) in crates() {
        let lines = all.files().map(|file| (without_tests(&files[file]), file));
        let over = lines.filter(|(lines, _)| *lines > 350);
        long.extend(over.map(|(lines, file)| format!("{name}: {file} has {lines} lines")));
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_lines_of_tests_do_not_count() {
    let text =
        "use a::B;\n\n#[cfg(test)]\nmod samples;\n\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n";
    assert_eq!(without_tests(text), 6);
}
