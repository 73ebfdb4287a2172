//! The table of results.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};

const BEGIN: &str = "<!-- figures: begin -->";
const END: &str = "<!-- figures: end -->";

/// A figure.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) database: &'static str,
    pub(crate) figure: String,
    /// The same measurement without our program, or the goal.
    pub(crate) beside: String,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, database: &'static str, figure: impl Into<String>) -> Self {
        Self { what: what.into(), database, figure: figure.into(), beside: String::new() }
    }

    pub(crate) fn beside(self, text: impl Into<String>) -> Self {
        Self { beside: text.into(), ..self }
    }
}

/// All figures, and the machine they were measured on.
#[derive(Debug)]
pub(crate) struct Report {
    machine: String,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(machine: String) -> Self {
        Self { machine, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("  {} ({}): {} {}", row.what, row.database, row.figure, row.beside);
        self.rows.push(row);
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text =
            format!("Measured on {}.\n\n| | Store | Figure | Beside it |\n|---|---|---|---|\n", self.machine);
        for row in &self.rows {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "| {} | {} | {} | {} |", row.what, row.database, row.figure, row.beside);
        }
        text
    }

    /// Replaces the text between the markers of the document.
    pub(crate) fn write_into(&self, file: &Path) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let replaced = replace_figures(&text, &self.markdown()).with_context(|| file.display().to_string())?;
        std::fs::write(file, replaced).with_context(|| format!("cannot write {}", file.display()))
    }
}

fn replace_figures(document: &str, figures: &str) -> anyhow::Result<String> {
    let Some((before, rest)) = document.split_once(BEGIN) else { bail!("there is no line {BEGIN}") };
    let Some((_, after)) = rest.split_once(END) else { bail!("there is no line {END}") };
    Ok(format!("{before}{BEGIN}\n{figures}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() -> anyhow::Result<()> {
        let document = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        assert_eq!(replace_figures(&document, "new\n")?, format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert!(replace_figures("no markers", "new\n").is_err());
        Ok(())
    }
}
