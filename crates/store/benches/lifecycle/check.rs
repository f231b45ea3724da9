//! What came out: tables for people, then one line per check, which `cargo xtask` reads as well.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

/// One thing that had to hold.
#[derive(Debug)]
pub(crate) struct Check {
    verdict: Verdict,
    name: String,
    /// What was counted; for a skipped one the reason.
    counts: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Ok,
    Failed,
    Skipped,
}

impl Check {
    pub(crate) fn new(store: &str, what: &str, counts: String, holds: bool) -> Self {
        Self {
            verdict: if holds { Verdict::Ok } else { Verdict::Failed },
            name: format!("{store}: {what}"),
            counts,
        }
    }

    pub(crate) fn skipped(store: &str, reason: String) -> Self {
        Self {
            verdict: Verdict::Skipped,
            name: store.to_owned(),
            counts: reason,
        }
    }
}

/// The form that `xtask/src/bench.rs` reads.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "SKIPPED",
        };
        write!(f, "{verdict:<7} | {} | {}", self.name, self.counts)
    }
}

/// The checks of one part, and tables that show more than they say.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) tables: Vec<String>,
    pub(crate) checks: Vec<Check>,
}

impl Report {
    pub(crate) fn of(checks: Vec<Check>) -> Self {
        Self {
            tables: Vec::new(),
            checks,
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.tables.extend(other.tables);
        self.checks.extend(other.checks);
    }

    /// Prints everything, the counts of the checks last.
    pub(crate) fn print(&self, took: Duration) -> ExitCode {
        for table in &self.tables {
            println!("\n{table}");
        }
        println!();
        for check in &self.checks {
            println!("{check}");
        }
        let count = |verdict| self.checks.iter().filter(|check| check.verdict == verdict).count();
        let failed = count(Verdict::Failed);
        println!(
            "lifecycle: {} passed, {failed} failed, {} skipped in {:.0} s",
            count(Verdict::Ok),
            count(Verdict::Skipped),
            took.as_secs_f64()
        );
        ExitCode::from(u8::from(failed > 0))
    }
}
