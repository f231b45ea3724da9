//! One figure, its goal, and what to think of it.

use crate::statistics::Spread;
use serde::Serialize;
use std::fmt;

/// What a figure has to keep to.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// What we must keep, and what we want.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Goal {
    pub(crate) must: Bound,
    pub(crate) aim: Bound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// As good as we want it.
    Aim,
    /// As good as it has to be.
    Must,
    Missed,
    /// Measured, without a goal.
    Stated,
    /// Could not be measured here; the note says why.
    Skipped,
    /// The product cannot do it yet.
    NotBuilt,
}

/// How a figure was come by.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Rounds {
    pub(crate) used: usize,
    /// Thrown away because something else worked on the machine.
    pub(crate) thrown_away: usize,
    /// Used although something else did, because there were not enough others.
    pub(crate) disturbed: usize,
}

/// A line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) goal: Option<Goal>,
    pub(crate) figure: Option<Spread>,
    /// Behind a figure; empty for a ratio.
    pub(crate) unit: &'static str,
    pub(crate) rounds: Rounds,
    pub(crate) verdict: Verdict,
    pub(crate) note: String,
}

impl Bound {
    const fn is_kept_by(self, figure: f64) -> bool {
        match self {
            Self::AtMost(limit) => figure <= limit,
            Self::AtLeast(limit) => figure >= limit,
        }
    }
}

impl Goal {
    pub(crate) const fn at_most(must: f64, aim: f64) -> Self {
        Self {
            must: Bound::AtMost(must),
            aim: Bound::AtMost(aim),
        }
    }

    pub(crate) const fn at_least(must: f64, aim: f64) -> Self {
        Self {
            must: Bound::AtLeast(must),
            aim: Bound::AtLeast(aim),
        }
    }
}

impl Row {
    /// The median of `figures` against `goal`.
    pub(crate) fn of(
        name: impl Into<String>,
        goal: impl Into<Option<Goal>>,
        figures: Vec<f64>,
        unit: &'static str,
        rounds: Rounds,
    ) -> Self {
        let goal = goal.into();
        let figure = Spread::of(figures);
        let verdict = match (goal, figure) {
            (_, None) => Verdict::Skipped,
            (None, Some(_)) => Verdict::Stated,
            (Some(goal), Some(figure)) if goal.aim.is_kept_by(figure.median) => Verdict::Aim,
            (Some(goal), Some(figure)) if goal.must.is_kept_by(figure.median) => Verdict::Must,
            (Some(_), Some(_)) => Verdict::Missed,
        };
        Self {
            name: name.into(),
            goal,
            figure,
            unit,
            rounds,
            verdict,
            note: String::new(),
        }
    }

    /// What was not measured, and why.
    pub(crate) fn absent(
        name: impl Into<String>,
        goal: impl Into<Option<Goal>>,
        verdict: Verdict,
        why: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            goal: goal.into(),
            figure: None,
            unit: "",
            rounds: Rounds::default(),
            verdict,
            note: why.into(),
        }
    }

    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// A missed `must` makes the run a failed one.
    pub(crate) fn is_missed(&self) -> bool {
        self.verdict == Verdict::Missed
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "<= {}", short(*limit)),
            Self::AtLeast(limit) => write!(f, ">= {}", short(*limit)),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Aim => "aim",
            Self::Must => "must",
            Self::Missed => "MISSED",
            Self::Stated => "-",
            Self::Skipped => "SKIPPED",
            Self::NotBuilt => "not built",
        })
    }
}

/// As many digits as say something.
pub(crate) fn short(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size < 0.1 && size > 0.0 => format!("{figure:.4}"),
        _ => format!("{figure:.2}"),
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (must, aim) = self.goal.map_or((String::new(), String::new()), |goal| {
            (goal.must.to_string(), goal.aim.to_string())
        });
        let figure = self.figure.map_or_else(String::new, |Spread { median, min, max }| {
            if (max - min).abs() < f64::EPSILON {
                format!("{}{}", short(median), self.unit)
            } else {
                format!("{}{} [{} to {}]", short(median), self.unit, short(min), short(max))
            }
        });
        write!(
            f,
            "{:<9} {:<62} {must:<9} {aim:<9} {figure:<30}",
            self.verdict, self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_follows_the_median() {
        let verdict =
            |figures: &[f64], goal: Option<Goal>| Row::of("a", goal, figures.to_vec(), "", Rounds::default()).verdict;

        let most = Some(Goal::at_most(1.15, 0.95));
        assert_eq!(verdict(&[0.9, 2.0, 0.95], most), Verdict::Aim);
        assert_eq!(verdict(&[1.1], most), Verdict::Must);
        assert_eq!(verdict(&[1.2], most), Verdict::Missed);
        assert_eq!(verdict(&[0.90], Some(Goal::at_least(0.85, 0.95))), Verdict::Must);
        assert_eq!(verdict(&[0.84], Some(Goal::at_least(0.85, 0.95))), Verdict::Missed);
        assert_eq!(verdict(&[1.0], None), Verdict::Stated);
        assert_eq!(verdict(&[f64::NAN], most), Verdict::Skipped);
    }
}
