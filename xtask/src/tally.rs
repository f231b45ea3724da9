//! Counts tests by reading what the runners print.
//!
//! Pure: a line goes in, a count may come out. The runners are cargo's libtest, Node's `--test` with the spec reporter,
//! and pytest; all three end with a summary for people that has not changed in years, and none offers a stable machine
//! format without a nightly flag or a plug-in. The benchmark of lifecycles is our own.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// `N passed, N failed`, and `, N skipped` where there are any: also the last line of a whole run.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// Whose output is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `cargo test`: one `test result:` line per test binary and per crate with doctests.
    Cargo,
    /// `node --test`: `ℹ pass 3` (spec) or `# pass 3` (TAP).
    Node,
    /// pytest: `=== 3 passed, 1 skipped in 0.12s ===`.
    Pytest,
    /// `crates/store/benches/lifecycle`: `lifecycle: 18 passed, 0 failed, 1 skipped in 28 s`.
    Lifecycle,
}

impl Runner {
    /// Reads one line of output; nothing for a line that is no summary.
    pub(crate) fn read(self, line: &str) -> Tally {
        match self {
            Self::Cargo => cargo(line),
            Self::Node => node(line),
            Self::Pytest => pytest(line),
            Self::Lifecycle => line.strip_prefix("lifecycle: ").map(pytest).unwrap_or_default(),
        }
    }
}

fn cargo(line: &str) -> Tally {
    let Some(summary) = line.strip_prefix("test result: ") else {
        return Tally::default();
    };
    let mut tally = Tally::default();
    for part in summary.split([';', '.']) {
        let (count, word) = counted(part);
        match word {
            "passed" => tally.passed += count,
            "failed" => tally.failed += count,
            "ignored" => tally.skipped += count,
            _ => {}
        }
    }
    tally
}

fn node(line: &str) -> Tally {
    let mut tally = Tally::default();
    let Some(summary) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) else {
        return tally;
    };
    let Some((word, count)) = summary.trim_end().split_once(' ') else {
        return tally;
    };
    let Ok(count) = count.parse() else {
        return tally;
    };
    match word {
        "pass" => tally.passed = count,
        // A cancelled test is one whose file or parent ended before it did.
        "fail" | "cancelled" => tally.failed = count,
        "skipped" | "todo" => tally.skipped = count,
        _ => {}
    }
    tally
}

fn pytest(line: &str) -> Tally {
    let mut tally = Tally::default();
    let bare = line.trim_matches(['=', ' ']);
    let Some((summary, seconds)) = bare.rsplit_once(" in ") else {
        return tally;
    };
    if !seconds.starts_with(|c: char| c.is_ascii_digit()) {
        return tally;
    }
    for part in summary.split(',') {
        let (count, word) = counted(part);
        match word {
            "passed" => tally.passed += count,
            // An error is a test whose fixture failed: it has shown nothing.
            "failed" | "error" | "errors" => tally.failed += count,
            "skipped" | "xfailed" | "deselected" => tally.skipped += count,
            _ => {}
        }
    }
    tally
}

/// Splits `12 passed` into its two words; no number counts as zero.
fn counted(part: &str) -> (u64, &str) {
    let mut words = part.split_whitespace();
    let count = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    (count, words.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    fn read_all(runner: Runner, output: &str) -> Tally {
        let mut sum = Tally::default();
        for line in output.lines() {
            sum += runner.read(line);
        }
        sum
    }

    #[test]
    fn cargo_binaries_are_added_up() {
        let output = "
running 2 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
test result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 7 filtered out; finished in 2.00s
";

        assert_eq!(read_all(Runner::Cargo, output), tally(5, 4, 1));
    }

    #[test]
    fn node_is_read_in_both_of_its_formats() {
        let spec = "✔ a name with 3 words (1.2ms)\nℹ tests 7\nℹ suites 1\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ todo 1\n";
        let tap = "# tests 2\n# pass 2\n# fail 0\n# duration_ms 12.5\n";

        assert_eq!(read_all(Runner::Node, spec), tally(3, 2, 2));
        assert_eq!(read_all(Runner::Node, tap), tally(2, 0, 0));
    }

    #[test]
    fn pytest_counts_an_error_as_a_failure() {
        let output = "test_chat.py::test_a PASSED\n====== 1 failed, 12 passed, 2 skipped, 1 error in 3.20s ======\n";

        assert_eq!(read_all(Runner::Pytest, output), tally(12, 2, 2));
        assert_eq!(read_all(Runner::Pytest, "5 passed in 0.05s"), tally(5, 0, 0));
    }

    #[test]
    fn lifecycle_is_counted_by_its_last_line_only() {
        let output = "lifecycle: seed 7, 9 rounds per store\nok | a | 3 passed in 2 s\nlifecycle: 18 passed, 1 failed, 2 skipped in 28 s\n";

        assert_eq!(read_all(Runner::Lifecycle, output), tally(18, 1, 2));
    }

    #[test]
    fn what_a_test_prints_is_not_counted() {
        for runner in [Runner::Cargo, Runner::Node, Runner::Pytest, Runner::Lifecycle] {
            assert_eq!(
                runner.read("arrival after sending: 12 passed hops in total"),
                Tally::default()
            );
        }
    }

    #[test]
    fn skipped_is_named_only_where_something_was_skipped() {
        assert_eq!(tally(3, 0, 0).to_string(), "3 passed, 0 failed");
        assert_eq!(tally(3, 1, 2).to_string(), "3 passed, 1 failed, 2 skipped");
    }
}
