//! Medians of paired ratios, and percentiles.
//!
//! Pure. A shared machine drifts by a factor of two within a minute, and two runs that follow each other at once drift together:
//! so figures are compared within a round, and the median of those ratios is what counts.

/// The middle of several figures, with the smallest and the largest.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` of nothing, and of what is no number.
    pub(crate) fn of(mut figures: Vec<f64>) -> Option<Self> {
        figures.retain(|figure| figure.is_finite());
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        let upper = *figures.get(figures.len() / 2)?;
        let lower = *figures.get((figures.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            min,
            max,
        })
    }
}

/// Ours by theirs, round by round.
pub(crate) fn paired_ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect()
}

/// Durations in nanoseconds, to be asked for percentiles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies {
    sorted: Vec<u64>,
}

impl Latencies {
    pub(crate) fn of(mut nanoseconds: Vec<u64>) -> Self {
        nanoseconds.sort_unstable();
        Self { sorted: nanoseconds }
    }

    /// The smallest duration that at least this share of all does not exceed (nearest rank).
    fn quantile(&self, share: f64) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length is one"
        )]
        let rank = (share * self.sorted.len() as f64).ceil() as usize;
        self.sorted.get(rank.max(1) - 1).copied()
    }

    /// The same in milliseconds; no number when nothing was measured.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        self.quantile(share)
            .map_or(f64::NAN, |nanoseconds| nanoseconds as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(figure: f64) -> Spread {
        Spread {
            median: figure,
            min: figure,
            max: figure,
        }
    }

    #[test]
    fn median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]).unwrap();

        assert_eq!(
            spread,
            Spread {
                median: 2.5,
                min: 1.0,
                max: 4.0
            }
        );
        assert_eq!(Spread::of(vec![7.0]), Some(single(7.0)));
    }

    #[test]
    fn what_is_no_number_counts_for_nothing() {
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![f64::NAN, f64::INFINITY]), None);
        assert_eq!(Spread::of(vec![f64::NAN, 2.0]), Some(single(2.0)));
    }

    #[test]
    fn drift_of_the_machine_is_not_in_the_ratios() {
        // The machine slows down by three; we need half as much as they all the time.
        let ratios = paired_ratios(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]);

        assert_eq!(Spread::of(ratios), Some(single(0.5)));
    }

    #[test]
    fn quantile_is_the_nearest_rank() {
        let latencies = Latencies::of((1..=1000).rev().collect());

        assert_eq!(
            [0.0, 0.5, 0.99, 0.999, 1.0].map(|share| latencies.quantile(share)),
            [1, 500, 990, 999, 1000].map(Some)
        );
        assert_eq!(Latencies::of(vec![3]).quantile(0.99), Some(3));
        assert!(Latencies::default().quantile_ms(0.5).is_nan());
    }
}
