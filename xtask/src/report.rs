//! Tells what happens, stage by stage, and sums up: the only file that prints.
//!
//! The last line is always `N passed, N failed` (`, N skipped` may follow). A stage that fails without a failed test of
//! its own (it did not compile, a tool is missing, a check found something) counts as one failed; a stage that was left
//! out counts as one skipped. So the numbers can never look better than the run was.

#![expect(clippy::print_stdout, reason = "this is what people read")]

use crate::counts::Row;
use crate::step::Ended;
use crate::tally::Tally;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How a stage ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it is well.
    Passed(Tally),
    /// Some of it is not; what exactly has been printed while it ran.
    Failed(Tally),
    /// A check of our own with its findings; well if there are none.
    Checked(Vec<String>),
    /// It was left out, for this reason.
    Skipped(String),
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        // Failed tests and status 0 would be a runner's mistake; believe the worse of the two.
        if ended.success && ended.tally.failed == 0 {
            Self::Passed(ended.tally)
        } else {
            Self::Failed(ended.tally)
        }
    }
}

/// The stages so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    stages: Vec<Stage>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Stage {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

impl Report {
    /// Runs one stage and notes how it ended; an error is printed with its causes and counts as failed.
    pub(crate) fn stage(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<Outcome>) {
        println!("\n==> {name}");
        let begun = Instant::now();
        let outcome = work().unwrap_or_else(|error| {
            println!("{name}: {error:#}");
            Outcome::Failed(Tally::default())
        });
        if let Outcome::Checked(findings) = &outcome {
            for finding in findings {
                println!("{finding}");
            }
        }
        let stage = Stage {
            name,
            outcome,
            took: begun.elapsed(),
        };
        println!("{}", stage.line());
        self.stages.push(stage);
    }

    /// Adds what was counted to the summary; the stages have judged it.
    pub(crate) fn add_rows(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
    }

    /// Prints the summary and the last line, and gives the exit code.
    pub(crate) fn finish(self) -> ExitCode {
        println!("\n==> summary");
        for row in &self.rows {
            println!("{row}");
        }
        for stage in &self.stages {
            println!("{}", stage.line());
        }
        let total = self.total();
        if total.failed > 0 {
            println!("To repeat a part of the tests: cargo xtask test [--only rust|web|python|node|browser] [-- NAME]");
        }
        println!("{total}");
        if total.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    /// Says why nothing could be done; the last line still counts, with one failure for this.
    pub(crate) fn abort(&self, error: &anyhow::Error) {
        println!("{error:#}");
        let mut total = self.total();
        total.failed += 1;
        println!("{total}");
    }

    /// Whether any test passed or failed so far, or a stage failed.
    pub(crate) fn has_run_tests(&self) -> bool {
        let total = self.total();
        total.passed + total.failed > 0
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        for stage in &self.stages {
            total += stage.tally();
        }
        total
    }
}

impl Stage {
    /// What this stage adds to the last line.
    fn tally(&self) -> Tally {
        match &self.outcome {
            Outcome::Passed(tally) => *tally,
            Outcome::Failed(tally) => Tally {
                failed: tally.failed.max(1),
                ..*tally
            },
            Outcome::Checked(findings) => Tally {
                failed: u64::from(!findings.is_empty()),
                ..Tally::default()
            },
            Outcome::Skipped(_) => Tally {
                skipped: 1,
                ..Tally::default()
            },
        }
    }

    fn line(&self) -> String {
        let Self { name, took, .. } = self;
        let seconds = took.as_secs_f64();
        let tally = self.tally();
        if let Outcome::Skipped(why) = &self.outcome {
            format!("{name:<24} SKIPPED: {why}")
        } else if tally.failed > 0 {
            format!("{name:<24} FAILED {seconds:>6.1} s  {tally}")
        } else if tally == Tally::default() {
            format!("{name:<24} ok     {seconds:>6.1} s")
        } else {
            format!("{name:<24} ok     {seconds:>6.1} s  {tally}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report_of(outcomes: Vec<Outcome>) -> Report {
        let stages = outcomes.into_iter().map(|outcome| Stage {
            name: "a",
            outcome,
            took: Duration::ZERO,
        });
        Report {
            stages: stages.collect(),
            rows: Vec::new(),
        }
    }

    #[test]
    fn a_stage_that_fails_without_a_failed_test_counts_as_one_failure() {
        let seen = Tally {
            passed: 4,
            failed: 0,
            skipped: 0,
        };

        let report = report_of(vec![Outcome::Passed(seen), Outcome::Failed(Tally::default())]);

        assert_eq!(report.total().to_string(), "4 passed, 1 failed");
        assert_eq!(report.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn a_stage_left_out_counts_as_skipped_and_does_not_fail_the_run() {
        let report = report_of(vec![Outcome::Skipped("no network".to_owned())]);

        assert_eq!(report.total().to_string(), "0 passed, 0 failed, 1 skipped");
        assert_eq!(report.finish(), ExitCode::SUCCESS);
    }

    #[test]
    fn failed_tests_fail_the_stage_even_if_the_runner_says_otherwise() {
        let ended = Ended {
            tally: Tally {
                failed: 1,
                ..Tally::default()
            },
            success: true,
        };

        assert!(matches!(Outcome::from(ended), Outcome::Failed(_)));
    }
}
