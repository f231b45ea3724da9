//! Interleaved measuring: one round has every target once, and the next round begins with another one.
//!
//! A round in which the machine did something else is thrown away and measured again, up to a limit; what is used all the
//! same is counted.

use crate::row::Rounds;
use crate::statistics::paired_ratios;
use crate::targets::Target;
use crate::usage::Machine;

/// The share of all cores that others may have in a clean round.
const MOST_DISTURBANCE: f64 = 0.05;

/// Rounds by target, in the order of the targets.
#[derive(Debug)]
pub(crate) struct Measured<S> {
    rounds: Vec<Vec<S>>,
    pub(crate) counts: Rounds,
}

/// Measures until there are `wanted` clean rounds, or twice as many in all.
pub(crate) fn interleave<S>(
    targets: &[&Target],
    wanted: usize,
    mut measure: impl FnMut(&Target) -> anyhow::Result<S>,
) -> anyhow::Result<Measured<S>> {
    let mut tried: Vec<(f64, Vec<S>)> = Vec::new();
    let clean = |tried: &[(f64, Vec<S>)]| tried.iter().filter(|(most, _)| *most <= MOST_DISTURBANCE).count();
    while clean(&tried) < wanted && tried.len() < wanted * 2 {
        let mut slices: Vec<(usize, S)> = Vec::with_capacity(targets.len());
        let mut most = 0.0_f64;
        for step in 0..targets.len() {
            let index = (step + tried.len()) % targets.len();
            let Some(target) = targets.get(index) else { continue };
            let before = Machine::now();
            slices.push((index, measure(target)?));
            most = most.max(Machine::now().disturbance_since(&before));
        }
        slices.sort_by_key(|(index, _)| *index);
        tried.push((most, slices.into_iter().map(|(_, slice)| slice).collect()));
    }
    let all = tried.len();
    tried.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    tried.truncate(wanted);
    Ok(Measured {
        counts: Rounds {
            used: tried.len(),
            thrown_away: all - tried.len(),
            disturbed: tried.len() - clean(&tried),
        },
        rounds: tried.into_iter().map(|(_, slices)| slices).collect(),
    })
}

impl<S> Measured<S> {
    /// One figure of one target, round by round.
    pub(crate) fn figures(&self, target: usize, figure: impl Fn(&S) -> f64) -> Vec<f64> {
        let slices = self.rounds.iter().filter_map(|round| round.get(target));
        slices.map(figure).collect()
    }

    /// The figure of one target by that of another, round by round.
    pub(crate) fn ratios(&self, ours: usize, theirs: usize, figure: impl Fn(&S) -> f64) -> Vec<f64> {
        paired_ratios(&self.figures(ours, &figure), &self.figures(theirs, &figure))
    }

    /// The same of what each adds to the figure of a third one.
    pub(crate) fn ratios_added(&self, ours: usize, theirs: usize, over: usize, figure: impl Fn(&S) -> f64) -> Vec<f64> {
        let over = self.figures(over, &figure);
        let added = |target| -> Vec<f64> {
            let figures = self.figures(target, &figure);
            figures
                .iter()
                .zip(&over)
                .map(|(with, without)| with - without)
                .collect()
        };
        paired_ratios(&added(ours), &added(theirs))
    }

    /// The median of what one target adds.
    pub(crate) fn median(&self, target: usize, figure: impl Fn(&S) -> f64) -> f64 {
        crate::statistics::Spread::of(self.figures(target, figure)).map_or(f64::NAN, |spread| spread.median)
    }
}
