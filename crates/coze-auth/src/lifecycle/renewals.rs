//! State and operations that all renewals of one app share.
//!
//! `mint` and `rotation` get new tokens with it, `attempt` runs them, `login` and `keep_alive` start them.

use super::failures::Failures;
use super::kept::KeptTokens;
use super::lease::Leasing;
use super::lost::LostLogins;
use super::policy::{Decision, Policy};
use super::single_flight::Flights;
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

    /// Takes a stored token if it is fresh and not the refused one. One that is due already will do when there is none
    /// at all: the waiting caller gets it at once, and the next request renews it in the background.
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
