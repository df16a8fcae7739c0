//! The modules of a crate, each a file, and which of them imports which.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use super::arrows::{Arrows, Circle};
use super::source::{Import, Names, Source};

/// The texts of a crate's files, by their paths from the folder of its root.
pub(super) type Files = BTreeMap<String, String>;

/// A crate, module for module. The root has no names.
pub(super) struct Crate(BTreeMap<Names, Module>);

struct Module {
    file: String,
    source: Source,
}

/// An item, and the module that defines it; or the module itself.
struct Found {
    module: Names,
    item: Option<String>,
}

impl Crate {
    /// All that is reached from the file of the root through `mod` lines.
    pub(super) fn read(root: &str, files: &Files) -> Self {
        let mut all = Self(BTreeMap::new());
        all.add(Names::new(), root, files);
        all
    }

    fn add(&mut self, module: Names, file: &str, files: &Files) {
        let source = Source::read(&files[file]);
        for child in &source.children {
            let child = joined(&module, slice::from_ref(child));
            let [alone, folder] = ["", "/mod"].map(|end| format!("{}{end}.rs", child.join("/")));
            let file = if files.contains_key(&alone) { alone } else { folder };
            self.add(child, &file, files);
        }
        self.0.insert(module, Module { file: file.to_owned(), source });
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|module| module.file.as_str())
    }

    /// The circles between modules, and those between the rooms of a folder that no two modules
    /// make on their own.
    pub(super) fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let rooms = self.folders().into_iter().flat_map(|at| arrows.between_rooms(&at).circles());
        let rooms = rooms.filter(Circle::has_a_folder);
        arrows.circles().into_iter().chain(rooms).map(|circle| circle.to_string()).collect()
    }

    fn folders(&self) -> BTreeSet<String> {
        let folder = |file: &str| Some(format!("{}/", file.rsplit_once('/')?.0));
        self.files().map(|file| folder(file).unwrap_or_default()).collect()
    }

    /// Who imports whom, as files.
    fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::default();
        for (module, Module { file, source }) in &self.0 {
            let imported = source.imports.iter().filter_map(|import| self.imported(module, import));
            let named = source.paths.iter().filter_map(|path| self.named(module, path));
            for Found { module, item } in imported.chain(named) {
                arrows.add(file, &self.0[&module].file, &item.unwrap_or_else(|| "*".to_owned()));
            }
        }
        arrows
    }

    /// What a `use` line imports. One that hands on what lies below only says where it is, and a
    /// module's name alone says nothing yet of what is used.
    fn imported(&self, module: &Names, import: &Import) -> Option<Found> {
        let found = self.follow(module, &import.path)?;
        let is_below = found.module.len() > module.len() && found.module.starts_with(module);
        let is_handed_on = import.is_public && is_below;
        let is_module = import.name.is_some() && found.item.is_none();
        (!is_handed_on && !is_module).then_some(found)
    }

    /// What a path outside of `use` lines names, by the names that are known in the module.
    fn named(&self, module: &Names, path: &[String]) -> Option<Found> {
        let source = &self.0[module].source;
        let is_known = source.children.contains(&path[0]) || source.import(&path[0]).is_some();
        let found = if is_known { self.walk(module, path) } else { self.follow(module, path) };
        found.filter(|found| found.item.is_some())
    }

    /// Where a path leads from a module, if that is within the crate.
    fn follow(&self, module: &[String], path: &[String]) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        match (first.as_str(), module) {
            ("crate", _) => self.walk(&[], rest),
            ("self", _) => self.walk(module, rest),
            ("super", [parent @ .., _]) if starts_above(rest) => self.follow(parent, rest),
            ("super", [parent @ .., _]) => self.walk(parent, rest),
            _ if self.0[module].source.children.contains(first) => self.walk(module, path),
            _ => None,
        }
    }

    /// Where names lead from a module down.
    fn walk(&self, module: &[String], path: &[String]) -> Option<Found> {
        let found = |item| Some(Found { module: module.to_vec(), item });
        let Some((first, rest)) = path.split_first() else { return found(None) };
        let source = &self.0[module].source;
        match source.import(first) {
            // A function can have the name of the module that it lies in.
            Some(import) if rest.is_empty() || !source.children.contains(first) => {
                return self.follow(module, &joined(&import.path, rest));
            }
            _ if source.children.contains(first) => {
                return self.walk(&joined(module, slice::from_ref(first)), rest);
            }
            _ => {}
        }
        let elsewhere = self.among_everything(module, first).filter(|_| !source.knows(first));
        elsewhere.map_or_else(|| found(Some(first.clone())), |there| self.walk(&there, path))
    }

    /// The module that a name comes from through an import of everything.
    fn among_everything(&self, module: &[String], name: &str) -> Option<Names> {
        let source = &self.0[module].source;
        let everything = source.imports.iter().filter(|import| import.name.is_none());
        let mut modules = everything.filter_map(|import| self.follow(module, &import.path));
        let knows =
            |found: &Found| found.item.is_none() && self.0[&found.module].source.knows(name);
        modules.find(knows).map(|found| found.module)
    }
}

fn starts_above(path: &[String]) -> bool {
    path.first().is_some_and(|name| name == "super")
}

fn joined(before: &[String], after: &[String]) -> Names {
    [before, after].concat()
}
