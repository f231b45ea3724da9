//! Revocation counter: tells every instance that some handle was revoked, by one small query.
//!
//! Every revocation raises one counter of the store, in the transaction that deletes the handles. An instance reads it
//! every few seconds; only when it has moved are cached records looked up again. Each move begins a new epoch. A record
//! that was read in an earlier epoch may have been revoked since; one of this epoch has not.

use crate::handles::Sighting;
use coze_auth::UnixSeconds;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// How long a record is used without asking the backend, while nothing is heard of the counter.
pub const RECHECK: Duration = Duration::from_secs(5);

/// The same while the counter is read and stands still. Finite, because rows can be deleted by hand.
const RECHECK_WHILE_WATCHED: Duration = Duration::from_mins(1);

/// How long a record is used after its last confirmation while the backend does not answer.
const RECHECK_WHILE_AWAY: Duration = Duration::from_mins(2);

/// An instant before all others: the counter was never read.
const NEVER: i64 = i64::MIN;

/// What this process knows of the counter. Written by one task, read without a lock.
#[derive(Debug)]
pub(crate) struct Watch {
    epoch: AtomicU64,
    /// When the counter was read last, in Unix seconds.
    read_at: AtomicI64,
    /// When it was read last in the epoch before.
    read_before_at: AtomicI64,
    counter: AtomicI64,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            epoch: AtomicU64::new(0),
            read_at: AtomicI64::new(NEVER),
            read_before_at: AtomicI64::new(NEVER),
            counter: AtomicI64::new(NEVER),
        }
    }
}

impl Watch {
    /// Returns the current epoch. To be taken before the backend is asked for a record.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Takes note of the counter as it was read at `now`. Returns whether it has moved; the first reading counts as a
    /// move, since nothing is known of the time before.
    pub(crate) fn note(&self, counter: i64, now: UnixSeconds) -> bool {
        let has_moved = self.counter.swap(counter, Ordering::Relaxed) != counter;
        if has_moved {
            self.read_before_at
                .store(self.read_at.load(Ordering::Relaxed), Ordering::Relaxed);
            // Before `read_at`: a reader that sees the new instant sees the new epoch.
            self.epoch.fetch_add(1, Ordering::Release);
        }
        self.read_at.store(now.0, Ordering::Release);
        has_moved
    }

    /// Says whether a record can be used without asking the backend. One from the future was seen before the clock was
    /// set back, at an unknown time.
    pub(crate) fn is_current(&self, sighting: Sighting, now: UnixSeconds) -> bool {
        let read_at = UnixSeconds(self.read_at.load(Ordering::Acquire));
        if sighting.epoch != self.epoch() || now < sighting.at {
            return false;
        }
        let age = now.since(sighting.at);
        let is_watched = read_at.0 != NEVER && read_at <= now && now.since(read_at) <= RECHECK;
        age <= RECHECK || (is_watched && age <= RECHECK_WHILE_WATCHED)
    }

    /// Says whether a record can be used although the backend does not answer.
    pub(crate) fn is_current_while_away(&self, sighting: Sighting, now: UnixSeconds) -> bool {
        let read_at = self.read_at.load(Ordering::Acquire);
        let confirmed_at = match self.epoch().checked_sub(sighting.epoch) {
            Some(0) => sighting.at.0.max(read_at),
            Some(1) => sighting.at.0.max(self.read_before_at.load(Ordering::Relaxed)),
            Some(_) | None => sighting.at.0,
        };
        let confirmed_at = UnixSeconds(confirmed_at);
        sighting.at <= now && confirmed_at <= now && now.since(confirmed_at) <= RECHECK_WHILE_AWAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn after(seconds: u64) -> UnixSeconds {
        NOW + Duration::from_secs(seconds)
    }

    fn seen(watch: &Watch, at: UnixSeconds) -> Sighting {
        let epoch = watch.epoch();
        Sighting { at, epoch }
    }

    #[test]
    fn record_is_current_for_five_seconds_when_the_counter_is_not_read() {
        let watch = Watch::default();
        let sighting = seen(&watch, NOW);

        assert!(watch.is_current(sighting, after(5)));
        assert!(!watch.is_current(sighting, after(6)));
        assert!(!watch.is_current(sighting, NOW - Duration::from_secs(1)));
    }

    #[test]
    fn record_is_current_for_a_minute_while_the_counter_is_read_and_stands_still() {
        let watch = Watch::default();
        assert!(watch.note(7, NOW), "the first reading is a move");
        let sighting = seen(&watch, NOW);

        assert!(!watch.note(7, after(57)));

        assert!(watch.is_current(sighting, after(60)));
        assert!(!watch.is_current(sighting, after(61)), "a minute is over");
        assert!(!watch.is_current(sighting, after(63)), "the counter was not read again");
    }

    #[test]
    fn record_of_an_earlier_epoch_is_never_current() {
        let watch = Watch::default();
        watch.note(7, NOW);
        let sighting = seen(&watch, NOW);

        assert!(watch.note(8, after(1)));

        assert!(!watch.is_current(sighting, after(1)));
        assert!(watch.is_current(seen(&watch, after(1)), after(1)));
        assert!(watch.note(0, after(2)), "a store that was emptied counts as moved");
    }

    #[test]
    fn while_the_backend_is_away_a_record_counts_from_its_last_confirmation() {
        let watch = Watch::default();
        watch.note(7, NOW);
        let sighting = seen(&watch, NOW);
        watch.note(7, after(1000));

        assert!(watch.is_current_while_away(sighting, after(1120)));
        assert!(!watch.is_current_while_away(sighting, after(1121)));

        // Confirmed until the reading before the move, and not at the move.
        watch.note(8, after(1002));
        assert!(watch.is_current_while_away(sighting, after(1120)));
        assert!(!watch.is_current_while_away(sighting, after(1121)));
        watch.note(9, after(1004));
        assert!(!watch.is_current_while_away(sighting, after(1004)));
    }
}
