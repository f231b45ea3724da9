//! What time it is: handed in, so that a test can move it.
//!
//! The library knows the date in whole Unix seconds, the unit of every instant in the protocol (protocol 2.1, 2.3). It
//! never reads the system's clock anywhere else; waiting uses `tokio::time` and needs no date.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An instant: whole seconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates and ignores fractions of a second.
///
/// ```
/// use coze_auth::UnixSeconds;
/// use std::time::Duration;
///
/// let issued_at = UnixSeconds(1_893_456_000);
/// let expires_at = issued_at + Duration::from_secs(900);
/// assert_eq!(expires_at.since(issued_at), Duration::from_secs(900));
/// assert_eq!(issued_at.since(expires_at), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixSeconds(pub i64);

impl UnixSeconds {
    /// Returns the time that passed since `earlier`, or zero when `earlier` lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        let seconds = self.0.saturating_sub(earlier.0);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }
}

impl Add<Duration> for UnixSeconds {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_secs()))
    }
}

impl Sub<Duration> for UnixSeconds {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(duration.as_secs()))
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Source of the date. It may jump in both directions, as a system clock does when it is set.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Returns the present instant.
    fn now(&self) -> UnixSeconds;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one clock that everybody else is handed"
    )]
    fn now(&self) -> UnixSeconds {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since_epoch) => UnixSeconds(0) + since_epoch,
            Err(before_epoch) => UnixSeconds(0) - before_epoch.duration(),
        }
    }
}

/// Clock that moves only by [`set`](Self::set) and [`advance`](Self::advance). Clones share one time.
#[cfg(feature = "test-util")]
#[derive(Clone, Debug)]
pub struct ManualClock(std::sync::Arc<std::sync::atomic::AtomicI64>);

#[cfg(feature = "test-util")]
impl ManualClock {
    /// Makes a clock that stands at `now`.
    pub fn new(now: UnixSeconds) -> Self {
        Self(std::sync::Arc::new(std::sync::atomic::AtomicI64::new(now.0)))
    }

    /// Sets the clock, forwards or backwards.
    pub fn set(&self, now: UnixSeconds) {
        self.0.store(now.0, std::sync::atomic::Ordering::SeqCst);
    }

    /// Moves the clock forwards.
    pub fn advance(&self, duration: Duration) {
        self.set(self.now() + duration);
    }
}

#[cfg(feature = "test-util")]
impl Clock for ManualClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let end = UnixSeconds(i64::MAX);
        let start = UnixSeconds(i64::MIN);

        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(start - Duration::from_secs(1), start);
        assert_eq!(end.since(start), Duration::from_secs(u64::try_from(i64::MAX).unwrap()));
    }

    #[test]
    fn system_clock_tells_a_time_after_this_was_written() {
        assert!(SystemClock.now() > UnixSeconds(1_700_000_000));
    }
}
