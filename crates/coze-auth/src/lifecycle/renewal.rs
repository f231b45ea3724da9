//! Renewals of one app's tokens: when one starts, what it does, who hears of it.
//!
//! A renewal is a task on the background runtime: signing (0.3 ms) and waiting for the platform happen there and never on a
//! caller's thread. It finishes even if every caller leaves; shutdown waits for it through the `TaskTracker`.
//!
//! 1. look again: the token may have come since the caller looked;
//! 2. load: another instance, or this one before a restart, may have left a fresh one;
//! 3. sign and exchange;
//! 4. save before anybody gets it; a store that is down costs a warning, since a JWT app can have another token any time;
//! 5. keep, land.

use super::failures::Failures;
use super::kept::{Found, KeptTokens};
use super::policy::{Decision, Policy};
use super::single_flight::{Duty, Flights, Seat};
use crate::app::JwtApp;
use crate::clock::{Clock, UnixSeconds};
use crate::error::AuthError;
use crate::grant::Grant;
use crate::random::Random;
use crate::store::{StoreError, Stored, TokenKey, TokenStore, Version};
use crate::subject::Subject;
use crate::token::Token;
use crate::token_endpoint::request_token;
use crate::token_set::TokenSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// How long a renewal may take altogether, waiting for its turn included. The HTTP client's own limit is 30 s.
const RENEWAL_LIMIT: Duration = Duration::from_mins(1);

type Outcome = Result<Token, AuthError>;

/// Everything that renewals of one app need.
#[derive(Debug)]
pub(super) struct Renewals {
    pub(super) app: JwtApp,
    pub(super) http: reqwest::Client,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) policy: Policy,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) tasks: TaskTracker,
    pub(super) kept: KeptTokens,
    pub(super) failures: Failures,
    pub(super) flights: Arc<Flights<Subject, Outcome>>,
    pub(super) exchanges: Semaphore,
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
            (None, None) => self.attempt(subject).await,
        };
        duty.land(outcome);
    }

    async fn attempt(&self, subject: &Subject) -> Outcome {
        let timed_out = || AuthError::TimedOut {
            host: self.app.endpoints.audience(),
        };
        let renewal = tokio::time::timeout(RENEWAL_LIMIT, self.renew(subject)).await;
        let outcome = renewal.unwrap_or_else(|_| Err(timed_out()));
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

    async fn renew(&self, subject: &Subject) -> Outcome {
        let key = TokenKey {
            audience: self.app.endpoints.audience(),
            client_id: self.app.client_id.clone(),
            subject: subject.clone(),
        };
        let stored = self.load(&key).await;
        let version = stored.as_ref().map(|stored| stored.version);
        if let Some(token) = stored.and_then(|stored| self.adopt(subject, stored)) {
            return Ok(token);
        }
        let token_set = self.exchange(subject).await?;
        Ok(self.save(&key, token_set, version).await)
    }

    async fn exchange(&self, subject: &Subject) -> Result<TokenSet, AuthError> {
        // The semaphore is never closed; if it were, the program would be ending.
        let _turn = self.exchanges.acquire().await.map_err(|_| AuthError::Interrupted)?;
        let now = self.clock.now();
        let assertion = self
            .app
            .assertion(subject.session_name.as_ref(), now, self.random.as_ref())
            .map_err(AuthError::SigningFailed)?;
        let duration_seconds = self.app.duration_seconds(subject);
        let grant = Grant::JwtBearer {
            assertion,
            duration_seconds,
            scope: subject.scope.as_ref(),
        };
        request_token(&self.http, &self.app.endpoints, &grant, now).await
    }

    async fn load(&self, key: &TokenKey) -> Option<Stored> {
        match self.store.load(key).await {
            Ok(stored) => stored,
            Err(error) => {
                warn_of_store(&key.subject, &error);
                None
            }
        }
    }

    /// Saves a new token and returns the one to use: the new one, or a fresh one that somebody else saved first.
    async fn save(&self, key: &TokenKey, token_set: TokenSet, expected: Option<Version>) -> Token {
        match self.store.save(key, token_set.clone(), expected).await {
            Ok(_version) => {}
            Err(StoreError::VersionConflict) => {
                let theirs = self.load(key).await.and_then(|stored| self.adopt(&key.subject, stored));
                if let Some(token) = theirs {
                    return token;
                }
            }
            Err(error @ StoreError::Unavailable { .. }) => warn_of_store(&key.subject, &error),
        }
        Token::new(token_set)
    }

    /// Takes a stored token if it is fresh and not the refused one. One that is due already will do when there is none at
    /// all: whoever waits gets it at once, and the next request renews it behind.
    fn adopt(&self, subject: &Subject, stored: Stored) -> Option<Token> {
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

fn warn_of_store(subject: &Subject, error: &StoreError) {
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
        };
        Arc::new(Renewals {
            http: crate::transport::http_client_for(&app.endpoints, "test/1").unwrap(),
            app,
            store: Arc::new(MemoryStore::default()),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            policy: Policy::default(),
            runtime: tokio::runtime::Handle::current(),
            tasks: TaskTracker::new(),
            kept: KeptTokens::new(),
            failures: Failures::default(),
            flights: Arc::new(Flights::new()),
            exchanges: Semaphore::new(1),
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
        });
        renewals
            .kept
            .keep(&Subject::app(), token, &renewals.policy, &SystemRandom, now);

        let outcome = renewals.join_renewal(&Subject::app()).landed().await.unwrap();

        assert_eq!(outcome.unwrap().access_token().expose(), "czs_landed");
    }
}
