//! So many requests in a minute, and so many at once: GCRA, by `governor`.
//!
//! GCRA lets requests pass that come evenly at the rate, and `burst` of them that come at once after a rest. One number per
//! account is all its state.

use super::ledger::{Account, InTheAccount};
use crate::problem::{Limit, RateLimitStatus};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::{NotUntil, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// One limit on a rate.
#[derive(Debug)]
pub(super) struct Rate<C: Clock = MonotonicClock> {
    limit: Limit,
    /// What callers know it by.
    policy: &'static str,
    per_minute: NonZeroU32,
    burst: NonZeroU32,
    limiter: RateLimiter<Arc<Account>, InTheAccount, C, StateInformationMiddleware>,
    clock: C,
}

impl<C: Clock + Clone> Rate<C> {
    /// `None` when `per_minute` is 0: there is no limit.
    pub(super) fn new(limit: Limit, policy: &'static str, per_minute: u32, burst: u32, clock: C) -> Option<Self> {
        let per_minute = NonZeroU32::new(per_minute)?;
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        Some(Self {
            limit,
            policy,
            per_minute,
            burst,
            limiter: RateLimiter::new(quota, InTheAccount, clock.clone()),
            clock,
        })
    }

    /// Counts `cells` at once: for what is not counted by requests.
    pub(super) fn check_cells(&self, account: &Arc<Account>, cells: NonZeroU32) -> Result<(), RateLimitStatus> {
        // More than may ever come at once is as much as may.
        match self.limiter.check_key_n(account, cells.min(self.burst)) {
            Ok(Err(not_until)) => Err(self.status(0, self.wait(&not_until))),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Counts a request. `Ok(Some(..))` when fewer than a quarter of what may come at once remain; `Err` when none does.
    pub(super) fn check(&self, account: &Arc<Account>) -> Result<Option<RateLimitStatus>, RateLimitStatus> {
        match self.limiter.check_key(account) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = self.burst.get().saturating_sub(remaining);
                let is_scarce = remaining < self.burst.get() / 4;
                Ok(is_scarce.then(|| self.status(remaining, Duration::from_mins(1) * used / self.per_minute.get())))
            }
            Err(not_until) => Err(self.status(0, self.wait(&not_until))),
        }
    }

    fn wait(&self, not_until: &NotUntil<C::Instant>) -> Duration {
        not_until.wait_time_from(self.clock.now())
    }

    fn status(&self, remaining: u32, wait: Duration) -> RateLimitStatus {
        RateLimitStatus {
            limit: self.limit,
            policy: self.policy,
            per_minute: self.per_minute.get(),
            remaining,
            wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::Ledger;
    use super::*;
    use crate::problem::whole_seconds;
    use governor::clock::FakeRelativeClock;

    fn rate(per_minute: u32, burst: u32) -> (Rate<FakeRelativeClock>, Arc<Account>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let account = Ledger::new(clock.clone()).account(&"a");
        let rate = Rate::new(Limit::RequestsPerMinute, "caller", per_minute, burst, clock.clone()).unwrap();
        (rate, account, clock)
    }

    #[test]
    fn over_sixty_seconds_as_many_pass_as_may() {
        let mut worst = 0.0_f64;
        for (per_minute, burst) in [(120, 60), (600, 60), (6_000, 20), (100_000, 1_000)] {
            let (rate, account, clock) = rate(per_minute, burst);
            // Ten times as many as may, at uneven distances.
            let (mut passed, mut elapsed, mut turn) = (0_u32, Duration::ZERO, 0_u32);
            let even = Duration::from_mins(1) / (per_minute * 10);
            while elapsed < Duration::from_mins(1) {
                passed += u32::from(rate.check(&account).is_ok());
                turn += 1;
                let step = even * (turn % 3) + even / 7 * (turn % 5);
                clock.advance(step);
                elapsed += step;
            }
            let may = f64::from(per_minute + burst);
            let error = (f64::from(passed) - may).abs() / may;
            println!(
                "{per_minute} per minute, {burst} at once: {passed} of {turn} passed, error {:.2} %",
                error * 100.0
            );
            worst = worst.max(error);
        }
        assert!(worst <= 0.01, "{worst}");
    }

    #[test]
    fn whoever_waits_as_long_as_we_say_passes() {
        let (rate, account, clock) = rate(7, 3);
        for _ in 0..50 {
            while rate.check(&account).is_ok() {}
            let status = rate.check(&account).unwrap_err();

            clock.advance(Duration::from_secs(whole_seconds(status.wait)));

            assert!(rate.check(&account).is_ok(), "{status:?}");
        }
    }

    #[test]
    fn what_remains_is_told_when_it_is_little() {
        let (rate, account, clock) = rate(60, 8);
        let told: Vec<_> = (0..9)
            .map(|_| rate.check(&account).map(|s| s.map(|s| s.remaining)))
            .collect();
        let status = rate.check(&account).unwrap_err();
        clock.advance(Duration::from_secs(8));

        assert!(told[..6].iter().all(|told| *told == Ok(None)), "{told:?}");
        assert_eq!(told[6..8], [Ok(Some(1)), Ok(Some(0))]);
        assert_eq!((status.remaining, whole_seconds(status.wait)), (0, 1));
        assert_eq!(rate.check(&account), Ok(None));
    }

    #[test]
    fn no_limit_is_none() {
        assert!(Rate::new(Limit::RequestsPerMinute, "caller", 0, 5, FakeRelativeClock::default()).is_none());
    }
}
