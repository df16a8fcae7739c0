//! Who imports whom, and the circles in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// Who imports from whom, and what. Files, or rooms: a room is a folder, which ends in a slash, or
/// a file beside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrows(BTreeMap<(String, String), BTreeSet<String>>);

/// Files or rooms each of which reaches all others.
#[derive(Debug)]
pub(super) struct Circle {
    /// The shortest way round, from one of them back to it.
    way: Vec<String>,
    /// All arrows between them.
    arrows: Arrows,
}

impl Arrows {
    pub(super) fn add(&mut self, from: &str, to: &str, item: &str) {
        if from != to {
            let items = self.0.entry((from.to_owned(), to.to_owned())).or_default();
            items.insert(item.to_owned());
        }
    }

    /// Between the rooms of a folder, from the arrows between files.
    pub(super) fn between_rooms(&self, folder: &str) -> Self {
        let room = |file: &str| {
            let inner = file.strip_prefix(folder)?.split_once('/');
            Some(inner.map_or_else(|| file.to_owned(), |(name, _)| format!("{folder}{name}/")))
        };
        let mut rooms = Self::default();
        for ((from, to), items) in &self.0 {
            if let (Some(from), Some(to)) = (room(from), room(to)) {
                items.iter().for_each(|item| rooms.add(&from, &to, item));
            }
        }
        rooms
    }

    /// Every circle there is; those with a member in common are one.
    pub(super) fn circles(&self) -> Vec<Circle> {
        let starts = self.0.keys().map(|(from, _)| from.as_str());
        let ways: BTreeMap<_, _> = starts.map(|start| (start, self.ways(start))).collect();
        let leads = |from, to| ways.get(from).is_some_and(|ways| ways.contains_key(to));
        let round = ways.keys().filter(|start| leads(**start, **start));
        let members = round.map(|start| {
            let others = ways.keys().filter(|other| leads(start, other) && leads(other, start));
            others.copied().collect::<BTreeSet<_>>()
        });
        let circles: BTreeSet<_> = members.collect();
        let circle = |members: &BTreeSet<&str>| {
            let ways = members.iter().map(|member| &ways[member][member]);
            Some(Circle {
                way: owned(ways.min_by_key(|way| way.len())?),
                arrows: self.among(members),
            })
        };
        circles.iter().filter_map(circle).collect()
    }

    /// The shortest way to everything that is reached from a start, both ends included.
    fn ways<'a>(&'a self, start: &'a str) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut ways = BTreeMap::new();
        let mut unfinished = VecDeque::from([vec![start]]);
        while let Some(way) = unfinished.pop_front() {
            for next in self.after(way[way.len() - 1]) {
                if !ways.contains_key(next) {
                    let way = [&way[..], &[next]].concat();
                    ways.insert(next, way.clone());
                    unfinished.push_back(way);
                }
            }
        }
        ways
    }

    fn after<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.keys().filter(move |(from, _)| from == file).map(|(_, to)| to.as_str())
    }

    fn among(&self, members: &BTreeSet<&str>) -> Self {
        let is_inside = |from: &String, to: &String| {
            members.contains(from.as_str()) && members.contains(to.as_str())
        };
        let inside = self.0.iter().filter(|((from, to), _)| is_inside(from, to));
        Self(inside.map(|(ends, items)| (ends.clone(), items.clone())).collect())
    }

    fn items(&self, from: &str, to: &str) -> String {
        let items = self.0.get(&(from.to_owned(), to.to_owned())).into_iter().flatten();
        items.map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl Circle {
    pub(super) fn has_a_folder(&self) -> bool {
        self.arrows.0.keys().any(|(from, _)| from.ends_with('/'))
    }
}

/// `a.rs -> b.rs (what it imports) -> a.rs (what that imports)`, and the other arrows below.
impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.way[0])?;
        for ends in self.way.windows(2) {
            write!(f, " -> {} ({})", ends[1], self.arrows.items(&ends[0], &ends[1]))?;
        }
        if self.arrows.0.len() >= self.way.len() {
            for (from, to) in self.arrows.0.keys() {
                write!(f, "\n    {from} -> {to} ({})", self.arrows.items(from, to))?;
            }
        }
        Ok(())
    }
}

fn owned(way: &[&str]) -> Vec<String> {
    way.iter().map(|&one| one.to_owned()).collect()
}
