//! Negative cache of failed renewals: callers get the error until the next attempt is due.
//!
//! The Chat SDK asks for a token on every 401 and 4101 (protocol 4.6); without a memory a wrong key would become a
//! request per message. A failure is in force for 1 to 60 seconds, doubling in a row; a success ends the row.

use super::policy::Policy;
use crate::clock::UnixSeconds;
use crate::error::AuthError;
use crate::subject::Subject;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a row of failures is remembered after its last pause: who comes later starts anew.
const FORGET_AFTER: Duration = Duration::from_mins(10);

/// The number of failures at which ended ones are first swept out.
const SWEEP_FROM: usize = 1024;

/// The last failure of each subject that has one.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    failures: HashMap<Subject, Failure>,
    sweep_at: usize,
}

#[derive(Debug)]
struct Failure {
    error: Arc<AuthError>,
    /// How many in a row.
    row: u32,
    failed_at: UnixSeconds,
    retry_at: UnixSeconds,
}

impl Failure {
    /// A clock before the failure has jumped back; then nothing is known about how much time has passed.
    fn is_in_force(&self, now: UnixSeconds) -> bool {
        (self.failed_at..self.retry_at).contains(&now)
    }

    fn is_forgotten(&self, now: UnixSeconds) -> bool {
        !(self.failed_at..self.retry_at + FORGET_AFTER).contains(&now)
    }
}

impl Failures {
    /// Returns the failure that a request has to be answered with, if one is in force.
    pub(super) fn in_force(&self, subject: &Subject, now: UnixSeconds) -> Option<AuthError> {
        let memory = self.memory();
        let failure = memory
            .failures
            .get(subject)
            .filter(|failure| failure.is_in_force(now))?;
        Some(AuthError::RecentFailure {
            retry_after: failure.retry_at.since(now),
            last: Arc::clone(&failure.error),
        })
    }

    /// Remembers a failure and returns when the next attempt is due. A wish of the platform (`Retry-After`) prolongs
    /// the pause up to the longest one.
    pub(super) fn remember(
        &self,
        subject: &Subject,
        error: &AuthError,
        policy: &Policy,
        now: UnixSeconds,
    ) -> UnixSeconds {
        let mut memory = self.memory();
        memory.sweep(now);
        let row = memory
            .failures
            .get(subject)
            .filter(|failure| !failure.is_forgotten(now))
            .map_or(1, |failure| failure.row.saturating_add(1));
        // The next attempt looks for a new login in the store, which costs the platform nothing.
        let row = if error.needs_login() { 1 } else { row };
        let wish = error
            .retry_after()
            .unwrap_or_default()
            .min(policy.longest_failure_pause);
        let retry_at = now + policy.failure_pause(row).max(wish);
        let failure = Failure {
            error: Arc::new(error.clone()),
            row,
            failed_at: now,
            retry_at,
        };
        memory.failures.insert(subject.clone(), failure);
        retry_at
    }

    /// Ends the row of failures of a subject.
    pub(super) fn forget(&self, subject: &Subject) {
        self.memory().failures.remove(subject);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Due only when the number has doubled, so the cost per failure stays the same on average.
    fn sweep(&mut self, now: UnixSeconds) {
        if self.failures.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.failures.retain(|_, failure| !failure.is_forgotten(now));
            self.sweep_at = self.failures.len().saturating_mul(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

    fn after(seconds: u64) -> UnixSeconds {
        NOW + Duration::from_secs(seconds)
    }

    fn unavailable(retry_after: u64) -> AuthError {
        let retry_after = Some(Duration::from_secs(retry_after));
        AuthError::Unavailable {
            host: "coze.example".to_owned(),
            status: 503,
            retry_after,
            log_id: None,
        }
    }

    fn pause_left(failures: &Failures, now: UnixSeconds) -> Option<u64> {
        failures
            .in_force(&Subject::app(), now)?
            .retry_after()
            .map(|pause| pause.as_secs())
    }

    #[test]
    fn failure_is_in_force_until_its_pause_is_over() {
        let failures = Failures::default();

        failures.remember(&Subject::app(), &unavailable(0), &Policy::default(), NOW);
        failures.remember(&Subject::app(), &unavailable(0), &Policy::default(), NOW);

        assert_eq!(pause_left(&failures, NOW), Some(2));
        assert_eq!(pause_left(&failures, after(1)), Some(1));
        assert_eq!(pause_left(&failures, after(2)), None);
    }

    #[test]
    fn success_ends_the_row() {
        let failures = Failures::default();
        for _ in 0..5 {
            failures.remember(&Subject::app(), &unavailable(0), &Policy::default(), NOW);
        }

        failures.forget(&Subject::app());

        assert_eq!(
            failures.remember(&Subject::app(), &unavailable(0), &Policy::default(), NOW),
            after(1)
        );
    }

    #[test]
    fn wish_of_the_platform_is_kept_up_to_a_minute() {
        let failures = Failures::default();

        assert_eq!(
            failures.remember(&Subject::app(), &unavailable(20), &Policy::default(), NOW),
            after(20)
        );
        assert_eq!(
            failures.remember(&Subject::app(), &unavailable(9_999), &Policy::default(), NOW),
            after(60)
        );
    }

    #[test]
    fn clock_that_jumped_back_does_not_prolong_the_pause() {
        let failures = Failures::default();
        failures.remember(&Subject::app(), &unavailable(60), &Policy::default(), NOW);

        assert_eq!(pause_left(&failures, NOW - Duration::from_hours(1)), None);
    }

    #[test]
    fn old_row_is_forgotten() {
        let failures = Failures::default();
        for _ in 0..5 {
            failures.remember(&Subject::app(), &unavailable(0), &Policy::default(), NOW);
        }

        let retry_at = failures.remember(&Subject::app(), &unavailable(0), &Policy::default(), after(10_000));

        assert_eq!(retry_at, after(10_001));
    }
}
