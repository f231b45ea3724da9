//! What is counted with: relaxed atomics, no lock, no allocation, no clock.
//!
//! Every core has a set of its own, so that counting does not pass a cache line from core to core; [`super::exposition`]
//! adds the sets up when somebody asks. The numbers are independent of each other: nobody infers one from another, so
//! the relaxed order is enough.

use super::labels::Label;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// What only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there are now. One set may go below zero when another one began what ends here; their sum does not.
#[derive(Debug, Default)]
pub(crate) struct Level(AtomicI64);

impl Level {
    pub(super) fn change(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The upper ends of the buckets in microseconds: from what memory takes to what a long stream takes.
pub(super) const BUCKETS: [u64; 17] = [
    50,
    200,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    60_000_000,
    300_000_000,
];

/// How long things took.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    /// One for each of [`BUCKETS`], and one for what is longer.
    buckets: [Count; BUCKETS.len() + 1],
    nanoseconds: Count,
}

impl Durations {
    pub(super) fn observe(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let longer = BUCKETS.iter().take_while(|end| nanoseconds > *end * 1_000).count();
        if let Some(bucket) = self.buckets.get(longer) {
            bucket.add(1);
        }
        self.nanoseconds.add(nanoseconds);
    }

    /// How many in each bucket, not cumulated.
    pub(super) fn buckets(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().map(Count::get)
    }

    pub(super) fn nanoseconds(&self) -> u64 {
        self.nanoseconds.get()
    }
}

/// One of something for each value of a label.
#[derive(Debug)]
pub(crate) struct Each<L, T> {
    slots: Box<[T]>,
    label: PhantomData<fn(L)>,
}

impl<L: Label, T: Default> Default for Each<L, T> {
    fn default() -> Self {
        Self {
            slots: (0..L::COUNT).map(|_| T::default()).collect(),
            label: PhantomData,
        }
    }
}

impl<L: Label, T> Each<L, T> {
    /// That of `label`. There always is one, since labels are closed sets.
    pub(super) fn of(&self, label: L) -> Option<&T> {
        self.slots.get(label.index())
    }
}

impl<L: Label> Each<L, Count> {
    pub(super) fn add(&self, label: L, amount: u64) {
        if let Some(count) = self.of(label) {
            count.add(amount);
        }
    }
}

impl<L: Label> Each<L, Level> {
    pub(super) fn change(&self, label: L, amount: i64) {
        if let Some(level) = self.of(label) {
            level.change(amount);
        }
    }
}

impl<L: Label> Each<L, Durations> {
    pub(super) fn observe(&self, label: L, duration: Duration) {
        if let Some(durations) = self.of(label) {
            durations.observe(duration);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_falls_into_the_first_bucket_that_holds_it() {
        let durations = Durations::default();
        for micros in [0, 50, 51, 300_000_000, 300_000_001] {
            durations.observe(Duration::from_micros(micros));
        }
        durations.observe(Duration::MAX);

        let buckets: Vec<_> = durations.buckets().collect();

        assert_eq!(buckets.first(), Some(&2));
        assert_eq!(buckets.get(1), Some(&1));
        assert_eq!(buckets.get(16), Some(&1));
        assert_eq!(buckets.get(17), Some(&2));
        assert_eq!(buckets.iter().sum::<u64>(), 6);
    }
}
