//! Token cache: read by every request without a lock, written when a renewal ends.

use super::policy::{Decision, Policy, Schedule};
use crate::clock::UnixSeconds;
use crate::random::Random;
use crate::subject::Subject;
use crate::token::Token;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

/// The number of tokens at which ended ones are first swept out.
const SWEEP_FROM: usize = 1024;

/// For how long a renewal behind is left alone after it started. Longer than one can take.
const BEHIND_LIMIT: Duration = Duration::from_mins(1);

/// The tokens in hand, by subject.
#[derive(Debug)]
pub(super) struct KeptTokens {
    kept: papaya::HashMap<Subject, Kept>,
    sweep_at: AtomicUsize,
}

/// One token and what was decided about it.
#[derive(Debug)]
struct Kept {
    token: Token,
    schedule: Schedule,
    /// The platform refused it.
    is_refused: AtomicBool,
    /// How many tokens in a row before this one were refused.
    refusals_before: u32,
    /// No renewal behind starts before this instant.
    renew_behind_from: AtomicI64,
}

impl Kept {
    fn decide(&self, now: UnixSeconds) -> Decision {
        if self.is_refused.load(Ordering::Acquire) {
            Decision::Renew
        } else {
            self.schedule.decide(now)
        }
    }

    /// Reserves the start of a renewal behind; `true` for one caller only.
    ///
    /// A reservation further ahead than any can be was made before the clock jumped back, and is void.
    fn reserve_renewal(&self, now: UnixSeconds) -> bool {
        let from = self.renew_behind_from.load(Ordering::Acquire);
        if now.0 < from && from <= (now + BEHIND_LIMIT).0 {
            return false;
        }
        let next = (now + BEHIND_LIMIT).0;
        self.renew_behind_from
            .compare_exchange(from, next, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

/// What the tokens in hand say about a request.
#[derive(Debug)]
pub(super) enum Found {
    /// Here it is.
    Fresh(Token),
    /// Here it is, and the caller of this is the one to start its renewal.
    Due(Token),
    /// None that can be used.
    None,
}

impl KeptTokens {
    pub(super) fn new() -> Self {
        Self {
            kept: papaya::HashMap::new(),
            sweep_at: AtomicUsize::new(SWEEP_FROM),
        }
    }

    /// Looks for a usable token: one hash, a few comparisons, one reference count.
    pub(super) fn find(&self, subject: &Subject, now: UnixSeconds) -> Found {
        let kept = self.kept.pin();
        let Some(kept) = kept.get(subject) else {
            return Found::None;
        };
        match kept.decide(now) {
            Decision::Renew => Found::None,
            Decision::ServeAndRenew if kept.reserve_renewal(now) => Found::Due(kept.token.clone()),
            Decision::ServeAndRenew | Decision::Serve => Found::Fresh(kept.token.clone()),
        }
    }

    /// Returns a token that needs no renewal of any kind.
    pub(super) fn find_fresh(&self, subject: &Subject, now: UnixSeconds) -> Option<Token> {
        let kept = self.kept.pin();
        let kept = kept.get(subject)?;
        (kept.decide(now) == Decision::Serve).then(|| kept.token.clone())
    }

    /// Returns the token that the platform refused, if that was the last word on this subject.
    pub(super) fn find_refused(&self, subject: &Subject) -> Option<Token> {
        let kept = self.kept.pin();
        let kept = kept.get(subject)?;
        kept.is_refused.load(Ordering::Acquire).then(|| kept.token.clone())
    }

    /// Drops a token before its end.
    pub(super) fn remove(&self, subject: &Subject) {
        self.kept.pin().remove(subject);
    }

    pub(super) fn contains(&self, subject: &Subject) -> bool {
        self.kept.pin().contains_key(subject)
    }

    /// Puts a new token in the place of the old one.
    pub(super) fn keep(&self, subject: &Subject, token: Token, policy: &Policy, random: &dyn Random, now: UnixSeconds) {
        let kept = self.kept.pin();
        let refusals_before = match kept.get(subject) {
            Some(old) if old.is_refused.load(Ordering::Acquire) => old.refusals_before.saturating_add(1),
            Some(_) | None => 0,
        };
        let schedule = schedule(policy, &token, random);
        let renew_behind_from = AtomicI64::new(schedule.due_at.0);
        let is_refused = AtomicBool::new(false);
        kept.insert(
            subject.clone(),
            Kept {
                token,
                schedule,
                is_refused,
                refusals_before,
                renew_behind_from,
            },
        );
        self.sweep(now);
    }

    /// Holds renewals behind back until `retry_at`, after one failed.
    pub(super) fn hold_back(&self, subject: &Subject, retry_at: UnixSeconds) {
        if let Some(kept) = self.kept.pin().get(subject) {
            kept.renew_behind_from.store(retry_at.0, Ordering::Release);
        }
    }

    /// Marks `token` as refused, so that no caller gets it again.
    ///
    /// The first refusal counts at once. When the token that came instead is refused as well, a new one obviously does
    /// not help; then each waits twice as long as the one before, or a page that asks in a loop would make us ask in a
    /// loop.
    pub(super) fn refuse(&self, subject: &Subject, token: &Token, policy: &Policy, now: UnixSeconds) {
        let kept = self.kept.pin();
        let Some(kept) = kept.get(subject).filter(|kept| kept.token.is_same_as(token)) else {
            return;
        };
        if now.since(kept.token.issued_at()) >= policy.failure_pause(kept.refusals_before) {
            kept.is_refused.store(true, Ordering::Release);
        }
    }

    /// Drops ended tokens. Due only when the number has doubled, so the cost per token stays the same on average.
    fn sweep(&self, now: UnixSeconds) {
        if self.kept.len() < self.sweep_at.load(Ordering::Relaxed) {
            return;
        }
        let kept = self.kept.pin();
        kept.retain(|_, kept| now < kept.schedule.ended_at);
        self.sweep_at
            .store(kept.len().saturating_mul(2).max(SWEEP_FROM), Ordering::Relaxed);
    }
}

/// Sets the dates of a token with a jitter of its own.
fn schedule(policy: &Policy, token: &Token, random: &dyn Random) -> Schedule {
    let mut jitter = [0; 2];
    random.fill(&mut jitter);
    let issued_at = token.issued_at();
    // Without a stated end there is nothing to renew for; every token of a grant has one.
    let expires_at = token.expires_at().unwrap_or(UnixSeconds(i64::MAX));
    policy.schedule(issued_at, expires_at, u16::from_le_bytes(jitter))
}
