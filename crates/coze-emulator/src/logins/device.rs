//! Device authorizations and how often their device may ask (RFC 8628 sections 3.2 to 3.5, protocol 3.4).

use super::{Decision, Logins};

/// What a `slow_down` adds to the interval (RFC 8628 section 3.5).
const SLOW_DOWN_MILLIS: i64 = 5_000;
/// Outcomes stay visible so long after the end, in milliseconds.
const REMEMBERED_MILLIS: i64 = 3_600_000;

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
    expires_at: i64,
    interval: i64,
    last_poll: Option<i64>,
    decision: Option<Decision>,
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

/// What became of a person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceAnswer {
    Noted,
    /// Nobody waits with this code (any more).
    Unknown,
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

    fn is_waiting(&self, now: i64) -> bool {
        self.decision.is_none() && now < self.expires_at
    }

    /// Returns normally when a login may begin. `slow_down` is a form of "pending" (RFC 8628 section 3.5): a decision
    /// that is there is told even to an impatient device.
    fn redeem(&mut self, now: i64) -> Result<(), Poll> {
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

impl Logins {
    pub(crate) fn await_device(&self, device_code: String, authorization: DeviceAuthorization, now_millis: i64) {
        let mut book = self.book();
        book.devices
            .retain(|_, device| device.expires_at.saturating_add(REMEMBERED_MILLIS) > now_millis);
        book.devices.insert(device_code, authorization);
    }

    /// Returns the app that waits with `user_code`.
    pub(crate) fn waiting_device(&self, user_code: &str, now_millis: i64) -> Option<DeviceAuthorization> {
        let book = self.book();
        let mut devices = book.devices.values();
        devices
            .find(|device| device.user_code == user_code && device.is_waiting(now_millis))
            .cloned()
    }

    /// Notes what a person answered on the device page.
    pub(crate) fn answer_device(&self, user_code: &str, decision: Decision, now_millis: i64) -> DeviceAnswer {
        let mut book = self.book();
        let mut devices = book.devices.values_mut();
        match devices.find(|device| device.user_code == user_code && device.is_waiting(now_millis)) {
            Some(device) => {
                device.decision = Some(decision);
                DeviceAnswer::Noted
            }
            None => DeviceAnswer::Unknown,
        }
    }

    /// Answers a device's poll; an approval is redeemed once.
    pub(crate) fn poll_device(&self, client_id: &str, device_code: &str, now_millis: i64) -> Poll {
        let mut book = self.book();
        let book = &mut *book;
        let device = book.devices.get_mut(device_code);
        let Some(device) = device.filter(|device| device.client_id == client_id) else {
            return Poll::Unknown;
        };
        device.decision = device.decision.or(book.consent.decision());
        match device.redeem(now_millis) {
            Ok(()) => Poll::Approved {
                login: book.logins.begin(client_id),
            },
            Err(outcome) => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logins::{ConsentMode, RefreshPolicy};

    const PACE: DevicePace = DevicePace {
        interval_millis: 5_000,
        life_millis: 300_000,
    };

    fn waiting() -> Logins {
        let logins = Logins::new(ConsentMode::Ask, RefreshPolicy::default());
        let device = DeviceAuthorization::new("tv".to_owned(), "BCDF-GHJK".to_owned(), PACE, 0);
        logins.await_device("dc_x".to_owned(), device, 0);
        logins
    }

    #[test]
    fn impatience_adds_five_seconds_for_good() {
        let logins = waiting();
        let poll = |now| logins.poll_device("tv", "dc_x", now);

        assert_eq!(poll(100), Poll::Pending, "the first poll may come at once");
        assert_eq!(poll(5_099), Poll::SlowDown);
        assert_eq!(poll(15_098), Poll::SlowDown, "now ten seconds");
        assert_eq!(poll(30_098), Poll::Pending, "now fifteen");
        assert_eq!(poll(45_097), Poll::SlowDown);
    }

    #[test]
    fn approval_is_redeemed_once() {
        let logins = waiting();
        assert_eq!(logins.poll_device("tv", "dc_x", 0), Poll::Pending);

        assert_eq!(
            logins.answer_device("BCDF-GHJK", Decision::Approve, 1),
            DeviceAnswer::Noted
        );

        assert_eq!(
            logins.answer_device("BCDF-GHJK", Decision::Deny, 2),
            DeviceAnswer::Unknown
        );
        assert_eq!(logins.poll_device("radio", "dc_x", 3), Poll::Unknown);
        assert_eq!(logins.poll_device("tv", "dc_x", 4), Poll::Approved { login: 1 });
        assert_eq!(logins.poll_device("tv", "dc_x", 5), Poll::Unknown);
    }

    #[test]
    fn denial_and_end_have_their_own_outcome() {
        let (denied, late) = (waiting(), waiting());
        denied.answer_device("BCDF-GHJK", Decision::Deny, 1);

        assert_eq!(denied.poll_device("tv", "dc_x", 2), Poll::Denied);
        assert_eq!(late.poll_device("tv", "dc_x", 300_000), Poll::Expired);
        assert_eq!(
            late.answer_device("BCDF-GHJK", Decision::Approve, 300_000),
            DeviceAnswer::Unknown
        );
    }
}
