//! When a token is served, renewed behind, or waited for. Pure: no I/O, no clock, no randomness of its own.
//!
//! A token is renewed in the last fifth of its life or so, at a point drawn per token, so that a thousand users who came
//! in the same minute do not come back to the token endpoint in the same minute. Nobody waits for that. Only an ended token
//! makes its users wait.
//!
//! The clock may jump. Forwards, tokens end early and are renewed once each. Backwards, they are served on as if young:
//! renewing all of them would be a storm for a mistake that the next refusal mends anyway.

use crate::clock::UnixSeconds;
use std::time::Duration;

/// The rules of one token source. The default fits tokens of one minute to one day.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The earliest point of a renewal, in percent of the token's life.
    pub renew_from_percent: u8,
    /// The latest point of a renewal, in percent of the token's life.
    pub renew_until_percent: u8,
    /// How long before its end a token counts as ended, because a request needs time to arrive. At most a tenth of the
    /// token's life, so that a very short one can be used at all.
    pub expiry_leeway: Duration,
    /// How long the first failure is remembered; every further one twice as long.
    pub first_failure_pause: Duration,
    /// How long a failure is remembered at most.
    pub longest_failure_pause: Duration,
    /// How many exchanges with the platform run at a time, over all subjects.
    pub concurrent_exchanges: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            renew_from_percent: 75,
            renew_until_percent: 85,
            expiry_leeway: Duration::from_secs(5),
            first_failure_pause: Duration::from_secs(1),
            longest_failure_pause: Duration::from_mins(1),
            concurrent_exchanges: 32,
        }
    }
}

impl Policy {
    /// Sets the dates of a token. `jitter` is any number, drawn once per token.
    pub fn schedule(&self, issued_at: UnixSeconds, expires_at: UnixSeconds, jitter: u16) -> Schedule {
        let life = expires_at.since(issued_at);
        let spread = self.renew_until_percent.saturating_sub(self.renew_from_percent);
        let percent = f64::from(self.renew_from_percent) + f64::from(spread) * f64::from(jitter) / f64::from(u16::MAX);
        Schedule {
            due_at: issued_at + life.mul_f64(percent.clamp(0.0, 100.0) / 100.0),
            ended_at: expires_at - self.expiry_leeway.min(life / 10),
        }
    }

    /// Returns how long to hold back after `failures` in a row: nothing after none, then doubling up to the limit.
    pub fn failure_pause(&self, failures: u32) -> Duration {
        match failures.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => {
                let factor = 2_u32.saturating_pow(doublings);
                self.first_failure_pause
                    .saturating_mul(factor)
                    .min(self.longest_failure_pause)
            }
        }
    }
}

/// The dates of one token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Schedule {
    /// From here on it is renewed behind.
    pub due_at: UnixSeconds,
    /// From here on it is not served any more.
    pub ended_at: UnixSeconds,
}

impl Schedule {
    /// Decides what happens with a request at `now`.
    pub fn decide(&self, now: UnixSeconds) -> Decision {
        if now >= self.ended_at {
            Decision::Renew
        } else if now >= self.due_at {
            Decision::ServeAndRenew
        } else {
            Decision::Serve
        }
    }
}

/// What happens with a request for a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// The token is served.
    Serve,
    /// The token is served, and a renewal starts behind.
    ServeAndRenew,
    /// The request waits for a renewal.
    Renew,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUED: UnixSeconds = UnixSeconds(1_790_000_000);

    fn after(seconds: u64) -> UnixSeconds {
        ISSUED + Duration::from_secs(seconds)
    }

    #[test]
    fn quarter_of_an_hour_is_served_then_renewed_behind_then_waited_for() {
        let schedule = Policy::default().schedule(ISSUED, after(900), 0);

        let table = [
            (after(0), Decision::Serve),
            (after(674), Decision::Serve),
            (after(675), Decision::ServeAndRenew),
            (after(894), Decision::ServeAndRenew),
            (after(895), Decision::Renew),
            (after(900), Decision::Renew),
            (after(4_500), Decision::Renew),
        ];
        for (now, decision) in table {
            assert_eq!(schedule.decide(now), decision, "{now}");
        }
    }

    #[test]
    fn clock_that_jumped_back_does_not_start_a_renewal() {
        let schedule = Policy::default().schedule(ISSUED, after(900), 0);

        assert_eq!(schedule.decide(ISSUED - Duration::from_hours(1)), Decision::Serve);
    }

    #[test]
    fn due_points_spread_between_three_quarters_and_seventeen_twentieths_of_the_life() {
        let policy = Policy::default();

        let due: Vec<i64> = [0, u16::MAX / 2, u16::MAX]
            .map(|jitter| policy.schedule(ISSUED, after(1_000), jitter).due_at.0 - ISSUED.0)
            .to_vec();

        assert_eq!(due, [750, 799, 850]);
    }

    #[test]
    fn token_of_one_second_is_served_until_its_end() {
        let schedule = Policy::default().schedule(ISSUED, after(1), 0);

        assert_ne!(schedule.decide(ISSUED), Decision::Renew);
        assert_eq!(schedule.decide(after(1)), Decision::Renew);
    }

    #[test]
    fn token_that_ended_before_it_was_issued_is_never_served() {
        let schedule = Policy::default().schedule(ISSUED, ISSUED - Duration::from_secs(10), 7);

        assert_eq!(schedule.decide(ISSUED), Decision::Renew);
    }

    #[test]
    fn pause_doubles_from_one_second_to_a_minute() {
        let policy = Policy::default();

        let pauses: Vec<u64> = (0..9)
            .map(|failures| policy.failure_pause(failures).as_secs())
            .collect();

        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(policy.failure_pause(u32::MAX).as_secs(), 60);
    }
}
