//! When a token is served, renewed behind, or waited for. Pure: no I/O, no clock, no randomness of its own.
//!
//! A token is renewed in the last fifth of its life or so, at a point drawn per token, so that a thousand users who
//! came in the same minute do not come back to the token endpoint in the same minute. No caller waits for that. Only an
//! ended token makes its users wait.
//!
//! The clock may jump. Forwards, tokens end early and are renewed once each. Backwards, they are served on as if young:
//! renewing all of them would be a storm for a mistake that the next refusal mends anyway.

use crate::clock::UnixSeconds;
use crate::token_set::TokenSet;
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
    /// How long a login may be idle before it is renewed without a request. Zero keeps its access token fresh all the
    /// time; but every renewal is a chance to lose an answer, and with it the login.
    pub longest_rest: Duration,
    /// How often idle logins are looked for.
    pub keep_alive_interval: Duration,
    /// How long the right to renew a login holds without being prolonged, which happens every third of it: what the
    /// other instances wait when one dies in the middle.
    pub lease_time: Duration,
    /// How long the heir of a dead instance waits before it uses the refresh token that the dead one may have used: its
    /// answer may still be on the way into the store.
    pub takeover_grace: Duration,
    /// How often is looked whether another instance is done.
    pub lease_poll: Duration,
    /// The longest pause between two tries to save a pair that would be lost otherwise.
    pub save_retry: Duration,
    /// How long a caller waits for a renewal. The renewal itself goes on.
    pub patience: Duration,
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
            longest_rest: Duration::from_hours(24),
            keep_alive_interval: Duration::from_mins(1),
            lease_time: Duration::from_secs(30),
            takeover_grace: Duration::from_secs(5),
            lease_poll: Duration::from_millis(200),
            save_retry: Duration::from_secs(2),
            patience: Duration::from_mins(1),
        }
    }
}

impl Policy {
    /// Refuses a policy that would renew in a loop without a pause, or never.
    pub(super) fn check(&self) -> Result<(), InvalidPolicy> {
        if self.renew_from_percent > self.renew_until_percent || self.renew_until_percent > 100 {
            return Err(InvalidPolicy::RenewalWindow {
                from: self.renew_from_percent,
                until: self.renew_until_percent,
            });
        }
        let durations = [
            ("keep_alive_interval", self.keep_alive_interval),
            ("lease_time", self.lease_time),
            ("lease_poll", self.lease_poll),
            ("save_retry", self.save_retry),
        ];
        match durations.into_iter().find(|(_, duration)| duration.is_zero()) {
            Some((field, _)) => Err(InvalidPolicy::ZeroDuration { field }),
            None => Ok(()),
        }
    }

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

    /// Returns when a login is renewed without a request: after its longest rest, or when a fifth of the refresh
    /// token's life is left, whichever comes first, but never before its access token is due. `jitter` brings it
    /// forward by up to a tenth, so that logins of one morning do not stay together.
    pub fn renew_idle_at(&self, token_set: &TokenSet, jitter: u16) -> UnixSeconds {
        let life = |end: Option<UnixSeconds>| end.map(|end| end.since(token_set.issued_at));
        let refresh_life = life(token_set.refresh_expires_at).unwrap_or(Duration::MAX);
        let rest = self.longest_rest.min(refresh_life.saturating_sub(refresh_life / 5));
        let sooner = rest.mul_f64(0.1 * f64::from(jitter) / f64::from(u16::MAX));
        let access_end = token_set.expires_at.unwrap_or(token_set.issued_at);
        let access_due = self.schedule(token_set.issued_at, access_end, jitter).due_at;
        access_due.max(token_set.issued_at + rest.saturating_sub(sooner))
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

/// Reason why a [`Policy`] cannot be followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// The window of renewals ends before it begins, or after the token.
    #[error("renewals cannot be drawn between {from} % and {until} % of a token's life")]
    RenewalWindow {
        /// [`Policy::renew_from_percent`].
        from: u8,
        /// [`Policy::renew_until_percent`].
        until: u8,
    },
    /// A pause without length: the loop around it would never stop working.
    #[error("{field} of the policy is zero")]
    ZeroDuration {
        /// The field of [`Policy`].
        field: &'static str,
    },
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
    fn idle_login_is_renewed_after_its_rest_or_before_its_refresh_token_ends() {
        const HOUR: u64 = 3_600;
        let default = Policy::default();
        let always = Policy {
            longest_rest: Duration::ZERO,
            ..Policy::default()
        };
        let table = [
            // (policy, access life, refresh life, jitter, renewed after)
            (&default, 900, Some(30 * 24 * HOUR), 0, 24 * HOUR),
            (
                &default,
                900,
                Some(30 * 24 * HOUR),
                u16::MAX,
                24 * HOUR - 24 * HOUR / 10,
            ),
            (&default, 900, Some(10 * HOUR), 0, 8 * HOUR),
            (&default, 900, None, 0, 24 * HOUR),
            // Never before the access token is due, or it would be renewed in a loop.
            (&default, 900, Some(100), 0, 675),
            (&default, 48 * HOUR, Some(30 * 24 * HOUR), 0, 36 * HOUR),
            (&always, 900, Some(30 * 24 * HOUR), 0, 675),
        ];

        for (policy, access, refresh, jitter, renewed_after) in table {
            let token_set = TokenSet {
                access_token: crate::AccessToken::parse("czu_1").unwrap(),
                token_type: "Bearer".to_owned(),
                issued_at: ISSUED,
                expires_at: Some(after(access)),
                refresh_token: None,
                refresh_expires_at: refresh.map(after),
            };
            let expected = after(renewed_after);
            assert_eq!(
                policy.renew_idle_at(&token_set, jitter),
                expected,
                "{access} {refresh:?} {jitter}"
            );
        }
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
