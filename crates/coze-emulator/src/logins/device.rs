//! Keeps device authorizations until a person answers, and redeems an approval once (RFC 8628, protocol 3.4).

use super::book::Logins;
use super::consent::Decision;
use super::device_authorization::{DeviceAuthorization, Poll};

/// Outcomes stay visible so long after the end, in milliseconds.
const REMEMBERED_MILLIS: i64 = 3_600_000;

/// What became of a person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceAnswer {
    Noted,
    /// Nobody waits with this code (any more).
    Unknown,
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
    use crate::logins::{ConsentMode, DevicePace, RefreshPolicy};

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
