//! Choices that follow from a seed.

use coze_auth::{Random as _, SeededRandom};
use std::time::Duration;

/// Draws numbers; equal seeds draw the same.
#[derive(Debug)]
pub(crate) struct Dice(SeededRandom);

impl Dice {
    /// Makes dice for one of many rounds, so that no round depends on when another one was played.
    pub(crate) fn of_round(seed: u64, store: &str, round: usize) -> Self {
        let place = store.bytes().chain(round.to_le_bytes());
        let start = place.fold(seed, |state, byte| {
            Self(SeededRandom::new(state ^ u64::from(byte))).below(u64::MAX)
        });
        Self(SeededRandom::new(start))
    }

    /// Draws from `0..bound`.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % bound.max(1)
    }

    pub(crate) fn one_in(&self, sides: u64) -> bool {
        self.below(sides) == 0
    }

    /// Draws a time of whole milliseconds, `longest` included.
    pub(crate) fn up_to(&self, longest: Duration) -> Duration {
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(self.below(millis + 1))
    }
}
