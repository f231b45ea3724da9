//! The platform's idea of now: the machine's clock plus an offset that a test may move.
//!
//! The only file that reads the machine's clock. Token expiry, assertion checks and all `created_at` values follow the
//! offset; [`Clock::machine_micros`] does not, because a measurement compares it with the reader's own clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use jiff::{Timestamp, tz};

/// Reads and moves the platform's time. Clones share one offset.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// Moves the platform's time to `offset` seconds from the machine's; negative is the past, 0 is the truth.
    pub fn set_offset_seconds(&self, offset: i64) {
        self.offset_seconds.store(offset, Ordering::Relaxed);
    }

    /// Returns the offset from the machine's time, in seconds.
    pub fn offset_seconds(&self) -> i64 {
        self.offset_seconds.load(Ordering::Relaxed)
    }

    /// Returns the platform's time in whole Unix seconds.
    pub fn now(&self) -> i64 {
        Self::machine_micros()
            .div_euclid(1_000_000)
            .saturating_add(self.offset_seconds())
    }

    /// Returns the machine's time in Unix microseconds, without the offset.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the double asks the machine for the time"
    )]
    pub(crate) fn machine_micros() -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
    }

    /// Returns the platform's time as RFC 3339 text in UTC, with milliseconds.
    pub(crate) fn rfc3339(&self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// Returns `YYYYMMDDhhmmss` in China's time, the way a log id starts (protocol 4.1).
    pub(crate) fn log_id_stamp(&self) -> String {
        let china = tz::TimeZone::fixed(tz::offset(8));
        self.timestamp().to_zoned(china).strftime("%Y%m%d%H%M%S").to_string()
    }

    fn timestamp(&self) -> Timestamp {
        let micros = Self::machine_micros().saturating_add(self.offset_seconds().saturating_mul(1_000_000));
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_moves_every_reading_but_the_machines() {
        let clock = Clock::default();
        let truth = clock.now();

        clock.clone().set_offset_seconds(86_400);

        assert!(clock.now() >= truth + 86_400);
        assert!(Clock::machine_micros() / 1_000_000 < truth + 86_400);
    }

    #[test]
    fn log_id_starts_with_fourteen_digits() {
        let stamp = Clock::default().log_id_stamp();

        assert_eq!(stamp.len(), 14);
        assert!(stamp.bytes().all(|byte| byte.is_ascii_digit()));
    }
}
