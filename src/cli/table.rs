//! Lists for people and for scripts: columns under headings on a terminal, and tabs without any elsewhere.

use super::context::Context;
use super::error::CliError;

/// A list that is written row by row.
pub(super) struct Table<const N: usize> {
    headings: [&'static str; N],
    /// What is held back until all widths are known; nothing is where it goes to no terminal.
    held: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(super) fn new(headings: [&'static str; N]) -> Self {
        Self { headings, held: Vec::new() }
    }

    pub(super) fn row(&mut self, context: &mut Context<'_, '_>, cells: [String; N]) -> Result<(), CliError> {
        if context.widths().stdout.is_some() {
            // What else a cell has stands behind a tab of its own for scripts.
            self.held.push(cells.map(|cell| cell.replace('\t', "  ")));
            return Ok(());
        }
        context.artifact(format!("{}\n", cells.join("\t")).as_bytes())
    }

    pub(super) fn end(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        if self.held.is_empty() {
            return Ok(());
        }
        let headings = self.headings.map(str::to_owned);
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = self.held.iter().chain([&headings]).map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        });
        for row in std::iter::once(&headings).chain(&self.held) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            context.artifact(format!("{}\n", line.trim_end()).as_bytes())?;
        }
        Ok(())
    }
}
