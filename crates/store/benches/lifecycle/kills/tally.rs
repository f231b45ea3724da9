//! The counts of all rounds on one store.

use super::verdict::{End, Verdict};
use crate::check::{Check, Report};
use crate::kill_point::KillPoint;
use std::collections::BTreeMap;

/// Rounds that were played, and those that came to nothing.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    verdicts: Vec<Verdict>,
    /// Rounds that this program could not finish.
    broken: usize,
    leases_lost: usize,
}

impl Tally {
    pub(crate) fn count(&mut self, verdict: Verdict) {
        self.verdicts.push(verdict);
    }

    pub(crate) fn count_broken(&mut self) {
        self.broken += 1;
    }

    pub(crate) fn count_lost_leases(&mut self, leases: usize) {
        self.leases_lost += leases;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.verdicts.extend(other.verdicts);
        self.broken += other.broken;
        self.leases_lost += other.leases_lost;
    }

    pub(crate) fn report(&self, store: &str) -> Report {
        let sum = |count: fn(&Verdict) -> usize| self.verdicts.iter().map(count).sum::<usize>();
        let ends = |end| self.verdicts.iter().filter(|verdict| verdict.end == end).count();
        let kills = sum(|verdict| usize::from(verdict.is_struck));
        let double_redeems = sum(|verdict| verdict.double_redeems);
        let lost_otherwise = ends(End::LostOtherwise) + ends(End::CannotBeRenewed);
        let disagreed = ends(End::Disagreed) + ends(End::Stuck);
        let wrong_tokens = sum(|verdict| verdict.wrong_tokens);
        let misnamed = sum(|verdict| verdict.misnamed);
        let unsaved = sum(|verdict| usize::from(verdict.is_used_before_saved));
        let never_struck: Vec<&str> = KillPoint::ALL
            .into_iter()
            .filter(|point| self.at(*point).all(|verdict| !verdict.is_struck))
            .map(KillPoint::name)
            .collect();
        let checks = vec![
            Check::new(
                store,
                "no refresh token is redeemed twice",
                format!(
                    "{} rounds, {kills} kills, {} redeems, double {double_redeems}",
                    self.verdicts.len(),
                    sum(|verdict| verdict.requests)
                ),
                double_redeems == 0,
            ),
            Check::new(
                store,
                "no login is lost but with the platform's answer",
                format!(
                    "kept {}, lost with their answer {} (AnswerLost; named otherwise {misnamed}), lost otherwise {lost_otherwise}",
                    ends(End::Kept),
                    ends(End::LostWithItsAnswer)
                ),
                lost_otherwise + misnamed == 0,
            ),
            Check::new(
                store,
                "survivors and the restarted process agree",
                format!("disagreed {disagreed}, wrong tokens {wrong_tokens}, used before saved {unsaved}"),
                disagreed + wrong_tokens + unsaved == 0,
            ),
            Check::new(
                store,
                "every kill point was struck",
                if never_struck.is_empty() {
                    let least = KillPoint::ALL.map(|point| self.at(point).filter(|verdict| verdict.is_struck).count());
                    format!(
                        "{} points, {} times each at least",
                        KillPoint::ALL.len(),
                        least.into_iter().min().unwrap_or(0)
                    )
                } else {
                    format!("never: {}", never_struck.join("; "))
                },
                never_struck.is_empty(),
            ),
            Check::new(
                store,
                "every round could be played",
                format!("broken {}", self.broken),
                self.broken == 0,
            ),
        ];
        Report {
            tables: vec![self.table(store)],
            checks,
        }
    }

    fn at(&self, point: KillPoint) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(move |verdict| verdict.point == point)
    }

    fn table(&self, store: &str) -> String {
        let head = [
            "kills",
            "kept",
            "answer lost",
            "other end",
            "redeems/round",
            "rotations/round",
            "double",
            "excused",
        ];
        let mut lines = vec![
            format!("{store}: kill -9 of one of three processes"),
            row("point", &head.map(str::to_owned)),
        ];
        lines.extend(KillPoint::ALL.map(|point| row(point.name(), &self.cells(point))));
        let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, times) in self.verdicts.iter().flat_map(|verdict| &verdict.errors) {
            *errors.entry(name).or_default() += times;
        }
        let errors: Vec<String> = errors.iter().map(|(name, times)| format!("{name} {times}")).collect();
        lines.push(format!(
            "what callers were told instead of a token: {}",
            errors.join(", ")
        ));
        lines.push(format!("leases that a living process lost: {}", self.leases_lost));
        lines.join("\n")
    }

    fn cells(&self, point: KillPoint) -> [String; 8] {
        let verdicts: Vec<&Verdict> = self.at(point).collect();
        let sum = |count: fn(&Verdict) -> usize| verdicts.iter().map(|verdict| count(verdict)).sum::<usize>();
        let ends = |end| verdicts.iter().filter(|verdict| verdict.end == end).count();
        let (kept, answer_lost) = (ends(End::Kept), ends(End::LostWithItsAnswer));
        [
            sum(|verdict| usize::from(verdict.is_struck)).to_string(),
            kept.to_string(),
            answer_lost.to_string(),
            (verdicts.len() - kept - answer_lost).to_string(),
            format!("{:.2}", mean(sum(|verdict| verdict.requests), verdicts.len())),
            format!("{:.2}", mean(sum(|verdict| verdict.rotations), verdicts.len())),
            sum(|verdict| verdict.double_redeems).to_string(),
            sum(|verdict| verdict.excused_redeems).to_string(),
        ]
    }
}

fn row(name: &str, cells: &[String; 8]) -> String {
    const WIDTHS: [usize; 8] = [6, 6, 13, 11, 15, 17, 8, 9];
    let cells = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:>width$}"));
    format!("{name:<50}{}", cells.collect::<String>())
}

fn mean(sum: usize, count: usize) -> f64 {
    let [sum, count] = [sum, count.max(1)].map(|number| f64::from(u32::try_from(number).unwrap_or(u32::MAX)));
    sum / count
}
