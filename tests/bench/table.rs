//! Tables that read well in a terminal, and are Markdown.

use std::fmt;

pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    pub(crate) fn new(heads: &[&str]) -> Self {
        Self(vec![heads.iter().map(|&head| head.to_owned()).collect()])
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.0.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default().max(2)
    }

    fn rule(&self, columns: usize) -> String {
        let rules = (0..columns).map(|column| match (column, self.width(column)) {
            (0, width) => format!("| {} |", "-".repeat(width)),
            (_, width) => format!(" {}: |", "-".repeat(width - 1)),
        });
        rules.collect()
    }
}

/// The first column is text, the others are numbers.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, row) in self.0.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                let width = self.width(column);
                match column {
                    0 => write!(f, "| {cell:<width$} |")?,
                    _ => write!(f, " {cell:>width$} |")?,
                }
            }
            writeln!(f)?;
            if at == 0 {
                writeln!(f, "{}", self.rule(row.len()))?;
            }
        }
        Ok(())
    }
}
