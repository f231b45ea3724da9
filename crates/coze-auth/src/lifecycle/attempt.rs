//! Starts renewals, runs each one to its end, and keeps its outcome.
//!
//! A renewal is a task on the background runtime: signing (0.3 ms) and waiting for the platform never block a caller's
//! thread. It finishes even if every caller leaves; shutdown waits for it through the `TaskTracker`.
//!
//! The task first looks whether the token has arrived since the caller looked. Then `mint` or `rotation` gets the token
//! and saves it before any caller receives it.

use super::kept::Found;
use super::renewals::{Issuer, Outcome, Renewals};
use super::single_flight::{Duty, Seat};
use crate::clock::UnixSeconds;
use crate::error::AuthError;
use crate::subject::Subject;
use crate::token::Token;
use std::error::Error;
use std::sync::Arc;

impl Renewals {
    /// Returns a token if there is one to be had without waiting, and starts its renewal behind when that is due.
    pub(super) fn ready_token(self: &Arc<Self>, subject: &Subject) -> Option<Token> {
        match self.kept.find(subject, self.clock.now()) {
            Found::Fresh(token) => Some(token),
            Found::Due(token) => {
                // No caller waits for this one.
                drop(self.join_renewal(subject));
                Some(token)
            }
            Found::None => None,
        }
    }

    /// Waits for a renewal, unless one failed a moment ago.
    pub(super) async fn renewed_token(self: &Arc<Self>, subject: &Subject) -> Outcome {
        if let Some(failure) = self.failures.in_force(subject, self.clock.now()) {
            return Err(failure);
        }
        let seat = self.join_renewal(subject);
        seat.landed().await.unwrap_or(Err(AuthError::Interrupted))
    }

    pub(super) fn refuse(&self, subject: &Subject, token: &Token) {
        self.kept.refuse(subject, token, &self.policy, self.clock.now());
    }

    fn join_renewal(self: &Arc<Self>, subject: &Subject) -> Seat<Outcome> {
        let (seat, duty) = self.flights.join(subject);
        if let Some(duty) = duty {
            let renewals = Arc::clone(self);
            // Detached: the tracker waits for it, and its result goes to the seats.
            drop(
                self.tasks
                    .spawn_on(async move { renewals.run(duty).await }, &self.runtime),
            );
        }
        seat
    }

    async fn run(&self, duty: Duty<Subject, Outcome>) {
        let subject = duty.key();
        let now = self.clock.now();
        let outcome = match (self.kept.find_fresh(subject, now), self.failures.in_force(subject, now)) {
            (Some(token), _) => Ok(token),
            (None, Some(failure)) => Err(failure),
            (None, None) => self.attempt_for(&duty).await,
        };
        duty.land(outcome);
    }

    /// Renews, and tells the waiting ones after a while that it takes longer. Counted here, since a caller's runtime
    /// need not have a timer.
    async fn attempt_for(&self, duty: &Duty<Subject, Outcome>) -> Outcome {
        let attempt = self.attempt(duty.key());
        tokio::pin!(attempt);
        tokio::select! {
            biased;
            outcome = &mut attempt => return outcome,
            () = tokio::time::sleep(self.policy.patience) => duty.tell(Err(AuthError::RenewalUnfinished)),
        }
        attempt.await
    }

    async fn attempt(&self, subject: &Subject) -> Outcome {
        let outcome = self.renew_in_time(subject).await;
        let now = self.clock.now();
        let who = subject.fingerprint();
        match &outcome {
            Ok(token) => {
                self.failures.forget(subject);
                self.kept
                    .keep(subject, token.clone(), &self.policy, self.random.as_ref(), now);
                let expires_at = token.expires_at().map(|end| end.0);
                tracing::debug!(subject = %who, expires_at, "Renewed the access token of {who}");
            }
            Err(error) => {
                let retry_at = self.failures.remember(subject, error, &self.policy, now);
                self.kept.hold_back(subject, retry_at);
                tracing::warn!(
                    subject = %who,
                    log_id = error.log_id(),
                    retry_in_seconds = retry_at.since(now).as_secs(),
                    error = error as &dyn Error,
                    "Could not renew the access token of {who}"
                );
            }
        }
        outcome
    }

    /// Renews, and once more when what came has ended by now: the machine slept, or its clock was set, while the answer
    /// was on its way.
    async fn renew_in_time(&self, subject: &Subject) -> Outcome {
        let first = self.renew(subject).await?;
        if self.end_that_has_come(&first).is_none() {
            return Ok(first);
        }
        let second = self.renew(subject).await?;
        match self.end_that_has_come(&second) {
            None => Ok(second),
            Some(expires_at) => Err(AuthError::ExpiredOnArrival {
                expires_at,
                now: self.clock.now(),
                log_id: None,
            }),
        }
    }

    fn end_that_has_come(&self, token: &Token) -> Option<UnixSeconds> {
        token.expires_at().filter(|end| *end <= self.clock.now())
    }

    async fn renew(&self, subject: &Subject) -> Outcome {
        let key = self.key(subject);
        match &self.issuer {
            Issuer::Jwt(app) => {
                let minted = tokio::time::timeout(self.policy.patience, self.mint(app, subject, &key)).await;
                minted.unwrap_or_else(|_| Err(AuthError::TimedOut { host: key.audience }))
            }
            // No limit: what was redeemed has to be saved.
            Issuer::Login(client) => self.rotate(client, &key).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::JwtApp;
    use crate::clock::{Clock as _, SystemClock};
    use crate::lifecycle::failures::Failures;
    use crate::lifecycle::kept::KeptTokens;
    use crate::lifecycle::lease::Leasing;
    use crate::lifecycle::lost::LostLogins;
    use crate::lifecycle::policy::Policy;
    use crate::lifecycle::renewals::Issuer;
    use crate::lifecycle::single_flight::Flights;
    use crate::observer::NoObserver;
    use crate::private_key::SigningKey;
    use crate::random::SystemRandom;
    use crate::region::Endpoints;
    use crate::secret::AccessToken;
    use crate::store::MemoryStore;
    use crate::token_set::TokenSet;
    use crate::transport::http_client_for;
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use std::time::Duration;
    use tokio::sync::Semaphore;
    use tokio_util::task::TaskTracker;
    use url::Url;

    /// Renewals of an unreachable platform: nothing listens on port 0.
    fn unreachable() -> Arc<Renewals> {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let signing_key = SigningKey::parse(&STANDARD.encode(der.as_ref())).unwrap().0;
        let endpoints = Endpoints::from_api_base(&Url::parse("http://127.0.0.1:0").unwrap());
        let app = JwtApp::new("1", "key", signing_key, endpoints);
        Arc::new(Renewals {
            http: http_client_for(&app.endpoints, "test/1").unwrap(),
            issuer: Issuer::Jwt(app),
            store: Arc::new(MemoryStore::default()),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            policy: Policy::default(),
            runtime: tokio::runtime::Handle::current(),
            tasks: TaskTracker::new(),
            observer: Arc::new(NoObserver),
            kept: KeptTokens::new(),
            failures: Failures::default(),
            flights: Arc::new(Flights::new()),
            exchanges: Semaphore::new(1),
            leasing: Leasing {
                holder: "test".to_owned(),
                time: Duration::from_secs(1),
            },
            lost: LostLogins::default(),
        })
    }

    #[tokio::test]
    async fn caller_who_comes_just_after_the_landing_gets_what_landed() {
        let renewals = unreachable();
        let now = SystemClock.now();
        let token = Token::new(TokenSet {
            access_token: AccessToken::parse("czs_landed").unwrap(),
            token_type: "Bearer".to_owned(),
            issued_at: now,
            expires_at: Some(now + Duration::from_mins(15)),
            refresh_token: None,
            refresh_expires_at: None,
        });
        renewals
            .kept
            .keep(&Subject::app(), token, &renewals.policy, &SystemRandom, now);

        let outcome = renewals.join_renewal(&Subject::app()).landed().await.unwrap();

        assert_eq!(outcome.unwrap().access_token().expose(), "czs_landed");
    }
}
