//! The platform's idea of now: the machine's clock plus an offset that a test may move.
//!
//! The only file that reads the machine's clock. Token expiry, assertion checks and all `created_at` values follow the
//! offset; [`Clock::machine_micros`] does not, because a measurement compares it with the reader's own clock.

use jiff::{Timestamp, tz};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

tokio::task_local! {
    /// Further seconds by which the clock is wrong for the request that is being answered.
    static SKEW_SECONDS: i64;
}

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
        self.now_micros().div_euclid(1_000_000)
    }

    /// Returns the platform's time in whole Unix milliseconds.
    pub(crate) fn now_millis(&self) -> i64 {
        self.now_micros().div_euclid(1_000)
    }

    /// Runs `answer` with all clocks wrong by `seconds`, and only it: work that it starts in the background is right
    /// again.
    pub(crate) async fn skewed<T>(seconds: i64, answer: impl Future<Output = T>) -> T {
        SKEW_SECONDS.scope(seconds, answer).await
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

    /// Returns the platform's time as the `Date` header has it (RFC 9110 section 5.6.7).
    pub(crate) fn http_date(&self) -> String {
        self.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn timestamp(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now_micros()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn now_micros(&self) -> i64 {
        let skew = SKEW_SECONDS.try_with(|seconds| *seconds).unwrap_or(0);
        let offset = self.offset_seconds().saturating_add(skew);
        Self::machine_micros().saturating_add(offset.saturating_mul(1_000_000))
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

    #[tokio::test]
    async fn skew_lasts_as_long_as_the_answer() {
        let clock = Clock::default();
        let truth = clock.now();

        let skewed = Clock::skewed(3_600, async { clock.now() }).await;

        assert!(skewed >= truth + 3_600);
        assert!(clock.now() < truth + 3_600);
    }

    #[test]
    fn date_has_the_form_of_the_http_header() {
        let clock = Clock::default();
        clock.set_offset_seconds(-Clock::machine_micros() / 1_000_000);

        assert!(
            clock.http_date().starts_with("Thu, 01 Jan 1970 00:00:0"),
            "{}",
            clock.http_date()
        );
    }

    #[test]
    fn log_id_starts_with_fourteen_digits() {
        let stamp = Clock::default().log_id_stamp();

        assert_eq!(stamp.len(), 14);
        assert!(stamp.bytes().all(|byte| byte.is_ascii_digit()));
    }
}
