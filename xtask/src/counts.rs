//! Reads what suites and benchmarks say about the things they counted, for one table of all of them.
//!
//! Pure: a line goes in, a row may come out. Two forms are known: a check of `crates/store/benches/lifecycle`
//! (`ok | SQLite: every kill point was struck | 9 of 9`), and what every suite that attacks something prints
//! (`flipped bits: bad tried 10000 / let through 0; good tried 50 / refused 0`).

use std::fmt;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    verdict: Verdict,
    name: String,
    counts: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    Failed,
    Skipped,
}

impl Row {
    /// Reads one line of output; `None` for a line that counts nothing.
    pub(crate) fn read(line: &str) -> Option<Self> {
        check(line).or_else(|| attack(line))
    }

    /// Says whether it counts nothing bad; what was skipped has its own place in the summary.
    pub(crate) fn is_well(&self) -> bool {
        self.verdict != Verdict::Failed
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "SKIPPED",
        };
        write!(f, "{verdict:<8}{:<68}{}", self.name, self.counts)
    }
}

fn check(line: &str) -> Option<Row> {
    let mut parts = line.splitn(3, " | ");
    let verdict = match parts.next()?.trim() {
        "ok" => Verdict::Ok,
        "FAILED" => Verdict::Failed,
        "SKIPPED" => Verdict::Skipped,
        _ => return None,
    };
    Some(Row {
        verdict,
        name: parts.next()?.to_owned(),
        counts: parts.next()?.to_owned(),
    })
}

/// A suite's line is well when nothing bad was let through and nothing good refused, and when it tried anything at all.
fn attack(line: &str) -> Option<Row> {
    let (name, counts) = line.split_once(": bad tried ")?;
    // On one thread the test harness leaves its own beginning of the line in front: "test module::name ... ".
    let name = name
        .strip_prefix("test ")
        .and_then(|rest| rest.split_once(" ... "))
        .map_or(name, |(_test, name)| name);
    let (bad, rest) = counts.split_once(" / let through ")?;
    let (let_through, rest) = rest.split_once("; good tried ")?;
    let (good, refused) = rest.split_once(" / refused ")?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let tried = number(bad)? + number(good)?;
    let is_well = tried > 0 && number(let_through)? == 0 && number(refused)? == 0;
    Some(Row {
        verdict: if is_well { Verdict::Ok } else { Verdict::Failed },
        name: name.to_owned(),
        counts: format!("bad tried {counts}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Option<String> {
        let shown = Row::read(line)?.to_string();
        Some(shown.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn check_of_a_benchmark_keeps_its_own_verdict() {
        for verdict in ["ok", "FAILED", "SKIPPED"] {
            let line = format!("{verdict:<7} | Redis: a | b | 1, c 2");

            assert_eq!(shown(&line), Some(format!("{verdict} Redis: a b | 1, c 2")));
        }
    }

    #[test]
    fn attack_is_well_only_when_all_four_numbers_are() {
        let table = [
            (
                "seals: bad tried 10000 / let through 0; good tried 50 / refused 0",
                "ok",
            ),
            (
                "seals: bad tried 9 / let through 1; good tried 50 / refused 0",
                "FAILED",
            ),
            (
                "seals: bad tried 9 / let through 0; good tried 50 / refused 2",
                "FAILED",
            ),
            ("seals: bad tried 0 / let through 0; good tried 0 / refused 0", "FAILED"),
        ];

        for (line, verdict) in table {
            assert_eq!(shown(line), Some(format!("{verdict} {line}").replace(": bad", " bad")));
        }
    }

    #[test]
    fn beginning_of_the_line_that_the_test_harness_leaves_is_no_part_of_the_name() {
        let counts = "seals: bad tried 9 / let through 0; good tried 5 / refused 0";

        assert_eq!(shown(&format!("test a::b ... {counts}")), shown(counts));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "test sealing::bad tried ... ok",
            "a | b",
            "ok",
            "seals: bad tried many / let through 0; good tried 50 / refused 0",
        ] {
            assert_eq!(Row::read(line), None, "{line}");
        }
    }
}
