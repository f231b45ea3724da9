//! The table on the terminal, and the file for programs.

use crate::facts::Facts;
use crate::row::{Row, Verdict};
use serde::Serialize;
use std::path::Path;

/// Everything that a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) facts: Facts,
    pub(crate) rows: Vec<Row>,
    /// How long it took, in seconds.
    pub(crate) seconds: u64,
}

impl Report {
    /// Prints the table and what one has to know to read it.
    pub(crate) fn print(&self) {
        println!("\n{}\n", self.facts);
        println!(
            "{:<9} {:<62} {:<9} {:<9} figure: median [smallest to largest]",
            "verdict", "", "must", "aim"
        );
        for row in &self.rows {
            println!("{}", format!("{row}").trim_end());
            if !row.note.is_empty() {
                println!("{:<10}  {}", "", row.note);
            }
        }
        let sum = |count: fn(&Row) -> usize| self.rows.iter().map(count).sum::<usize>();
        let thrown_away = sum(|row| row.rounds.thrown_away);
        let disturbed = sum(|row| row.rounds.disturbed);
        let verdicts = |verdict| self.rows.iter().filter(|row| row.verdict == verdict).count();
        println!(
            "\n{} aims met, {} musts met, {} missed, {} stated, {} not built, {} skipped; {} s",
            verdicts(Verdict::Aim),
            verdicts(Verdict::Must),
            verdicts(Verdict::Missed),
            verdicts(Verdict::Stated),
            verdicts(Verdict::NotBuilt),
            verdicts(Verdict::Skipped),
            self.seconds
        );
        if thrown_away + disturbed > 0 {
            println!(
                "Others worked on this machine: over all rows, {thrown_away} rounds were thrown away and measured again, \
                 {disturbed} were used although others worked meanwhile."
            );
        }
    }

    pub(crate) fn write_json(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        std::fs::write(path, text)?;
        Ok(())
    }

    pub(crate) fn is_well(&self) -> bool {
        !self.rows.iter().any(Row::is_missed)
    }
}
