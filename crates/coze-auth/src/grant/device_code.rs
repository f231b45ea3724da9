//! Login on another device: a short code for the person, a long one to poll with (RFC 8628, protocol 3.4).
//!
//! The rules of polling are a pure machine: (state, answer, now) gives the next step. It never sleeps and never asks;
//! `lifecycle::login` does both. The official Go client ignores the server's interval and its end; this one keeps both.

use crate::app::LoginClient;
use crate::clock::UnixSeconds;
use crate::error::AuthError;
use crate::secret::DeviceCode;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// RFC 8628 section 3.2: what counts when the platform names no interval.
pub(crate) const USUAL_INTERVAL: Duration = Duration::from_secs(5);

/// RFC 8628 section 3.5: how much slower `slow_down` means, from then on.
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// How slow the doubling after lost answers may get.
const SLOWEST: Duration = Duration::from_mins(1);

/// One question whether the person has agreed.
#[derive(Debug)]
pub(crate) struct Poll<'a> {
    pub(crate) client: &'a LoginClient,
    pub(crate) device_code: &'a DeviceCode,
}

impl Poll<'_> {
    pub(crate) fn body(&self) -> Value {
        json!({
            "grant_type": GRANT_TYPE,
            "client_id": self.client.client_id,
            "device_code": self.device_code.expose(),
        })
    }
}

/// A login that waits for a person elsewhere.
#[derive(Debug)]
pub struct DeviceLogin {
    pub(crate) device_code: DeviceCode,
    pub(crate) polling: Polling,
    /// What the person types (`WDJB-MJHT`).
    pub user_code: String,
    /// Where the person types it.
    pub verification_uri: Url,
    /// The same with the code in it, for a QR code; as the official clients build it when the platform does not send
    /// it.
    pub verification_uri_complete: Url,
    /// Until when the person may do so.
    pub expires_at: UnixSeconds,
}

/// How fast is polled, and until when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Polling {
    pub(crate) interval: Duration,
    pub(crate) expires_at: UnixSeconds,
}

/// What one poll brought, other than tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PollAnswer {
    /// The person has not decided yet.
    Pending,
    /// Not yet, and we ask too often.
    SlowDown,
    /// The person said no.
    Denied,
    /// The code expired before the person decided.
    Expired,
    /// There was no answer, or one that a later one may differ from.
    Lost,
    /// Another error: asking again would bring the same.
    Final,
}

impl PollAnswer {
    /// Reads an error of the token endpoint. The platform writes the code as `error` or as `error_code`; either has
    /// come through as `error_code` here.
    pub(crate) fn of(error: &AuthError) -> Self {
        match error {
            AuthError::Refused(refusal) => match refusal.error_code.as_deref() {
                Some("authorization_pending") => Self::Pending,
                Some("slow_down") => Self::SlowDown,
                Some("access_denied") => Self::Denied,
                Some("expired_token") => Self::Expired,
                _ if error.retry_after().is_some() => Self::Lost,
                _ => Self::Final,
            },
            other if other.retry_after().is_some() => Self::Lost,
            _ => Self::Final,
        }
    }
}

/// What to do after a poll.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// Wait this long, then ask again.
    Ask {
        /// How long.
        after: Duration,
        /// By which rules from then on.
        polling: Polling,
    },
    /// The person said no.
    Denied,
    /// It is too late.
    Expired,
    /// Give up with the error that was the answer.
    GiveUp,
}

impl Polling {
    /// Returns the first step: the platform's interval passes before the first question as well.
    pub(crate) fn begin(self, now: UnixSeconds) -> Step {
        self.ask(now)
    }

    /// Decides what follows an answer.
    pub(crate) fn next(self, answer: PollAnswer, now: UnixSeconds) -> Step {
        let slower = |interval: Duration| Self { interval, ..self };
        match answer {
            PollAnswer::Pending => self.ask(now),
            PollAnswer::SlowDown => slower(self.interval.saturating_add(SLOW_DOWN)).ask(now),
            // RFC 8628 section 3.5: after a timeout the frequency has to fall, and doubling is recommended.
            PollAnswer::Lost => {
                let doubled = self.interval.saturating_mul(2).min(SLOWEST.max(self.interval));
                slower(doubled).ask(now)
            }
            PollAnswer::Denied => Step::Denied,
            PollAnswer::Expired => Step::Expired,
            PollAnswer::Final => Step::GiveUp,
        }
    }

    fn ask(self, now: UnixSeconds) -> Step {
        if now + self.interval >= self.expires_at {
            return Step::Expired;
        }
        Step::Ask {
            after: self.interval,
            polling: self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Refusal, RefusalKind};

    const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

    fn polling(interval: u64, left: u64) -> Polling {
        Polling {
            interval: Duration::from_secs(interval),
            expires_at: NOW + Duration::from_secs(left),
        }
    }

    fn ask(interval: u64, left: u64) -> Step {
        let polling = polling(interval, left);
        Step::Ask {
            after: polling.interval,
            polling,
        }
    }

    #[test]
    fn next_step_follows_from_the_answer() {
        let table = [
            (5, 300, PollAnswer::Pending, ask(5, 300)),
            (5, 300, PollAnswer::SlowDown, ask(10, 300)),
            (5, 300, PollAnswer::Lost, ask(10, 300)),
            (40, 300, PollAnswer::Lost, ask(60, 300)),
            (90, 300, PollAnswer::Lost, ask(90, 300)),
            (5, 300, PollAnswer::Denied, Step::Denied),
            (5, 300, PollAnswer::Expired, Step::Expired),
            (5, 300, PollAnswer::Final, Step::GiveUp),
            (5, 6, PollAnswer::Pending, ask(5, 6)),
            (5, 5, PollAnswer::Pending, Step::Expired),
            (5, 9, PollAnswer::SlowDown, Step::Expired),
            (5, 0, PollAnswer::Pending, Step::Expired),
        ];

        for (interval, left, answer, step) in table {
            assert_eq!(
                polling(interval, left).next(answer, NOW),
                step,
                "{answer:?} at {interval} s"
            );
        }
    }

    #[test]
    fn slow_down_counts_for_all_later_polls() {
        let Step::Ask { polling, .. } = polling(5, 300).next(PollAnswer::SlowDown, NOW) else {
            panic!("there is time left")
        };

        assert_eq!(polling.next(PollAnswer::Pending, NOW), ask(10, 300));
    }

    #[test]
    fn first_question_waits_for_the_interval_too() {
        assert_eq!(polling(5, 300).begin(NOW), ask(5, 300));
    }

    #[test]
    fn errors_have_their_meaning_for_a_poll() {
        let refused = |code: &str, hint| {
            AuthError::Refused(Box::new(Refusal {
                status: 400,
                error_code: Some(code.to_owned()),
                error_message: None,
                code: None,
                msg: None,
                log_id: None,
                hint,
            }))
        };
        let host = "coze.example".to_owned();
        let table = [
            (
                refused("authorization_pending", RefusalKind::Other),
                PollAnswer::Pending,
            ),
            (refused("slow_down", RefusalKind::Other), PollAnswer::SlowDown),
            (refused("access_denied", RefusalKind::Other), PollAnswer::Denied),
            (refused("expired_token", RefusalKind::Expired), PollAnswer::Expired),
            (refused("internal_error", RefusalKind::Internal), PollAnswer::Lost),
            (refused("access_deny", RefusalKind::AppType), PollAnswer::Final),
            (AuthError::TimedOut { host }, PollAnswer::Lost),
        ];

        for (error, answer) in table {
            assert_eq!(PollAnswer::of(&error), answer, "{error:?}");
        }
    }
}
