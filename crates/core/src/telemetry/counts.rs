//! What is counted with: relaxed atomics, no lock, no allocation, no clock.
//!
//! Every core has a set of its own, so that counting does not pass a cache line from core to core; [`super::exposition`]
//! adds the sets up when somebody asks. The numbers are independent of each other: nobody infers one from another, so
//! the relaxed order is enough.
//!
//! A set that one thread writes needs no locked addition either: a load and a store do, since others only read. Whoever
//! makes a set says which kind it is ([`Writers`]). When that is wrong, a debug build, so every test, panics; a release
//! would lose a count, and nothing else.

use super::labels::Label;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(debug_assertions)]
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Who writes a set.
#[derive(Clone, Debug)]
pub(super) enum Writers {
    /// One thread.
    One(Writer),
    /// Any thread.
    Many,
}

/// The only thread that writes a set: the first that does.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    #[cfg(debug_assertions)]
    thread: Arc<OnceLock<std::thread::ThreadId>>,
}

impl Writer {
    #[cfg(debug_assertions)]
    fn check(&self) {
        let this = std::thread::current().id();
        let first = *self.thread.get_or_init(|| this);
        debug_assert_eq!(this, first, "a set of one thread is written by another");
    }

    #[cfg(not(debug_assertions))]
    fn check(&self) {}
}

impl Writers {
    /// Adds to `number`, around its ends if need be.
    fn add(&self, number: &AtomicU64, amount: u64) {
        match self {
            Self::One(writer) => {
                writer.check();
                let sum = number.load(Ordering::Relaxed).wrapping_add(amount);
                number.store(sum, Ordering::Relaxed);
            }
            Self::Many => {
                number.fetch_add(amount, Ordering::Relaxed);
            }
        }
    }
}

/// What only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there are now. One set may go below zero when another one began what ends here; their sum does not.
#[derive(Debug, Default)]
pub(super) struct Level(AtomicU64);

impl Level {
    pub(super) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed).cast_signed()
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
pub(super) struct Durations {
    /// One for each of [`BUCKETS`], and one for what is longer.
    buckets: [Count; BUCKETS.len() + 1],
    nanoseconds: Count,
}

impl Durations {
    fn observe(&self, duration: Duration, writers: &Writers) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let longer = BUCKETS.iter().take_while(|end| nanoseconds > *end * 1_000).count();
        if let Some(bucket) = self.buckets.get(longer) {
            writers.add(&bucket.0, 1);
        }
        writers.add(&self.nanoseconds.0, nanoseconds);
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
pub(super) struct Each<L, T> {
    slots: Box<[T]>,
    writers: Writers,
    label: PhantomData<fn(L)>,
}

impl<L: Label, T: Default> Each<L, T> {
    pub(super) fn new(writers: &Writers) -> Self {
        Self {
            slots: (0..L::COUNT).map(|_| T::default()).collect(),
            writers: writers.clone(),
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
            self.writers.add(&count.0, amount);
        }
    }
}

impl<L: Label> Each<L, Level> {
    pub(super) fn change(&self, label: L, amount: i64) {
        if let Some(level) = self.of(label) {
            self.writers.add(&level.0, amount.cast_unsigned());
        }
    }
}

impl<L: Label> Each<L, Durations> {
    pub(super) fn observe(&self, label: L, duration: Duration) {
        if let Some(durations) = self.of(label) {
            durations.observe(duration, &self.writers);
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
            durations.observe(Duration::from_micros(micros), &Writers::Many);
        }
        durations.observe(Duration::MAX, &Writers::Many);

        let buckets: Vec<_> = durations.buckets().collect();

        assert_eq!(buckets.first(), Some(&2));
        assert_eq!(buckets.get(1), Some(&1));
        assert_eq!(buckets.get(16), Some(&1));
        assert_eq!(buckets.get(17), Some(&2));
        assert_eq!(buckets.iter().sum::<u64>(), 6);
    }

    #[test]
    fn both_kinds_of_sets_count_alike() {
        for writers in [Writers::One(Writer::default()), Writers::Many] {
            let counts = Each::<(), Count>::new(&writers);
            let levels = Each::<(), Level>::new(&writers);
            counts.add((), 2);
            counts.add((), 40);
            levels.change((), 1);
            levels.change((), -3);

            assert_eq!(counts.of(()).unwrap().get(), 42, "{writers:?}");
            assert_eq!(levels.of(()).unwrap().get(), -2, "{writers:?}");
        }
    }

    #[test]
    fn many_threads_lose_nothing_in_a_set_of_many() {
        let counts = Each::<(), Count>::new(&Writers::Many);

        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| (0..10_000).for_each(|_| counts.add((), 1)));
            }
        });

        assert_eq!(counts.of(()).unwrap().get(), 40_000);
    }

    #[cfg(debug_assertions)]
    #[test]
    fn second_thread_in_a_set_of_one_is_noticed() {
        let counts = Each::<(), Count>::new(&Writers::One(Writer::default()));
        counts.add((), 1);

        let outcome = std::thread::scope(|threads| threads.spawn(|| counts.add((), 1)).join());

        assert!(outcome.is_err());
    }
}
