//! Logins from beginning to end: a person agrees, a pair comes, the store has it, the source serves it.
//!
//! What spends something that cannot be spent twice (a code, a device code) runs as a task of its own: the caller may
//! leave, the pair is saved all the same.

use super::renewals::{Outcome, Renewals};
use super::rotation::Saved;
use super::token_source::TokenSource;
use crate::app::App;
use crate::clock::UnixSeconds;
use crate::error::{AuthError, LoginFailure};
use crate::grant::Grant;
use crate::grant::authorization_code::{Exchange, PendingLogin};
use crate::grant::callback::Callback;
use crate::grant::device_code::{DeviceLogin, Poll, PollAnswer, Step};
use crate::store::{StoreError, Stored, TokenKey};
use crate::subject::Subject;
use crate::token::Token;
use crate::token_endpoint::{Issued, request_device_code};
use crate::token_set::TokenSet;
use std::sync::Arc;
use tokio::time::sleep;

/// How often a save over a version that changed meanwhile is begun anew.
const SAVE_ROUNDS: usize = 5;

/// State of a login, without its secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LoginStatus {
    /// When it was begun or last renewed.
    pub renewed_at: UnixSeconds,
    /// When its access token ends.
    pub access_expires_at: Option<UnixSeconds>,
    /// Until when it can be renewed, as far as that is known: every renewal prolongs it.
    pub refresh_expires_at: Option<UnixSeconds>,
    /// A person has to log in again.
    pub is_lost: bool,
}

impl TokenSource {
    /// Begins a login with a browser, for [`App::Web`] and [`App::Pkce`].
    ///
    /// `redirect_uri` is sent as it is and has to be registered in exactly this form. Keep the result until the browser
    /// comes back, and its `state` in that browser.
    pub fn begin_login(&self, redirect_uri: &str) -> Result<PendingLogin, AuthError> {
        let method = match self.app() {
            App::Web(_) => None,
            App::Pkce(app) => Some(app.challenge_method),
            App::Jwt(_) | App::Device(_) | App::PersonalAccessToken { .. } => return Err(AuthError::LoginUnsupported),
        };
        let (renewals, client) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        PendingLogin::begin(
            &client,
            redirect_uri,
            method,
            renewals.random.as_ref(),
            renewals.clock.now(),
        )
        .map_err(|reason| AuthError::LoginFailed(LoginFailure::RedirectUri(reason)))
    }

    /// Checks whether a callback belongs to a login and brings a code, before the login is used up by
    /// [`finish_login`](Self::finish_login). A callback that anyone could have made is a reason to leave the login as
    /// it is; the platform's refusal is not.
    pub fn check_login(&self, pending: &PendingLogin, callback: &Callback) -> Result<(), AuthError> {
        let (renewals, client) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        let checked = pending.check(&client, callback, renewals.clock.now());
        checked.map(drop).map_err(AuthError::LoginFailed)
    }

    /// Finishes a login with what the browser brought back: exchanges the code, saves the pair as that of `subject`,
    /// and returns its token. Any login that `subject` had before is replaced.
    ///
    /// Finishes even if the caller leaves.
    pub async fn finish_login(
        &self,
        subject: &Subject,
        pending: PendingLogin,
        callback: &Callback,
    ) -> Result<Token, AuthError> {
        let (renewals, client) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        let granted = pending
            .accept(&client, callback, renewals.clock.now())
            .map_err(AuthError::LoginFailed)?;
        let subject = subject.clone();
        self.detached(renewals, async move |renewals| {
            let exchange = Exchange {
                client: &client,
                granted: &granted,
            };
            let now = renewals.clock.now();
            let grant = Grant::AuthorizationCode(exchange);
            let issued = renewals.request_token(&client.endpoints, &grant, now).await?;
            renewals.adopt_login(&subject, issued).await
        })
        .await
    }

    /// Begins a login on another device, for [`App::Device`].
    pub async fn begin_device_login(&self) -> Result<DeviceLogin, AuthError> {
        let App::Device(_) = self.app() else {
            return Err(AuthError::LoginUnsupported);
        };
        let (renewals, client) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        request_device_code(&renewals.http, &client, renewals.clock.now()).await
    }

    /// Waits until the person has agreed, then as [`finish_login`](Self::finish_login). Asks at the platform's pace,
    /// and stops when its time is over or the caller leaves.
    pub async fn finish_device_login(&self, subject: &Subject, login: DeviceLogin) -> Result<Token, AuthError> {
        let (renewals, client) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        let device_code = Arc::new(login.device_code);
        let mut step = login.polling.begin(renewals.clock.now());
        let mut last = AuthError::LoginFailed(LoginFailure::TooLate);
        loop {
            let polling = match step {
                Step::Ask { after, polling } => {
                    sleep(after).await;
                    polling
                }
                Step::Expired => return Err(AuthError::LoginFailed(LoginFailure::TooLate)),
                Step::Denied | Step::GiveUp => return Err(last),
            };
            let (subject, client, device_code) = (subject.clone(), client.clone(), Arc::clone(&device_code));
            let poll = self.detached(Arc::clone(&renewals), async move |renewals| {
                let poll = Poll {
                    client: &client,
                    device_code: &device_code,
                };
                let now = renewals.clock.now();
                let grant = Grant::DeviceCode(poll);
                let issued = renewals.request_token(&client.endpoints, &grant, now).await?;
                renewals.adopt_login(&subject, issued).await
            });
            match poll.await {
                Ok(token) => return Ok(token),
                Err(error) => {
                    let answer = PollAnswer::of(&error);
                    step = polling.next(answer, renewals.clock.now());
                    last = match (&error, answer) {
                        (AuthError::Refused(refusal), PollAnswer::Denied) => {
                            AuthError::LoginFailed(LoginFailure::Refused {
                                error: refusal.error_code.clone().unwrap_or_default(),
                                description: refusal.error_message.clone(),
                            })
                        }
                        _ => error,
                    };
                }
            }
        }
    }

    /// Takes a login that was made elsewhere, as [`finish_login`](Self::finish_login) takes its own.
    pub async fn import_login(&self, subject: &Subject, token_set: TokenSet) -> Result<Token, AuthError> {
        let (renewals, _) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        let subject = subject.clone();
        self.detached(renewals, async move |renewals| {
            let flaw = None;
            renewals.adopt_login(&subject, Issued { token_set, flaw }).await
        })
        .await
    }

    /// Hands the stored pair of a login to `keep` and forgets it here, for a person who takes it elsewhere: two holders
    /// of one refresh token end it. `Ok(Ok(false))` when there is no login; when `keep` fails, the login stays.
    ///
    /// Under the lease, so that no instance renews it in between: what was kept would be void, and what was renewed
    /// deleted.
    pub async fn hand_over_login<E>(
        &self,
        subject: &Subject,
        keep: impl FnOnce(&TokenSet) -> Result<(), E>,
    ) -> Result<Result<bool, E>, AuthError> {
        let (renewals, _) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        let key = renewals.key(subject);
        let lease = renewals.wait_for_lease(&key).await?;
        let work = renewals.hand_over(&key, keep);
        let outcome = renewals.leasing.hold(&*renewals.store, &lease, work).await;
        if lease.is_taken_over && !matches!(outcome, Ok(Ok(true))) {
            // The next holder has to know as well that an earlier holder died in the middle.
            renewals.leasing.leave(&*renewals.store, &lease).await;
        } else {
            renewals.leasing.release(&*renewals.store, &lease).await;
        }
        outcome
    }

    /// Returns the state of a login; `None` when there is none. Asks the store, not the platform.
    pub async fn login_status(&self, subject: &Subject) -> Result<Option<LoginStatus>, AuthError> {
        let (renewals, _) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        let key = renewals.key(subject);
        let stored = match renewals.store.load(&key).await {
            Ok(None) => return Ok(None),
            Ok(Some(stored)) => stored,
            Err(error) => return Err(AuthError::Store(error)),
        };
        let now = renewals.clock.now();
        let has_ended = |end: Option<UnixSeconds>| end.is_some_and(|end| now >= end);
        let is_renewable = stored.token_set.refresh_token.is_some() && !has_ended(stored.token_set.refresh_expires_at);
        let is_refused = renewals.lost.find(&key, stored.version).is_some();
        Ok(Some(LoginStatus {
            renewed_at: stored.token_set.issued_at,
            access_expires_at: stored.token_set.expires_at,
            refresh_expires_at: stored.token_set.refresh_expires_at,
            is_lost: is_refused || (has_ended(stored.token_set.expires_at) && !is_renewable),
        }))
    }

    /// Forgets a login; `false` when there was none. The platform has no way to hear of it (protocol 3.5): the access
    /// token works there until it ends, and other instances may serve it as long.
    pub async fn log_out(&self, subject: &Subject) -> Result<bool, AuthError> {
        let (renewals, _) = self.logins().ok_or(AuthError::LoginUnsupported)?;
        let key = renewals.key(subject);
        for _ in 0..SAVE_ROUNDS {
            let version = match renewals.store.load(&key).await {
                Ok(None) => {
                    renewals.forget(&key);
                    return Ok(false);
                }
                // An unreadable login is removed as well.
                Ok(Some(Stored { version, .. })) | Err(StoreError::Unreadable { version, .. }) => version,
                Err(error) => return Err(AuthError::Store(error)),
            };
            match renewals.store.delete(&key, version).await {
                Ok(()) => {
                    renewals.forget(&key);
                    return Ok(true);
                }
                // Renewed at this moment; the new one has to go.
                Err(StoreError::VersionConflict) => {}
                Err(error) => return Err(AuthError::Store(error)),
            }
        }
        Err(AuthError::Store(StoreError::VersionConflict))
    }

    /// Runs something to its end even if the caller leaves.
    async fn detached<F>(&self, renewals: Arc<Renewals>, work: impl FnOnce(Arc<Renewals>) -> F) -> Outcome
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let task = renewals.tasks.spawn_on(work(Arc::clone(&renewals)), &renewals.runtime);
        // The task panics or ends early only with its runtime.
        task.await.unwrap_or(Err(AuthError::Interrupted))
    }
}

impl Renewals {
    /// Saves a new login over whatever is there, and serves it from now on.
    async fn adopt_login(&self, subject: &Subject, issued: Issued) -> Outcome {
        let key = self.key(subject);
        let Issued { token_set, flaw } = issued;
        for _ in 0..SAVE_ROUNDS {
            let before = match self.store.load(&key).await {
                Ok(stored) => stored.map(|stored| stored.version),
                // A new login replaces an unreadable one.
                Err(StoreError::Unreadable { version, .. }) => Some(version),
                Err(error) => return Err(AuthError::Store(error)),
            };
            if let Saved::Ours = self.save_until_done(&key, &token_set, before, None).await {
                self.lost.forget(&key);
                self.failures.forget(subject);
                let token = Token::new(token_set);
                let now = self.clock.now();
                self.kept
                    .keep(subject, token.clone(), &self.policy, self.random.as_ref(), now);
                return flaw.map_or(Ok(token), Err);
            }
        }
        Err(AuthError::Store(StoreError::VersionConflict))
    }

    async fn hand_over<E>(
        &self,
        key: &TokenKey,
        keep: impl FnOnce(&TokenSet) -> Result<(), E>,
    ) -> Result<Result<bool, E>, AuthError> {
        let Some(stored) = self.store.load(key).await.map_err(AuthError::Store)? else {
            return Ok(Ok(false));
        };
        if let Err(error) = keep(&stored.token_set) {
            return Ok(Err(error));
        }
        let deleted = self.store.delete(key, stored.version).await;
        deleted.map_err(AuthError::Store)?;
        self.forget(key);
        Ok(Ok(true))
    }

    fn forget(&self, key: &TokenKey) {
        self.lost.forget(key);
        self.failures.forget(&key.subject);
        self.kept.remove(&key.subject);
    }
}
