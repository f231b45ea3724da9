//! Pending logins: what has to be remembered while a person is at the platform's consent page.
//!
//! Kept by the hash of `state`, used once, for minutes (RFC 6749 section 10.12, RFC 9700 section 4.7). The verifier is a
//! secret until the exchange (RFC 7636 section 7.1), so the whole of it is sealed.

use crate::backend::{Backend, BackendError};
use crate::one_time::OneTimeKind;
use coze_auth::{LoginState, PendingLogin, UnixSeconds};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Between what is ours and what is `coze-auth`'s. JSON on one line holds none.
const SEPARATOR: u8 = b'\n';

/// One login that was begun in a browser. `Debug` shows nothing that binds it.
pub struct LoginRecord {
    /// The app's name in the configuration. The answer is taken to this app's platform and to no other: codes of the two
    /// regions cannot be mixed up (RFC 9700 section 4.4).
    pub app: String,
    /// What the browser that began the login holds in a cookie, hashed.
    pub browser: String,
    /// The login itself.
    pub pending: PendingLogin,
}

impl fmt::Debug for LoginRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRecord")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// A login whose answer was taken already, remembered until its time is over.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct UsedLogin {
    /// The app's name in the configuration.
    pub app: String,
    /// The hash of what its browser holds in a cookie.
    pub browser: String,
}

#[derive(Deserialize, Serialize)]
struct Written {
    app: String,
    browser: String,
}

impl LoginRecord {
    fn to_secret_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let head = serde_json::to_vec(&Written {
            app: self.app.clone(),
            browser: self.browser.clone(),
        });
        let pending = self.pending.to_secret_bytes();
        Some(Zeroizing::new([&head.ok()?, &[SEPARATOR][..], &pending].concat()))
    }

    fn from_secret_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == SEPARATOR)?;
        let (head, pending) = bytes.split_at_checked(end)?;
        let Written { app, browser } = serde_json::from_slice(head).ok()?;
        let pending = PendingLogin::from_secret_bytes(pending.get(1..)?).ok()?;
        Some(Self { app, browser, pending })
    }
}

impl Backend {
    /// Remembers a login, as long as it may take, for the answer that brings its `state`.
    pub async fn save_login(&self, login: &LoginRecord) -> Result<(), BackendError> {
        let content = login
            .to_secret_bytes()
            .ok_or_else(|| OneTimeKind::Login.unknown_content())?;
        let (state, ends_at) = (login.pending.state(), login.pending.ends_at());
        self.insert_one_time(OneTimeKind::Login, state.expose(), &content, ends_at)
            .await
    }

    /// Returns the login that `state` belongs to and leaves it, so that its browser can be compared before it is used up.
    pub async fn peek_login(&self, state: &LoginState, now: UnixSeconds) -> Result<Option<LoginRecord>, BackendError> {
        let found = self.peek_one_time(OneTimeKind::Login, state.expose(), now).await?;
        found.map(|content| read(&content)).transpose()
    }

    /// Remembers that `login` is being used, so that its browser is led on when it asks again. To be called before
    /// [`spend_login`](Self::spend_login): then one of the two is always there.
    pub async fn remember_used_login(&self, login: &LoginRecord) -> Result<(), BackendError> {
        let used = UsedLogin {
            app: login.app.clone(),
            browser: login.browser.clone(),
        };
        let content = serde_json::to_vec(&used).map_err(|_| OneTimeKind::UsedLogin.unknown_content())?;
        let (state, ends_at) = (login.pending.state(), login.pending.ends_at());
        self.insert_one_time(OneTimeKind::UsedLogin, state.expose(), &content, ends_at)
            .await
    }

    /// Returns the login that was used with this `state`.
    pub async fn find_used_login(
        &self,
        state: &LoginState,
        now: UnixSeconds,
    ) -> Result<Option<UsedLogin>, BackendError> {
        let found = self.peek_one_time(OneTimeKind::UsedLogin, state.expose(), now).await?;
        let Some(content) = found else {
            return Ok(None);
        };
        let used = serde_json::from_slice(&content).map_err(|_| OneTimeKind::UsedLogin.unknown_content())?;
        Ok(Some(used))
    }

    /// Returns the login that `state` belongs to, once; `None` when there is none, it was used or has ended.
    pub async fn spend_login(&self, state: &LoginState, now: UnixSeconds) -> Result<Option<LoginRecord>, BackendError> {
        let spent = self.spend_one_time(OneTimeKind::Login, state.expose(), now).await?;
        spent.map(|content| read(&content)).transpose()
    }
}

fn read(content: &[u8]) -> Result<LoginRecord, BackendError> {
    let login = LoginRecord::from_secret_bytes(content);
    Ok(login.ok_or_else(|| OneTimeKind::Login.unknown_content())?)
}
