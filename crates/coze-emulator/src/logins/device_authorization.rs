//! A device that waits for a person, and how often it may ask (RFC 8628 sections 3.2 to 3.5, protocol 3.4).

use super::consent::Decision;

/// What a `slow_down` adds to the interval (RFC 8628 section 3.5).
const SLOW_DOWN_MILLIS: i64 = 5_000;

/// Interval and life of new device authorizations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DevicePace {
    pub(crate) interval_millis: i64,
    pub(crate) life_millis: i64,
}

/// One device that waits for a person. Times are Unix milliseconds: an interval of whole seconds would let a poll
/// through that is almost a second early.
#[derive(Debug, Clone)]
pub(crate) struct DeviceAuthorization {
    pub(crate) client_id: String,
    pub(crate) user_code: String,
    pub(super) expires_at: i64,
    interval: i64,
    last_poll: Option<i64>,
    pub(super) decision: Option<Decision>,
    redeemed: bool,
}

/// What a poll brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poll {
    Pending,
    /// Too early; the interval has grown.
    SlowDown,
    Denied,
    Expired,
    /// No such device code, or another app's, or already redeemed.
    Unknown,
    /// Approved; the number of the login that begins.
    Approved {
        login: u64,
    },
}

impl DeviceAuthorization {
    pub(crate) fn new(client_id: String, user_code: String, pace: DevicePace, now_millis: i64) -> Self {
        Self {
            client_id,
            user_code,
            expires_at: now_millis.saturating_add(pace.life_millis),
            interval: pace.interval_millis,
            last_poll: None,
            decision: None,
            redeemed: false,
        }
    }

    pub(super) fn is_waiting(&self, now: i64) -> bool {
        self.decision.is_none() && now < self.expires_at
    }

    /// Returns normally when a login may begin. `slow_down` is a form of "pending" (RFC 8628 section 3.5): a decision
    /// that is there is told even to an impatient device.
    pub(super) fn redeem(&mut self, now: i64) -> Result<(), Poll> {
        let early = self
            .last_poll
            .is_some_and(|last| now < last.saturating_add(self.interval));
        self.last_poll = Some(now);
        if self.redeemed {
            return Err(Poll::Unknown);
        }
        if now >= self.expires_at {
            return Err(Poll::Expired);
        }
        match self.decision {
            Some(Decision::Approve) => {
                self.redeemed = true;
                Ok(())
            }
            Some(Decision::Deny) => Err(Poll::Denied),
            None if early => {
                self.interval = self.interval.saturating_add(SLOW_DOWN_MILLIS);
                Err(Poll::SlowDown)
            }
            None => Err(Poll::Pending),
        }
    }
}
