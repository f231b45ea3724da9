//! When people are reminded that a fixed token ends: from seven days before (protocol 2.4).
//!
//! Nobody can renew such a token, and the platform tells neither its end nor that it has come near; its owner has noted it.
//! Pure: knows no clock. The pages, the log and the command line say it in their words.

use coze_auth::UnixSeconds;
use std::time::Duration;

/// How long before its end the reminders begin.
const REMIND_FROM: Duration = Duration::from_hours(7 * 24);

/// Returns the end of a fixed token if it is time to speak of it, past ends included.
pub fn ending_soon(ends_at: Option<UnixSeconds>, now: UnixSeconds) -> Option<UnixSeconds> {
    ends_at.filter(|end| now >= *end - REMIND_FROM)
}

/// Whole days from `now` until the end; zero on the last day and after.
pub fn days_left(ends_at: UnixSeconds, now: UnixSeconds) -> u64 {
    ends_at.since(now).as_secs() / (24 * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: UnixSeconds = UnixSeconds(1_800_000_000);
    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn reminders_begin_seven_days_before_the_end_and_do_not_stop_there() {
        assert_eq!(ending_soon(Some(END), END - 8 * DAY), None);
        assert_eq!(ending_soon(Some(END), END - 7 * DAY), Some(END));
        assert_eq!(ending_soon(Some(END), END + 30 * DAY), Some(END));
        assert_eq!(ending_soon(None, END), None);
    }

    #[test]
    fn days_are_counted_whole() {
        assert_eq!(days_left(END, END - 7 * DAY), 7);
        assert_eq!(days_left(END, END - 7 * DAY + Duration::from_secs(1)), 6);
        assert_eq!(days_left(END, END + DAY), 0);
    }
}
