//! Renewals of one app's tokens: when one starts, who hears of it, what is kept of it.
//!
//! A renewal is a task on the background runtime: signing (0.3 ms) and waiting for the platform happen there and never on a
//! caller's thread. It finishes even if every caller leaves; shutdown waits for it through the `TaskTracker`.
//!
//! It looks again first, since the token may have come since the caller looked. Then `mint` or `rotation` gets the token
//! and saves it before anybody has it; what they share (what a stored token is good for) stands here.

use super::failures::Failures;
use super::kept::{Found, KeptTokens};
use super::lease::Leasing;
use super::lost::LostLogins;
use super::policy::{Decision, Policy};
use super::single_flight::{Duty, Flights, Seat};
use crate::app::{JwtApp, LoginClient};
use crate::clock::{Clock, UnixSeconds};
use crate::error::AuthError;
use crate::grant::Grant;
use crate::observer::{Observer, TokenRequested};
use crate::random::Random;
use crate::region::Endpoints;
use crate::store::{StoreError, Stored, TokenKey, TokenStore};
use crate::subject::Subject;
use crate::token::Token;
use crate::token_endpoint::{Issued, request_token};
use std::error::Error;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

pub(super) type Outcome = Result<Token, AuthError>;

/// Who asks for new tokens.
#[derive(Debug)]
pub(super) enum Issuer {
    /// Signs for every token anew.
    Jwt(JwtApp),
    /// Renews what a person began.
    Login(LoginClient),
}

/// Everything that renewals of one app need.
#[derive(Debug)]
pub(super) struct Renewals {
    pub(super) issuer: Issuer,
    pub(super) http: reqwest::Client,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) policy: Policy,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) tasks: TaskTracker,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) kept: KeptTokens,
    pub(super) failures: Failures,
    pub(super) flights: Arc<Flights<Subject, Outcome>>,
    pub(super) exchanges: Semaphore,
    pub(super) leasing: Leasing,
    pub(super) lost: LostLogins,
}

impl Renewals {
    /// Returns a token if there is one to be had without waiting, and starts its renewal behind when that is due.
    pub(super) fn ready_token(self: &Arc<Self>, subject: &Subject) -> Option<Token> {
        match self.kept.find(subject, self.clock.now()) {
            Found::Fresh(token) => Some(token),
            Found::Due(token) => {
                // Nobody waits for this one.
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

    /// Renews, and tells the waiting ones after a while that it takes longer. Counted here, since a caller's runtime need
    /// not have a timer.
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

    /// Exchanges a grant for a token, and tells the observer what came of it.
    pub(super) async fn request_token(
        &self,
        endpoints: &Endpoints,
        grant: &Grant<'_>,
        now: UnixSeconds,
    ) -> Result<Issued, AuthError> {
        let start = Instant::now();
        let outcome = request_token(&self.http, endpoints, grant, now).await;
        let error = match &outcome {
            Ok(issued) => issued.flaw.as_ref(),
            Err(error) => Some(error),
        };
        self.observer.token_requested(TokenRequested {
            grant: grant.kind(),
            error,
            took: start.elapsed(),
        });
        outcome
    }

    /// Returns the name under which the store keeps a subject's token.
    pub(super) fn key(&self, subject: &Subject) -> TokenKey {
        match &self.issuer {
            Issuer::Jwt(app) => TokenKey {
                audience: app.endpoints.audience(),
                client_id: app.client_id.clone(),
                tenant: app.tenant.path(),
                subject: app.complete(subject),
            },
            Issuer::Login(client) => TokenKey {
                audience: client.endpoints.audience(),
                client_id: client.client_id.clone(),
                tenant: client.tenant(),
                subject: subject.clone(),
            },
        }
    }

    pub(super) fn jitter(&self) -> u16 {
        let mut jitter = [0; 2];
        self.random.fill(&mut jitter);
        u16::from_le_bytes(jitter)
    }

    /// Takes a stored token if it is fresh and not the refused one. One that is due already will do when there is none at
    /// all: whoever waits gets it at once, and the next request renews it behind.
    pub(super) fn adopt(&self, subject: &Subject, stored: Stored) -> Option<Token> {
        let token = Token::new(stored.token_set);
        if self
            .kept
            .find_refused(subject)
            .is_some_and(|refused| refused.is_same_as(&token))
        {
            return None;
        }
        let expires_at = token.expires_at().unwrap_or(UnixSeconds(i64::MAX));
        let is_usable = match self
            .policy
            .schedule(token.issued_at(), expires_at, 0)
            .decide(self.clock.now())
        {
            Decision::Serve => true,
            Decision::ServeAndRenew => !self.kept.contains(subject),
            Decision::Renew => false,
        };
        is_usable.then_some(token)
    }
}

pub(super) fn warn_of_store(subject: &Subject, error: &StoreError) {
    let who = subject.fingerprint();
    tracing::warn!(
        subject = %who,
        error = error as &dyn Error,
        "Went on without the token store for the access token of {who}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenSet;
    use crate::app::Tenant;
    use crate::clock::SystemClock;
    use crate::private_key::SigningKey;
    use crate::random::SystemRandom;
    use crate::region::Endpoints;
    use crate::secret::AccessToken;
    use crate::store::MemoryStore;
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use std::time::Duration;
    use url::Url;

    /// Renewals of a platform that nobody can reach: nothing listens on port 0.
    fn unreachable() -> Arc<Renewals> {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let app = JwtApp {
            client_id: "1".to_owned(),
            public_key_id: "key".to_owned(),
            signing_key: SigningKey::parse(&STANDARD.encode(der.as_ref())).unwrap().0,
            endpoints: Endpoints::from_api_base(&Url::parse("http://127.0.0.1:0").unwrap()),
            duration_seconds: 900,
            scope: None,
            session_context: None,
            tenant: Tenant::Own,
        };
        Arc::new(Renewals {
            http: crate::transport::http_client_for(&app.endpoints, "test/1").unwrap(),
            issuer: Issuer::Jwt(app),
            store: Arc::new(MemoryStore::default()),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            policy: Policy::default(),
            runtime: tokio::runtime::Handle::current(),
            tasks: TaskTracker::new(),
            observer: Arc::new(crate::observer::NoObserver),
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
