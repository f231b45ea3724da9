//! The next pair of a login: a renewal that is neither lost nor done twice (protocol 3.2, RFC 9700 section 4.14).
//!
//! The platform voids a refresh token when it is used. A process that loses the answer has lost the login, and a second
//! use may end the whole login. So:
//!
//! 1. look into the store: another instance may be done;
//! 2. take the lease and look again; the heir of an instance that died waits a little and looks once more;
//! 3. make sure that the lease is still ours, and redeem, prolonging it meanwhile;
//! 4. save before any caller gets the new token, for as long as it takes;
//! 5. a refused refresh token looks into the store before it counts as lost.
//!
//! Nothing here has an end by time after the redeeming: callers leave, the work goes on.

use super::renewals::{Outcome, Renewals};
use crate::app::LoginClient;
use crate::error::{AuthError, LoginLoss, Refusal};
use crate::grant::Grant;
use crate::grant::refresh_token::Refresh;
use crate::secret::RefreshToken;
use crate::store::{Lease, Save, StoreError, Stored, TokenKey, Version};
use crate::token::Token;
use crate::token_endpoint::Issued;
use crate::token_set::TokenSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The first pause between two tries to save.
const FIRST_SAVE_RETRY: Duration = Duration::from_millis(50);

/// What the store says about a login.
enum Standing {
    /// Another instance has renewed it.
    Renewed(Token),
    /// It has to be renewed with this.
    Due {
        refresh_token: RefreshToken,
        version: Version,
    },
}

/// The end of the tries to save a pair.
pub(super) enum Saved {
    /// It rests in the store.
    Ours,
    /// Another instance saved another one first.
    Theirs(Box<Stored>),
    /// The login was ended meanwhile.
    Gone,
}

impl Renewals {
    /// Takes what another instance left, or redeems the refresh token.
    pub(super) async fn rotate(&self, client: &LoginClient, key: &TokenKey) -> Outcome {
        let start = Instant::now();
        loop {
            if let Standing::Renewed(token) = self.standing(key).await? {
                return Ok(token);
            }
            let lease = self.leasing.take(&*self.store, &key.lease_name()).await;
            if let Some(lease) = lease.map_err(AuthError::Store)? {
                let work = self.rotate_under(client, key, &lease);
                let Some(outcome) = self.leasing.hold(&*self.store, &lease, work).await else {
                    continue;
                };
                if is_answer_lost(&outcome) {
                    // The other instances will be refused as well, and have to know why.
                    self.leasing.leave(&*self.store, &lease).await;
                } else {
                    self.leasing.release(&*self.store, &lease).await;
                }
                return outcome;
            }
            if start.elapsed() >= self.policy.patience {
                return Err(AuthError::RenewalUnfinished);
            }
            sleep(self.policy.lease_poll).await;
        }
    }

    /// Takes the lease of a login; waits for its holder as long as callers wait.
    pub(super) async fn wait_for_lease(&self, key: &TokenKey) -> Result<Lease, AuthError> {
        let start = Instant::now();
        loop {
            let lease = self.leasing.take(&*self.store, &key.lease_name()).await;
            if let Some(lease) = lease.map_err(AuthError::Store)? {
                return Ok(lease);
            }
            if start.elapsed() >= self.policy.patience {
                return Err(AuthError::RenewalUnfinished);
            }
            sleep(self.policy.lease_poll).await;
        }
    }

    /// Looks whether a login has to be renewed, and whether it can be.
    async fn standing(&self, key: &TokenKey) -> Result<Standing, AuthError> {
        let lost = |cause, log_id| Err(AuthError::LoginRequired { cause, log_id });
        let Some(stored) = self.store.load(key).await.map_err(AuthError::Store)? else {
            return lost(LoginLoss::NotLoggedIn, None);
        };
        if let Some(token) = self.adopt(&key.subject, stored.clone()) {
            return Ok(Standing::Renewed(token));
        }
        if let Some((cause, log_id)) = self.lost.find(key, stored.version) {
            return lost(cause, log_id);
        }
        let Some(refresh_token) = stored.token_set.refresh_token else {
            return lost(LoginLoss::NotRenewable, None);
        };
        Ok(Standing::Due {
            refresh_token,
            version: stored.version,
        })
    }

    /// Does the work of a lease; `None` when another instance has taken it before anything was spent.
    async fn rotate_under(&self, client: &LoginClient, key: &TokenKey, lease: &Lease) -> Option<Outcome> {
        if lease.is_taken_over {
            // The holder before died, or lost the store, in the middle. It may still be saving.
            sleep(self.policy.takeover_grace).await;
        }
        let (refresh_token, version) = match self.standing(key).await {
            Ok(Standing::Renewed(token)) => return Some(Ok(token)),
            Ok(Standing::Due { refresh_token, version }) => (refresh_token, version),
            Err(error) => return Some(Err(error)),
        };
        // The semaphore is never closed; if it were, the program would be ending.
        let Ok(_turn) = self.exchanges.acquire().await else {
            return Some(Err(AuthError::Interrupted));
        };
        // After a delay another instance may have taken the lease, and used the token already.
        match self.store.extend_lease(lease, self.leasing.time).await {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(AuthError::Store(error))),
        }
        Some(match self.redeem(client, &refresh_token).await {
            Ok(issued) => self.save_pair(key, issued, version, lease).await,
            Err(AuthError::Refused(refusal)) if refusal.ends_login() => {
                self.refused_pair(key, version, &refusal, lease).await
            }
            Err(error) => {
                if is_answer_missing(&error) {
                    self.lost.note_unanswered(key, version);
                }
                Err(error)
            }
        })
    }

    async fn redeem(&self, client: &LoginClient, refresh_token: &RefreshToken) -> Result<Issued, AuthError> {
        let grant = Grant::RefreshToken(Refresh { client, refresh_token });
        self.request_token(&client.endpoints, &grant, self.clock.now()).await
    }

    async fn save_pair(&self, key: &TokenKey, issued: Issued, version: Version, lease: &Lease) -> Outcome {
        let Issued { token_set, flaw } = issued;
        match self.save_until_done(key, &token_set, Some(version), Some(lease)).await {
            Saved::Ours => {}
            Saved::Theirs(stored) => {
                return self.adopt(&key.subject, *stored).ok_or(AuthError::RenewalUnfinished);
            }
            Saved::Gone => {
                return Err(AuthError::LoginRequired {
                    cause: LoginLoss::NotLoggedIn,
                    log_id: None,
                });
            }
        }
        self.lost.forget(key);
        match flaw {
            Some(flaw) => Err(flaw),
            None => Ok(Token::new(token_set)),
        }
    }

    /// Saves a pair however long the store is away: the platform has forgotten the one before.
    pub(super) async fn save_until_done(
        &self,
        key: &TokenKey,
        token_set: &TokenSet,
        expected: Option<Version>,
        mut lease: Option<&Lease>,
    ) -> Saved {
        let mut pause = FIRST_SAVE_RETRY.min(self.policy.save_retry);
        loop {
            let save = Save {
                token_set,
                expected,
                renew_at: Some(self.policy.renew_idle_at(token_set, self.jitter())),
                lease,
            };
            let error = match self.store.save(key, save).await {
                Ok(_version) => return Saved::Ours,
                Err(error) => error,
            };
            match (&error, self.store.load(key).await) {
                // An earlier try was done although its answer was an error.
                (_, Ok(Some(stored))) if stored.token_set.is_same_as(token_set) => return Saved::Ours,
                // Another instance has our lease, but has saved nothing: what we hold is still the only pair that
                // works, and the version alone keeps us from overwriting anything.
                (StoreError::Fenced, Ok(stored)) if stored.as_ref().map(|stored| stored.version) == expected => {
                    lease = None;
                    continue;
                }
                (StoreError::VersionConflict | StoreError::Fenced, Ok(Some(stored))) => {
                    return Saved::Theirs(Box::new(stored));
                }
                (StoreError::VersionConflict | StoreError::Fenced, Ok(None)) => return Saved::Gone,
                (_, Ok(_) | Err(_)) => {}
            }
            let who = key.subject.fingerprint();
            tracing::error!(
                subject = %who,
                error = &error as &dyn std::error::Error,
                "Could not save the renewed login of {who}; trying again, since it is lost otherwise"
            );
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(self.policy.save_retry);
        }
    }

    /// Finds out what a refusal means: another instance was faster, or the login is lost.
    async fn refused_pair(&self, key: &TokenKey, version: Version, refusal: &Refusal, lease: &Lease) -> Outcome {
        let stored = self.store.load(key).await.map_err(AuthError::Store)?;
        if let Some(newer) = stored.filter(|stored| stored.version != version) {
            return self.adopt(&key.subject, newer).ok_or(AuthError::RenewalUnfinished);
        }
        let cause = if lease.is_taken_over || self.lost.is_unanswered(key, version) {
            LoginLoss::AnswerLost
        } else {
            LoginLoss::Refused
        };
        let log_id = refusal.log_id.clone();
        self.lost.note_lost(key, version, cause, log_id.clone());
        Err(AuthError::LoginRequired { cause, log_id })
    }
}

fn is_answer_lost(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Err(AuthError::LoginRequired {
            cause: LoginLoss::AnswerLost,
            ..
        })
    )
}

/// Says whether the platform may have acted on a request whose answer we do not have.
fn is_answer_missing(error: &AuthError) -> bool {
    matches!(
        error,
        AuthError::Unreachable { .. }
            | AuthError::TimedOut { .. }
            | AuthError::Unavailable { .. }
            | AuthError::NotTheApi { .. }
            | AuthError::MalformedAnswer { .. }
    )
}
