//! Pending logins: what has to be remembered while a person is at the platform's consent page.
//!
//! Kept by the hash of `state`, used once, for minutes (RFC 6749 section 10.12, RFC 9700 section 4.7). The verifier is a
//! secret until the exchange (RFC 7636 section 7.1), so the whole of it is sealed.

use crate::database::{Database, DatabaseError, OneTimeKind};
use coze_auth::UnixSeconds;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// One login that was begun.
#[derive(Clone, Debug)]
pub struct PendingLogin {
    /// The app's name in the configuration. The answer is taken to this app's platform and to no other: codes of the two
    /// regions cannot be mixed up (RFC 9700 section 4.4).
    pub app: String,
    /// The redirect URI of the authorize request; the exchange repeats it letter by letter.
    pub redirect_uri: String,
    /// The PKCE verifier; `None` for an app with a client secret. Letters, digits and `-._~` only (RFC 7636 section 4.1).
    pub code_verifier: Option<SecretString>,
    /// What the browser that began the login holds in a cookie, hashed; `None` for a program's own loopback listener.
    pub browser: Option<String>,
    /// Where the person wanted to go: a path of ours.
    pub return_to: Option<String>,
}

/// The verifier is borrowed both ways, so that no copy of it is left behind.
#[derive(Deserialize, Serialize)]
struct Written<'a> {
    app: Cow<'a, str>,
    redirect_uri: Cow<'a, str>,
    #[serde(borrow)]
    code_verifier: Option<&'a str>,
    browser: Option<Cow<'a, str>>,
    return_to: Option<Cow<'a, str>>,
}

impl Database {
    /// Remembers a login until `expires_at` for the answer that brings `state`.
    pub async fn save_login(
        &self,
        state: &str,
        login: &PendingLogin,
        expires_at: UnixSeconds,
    ) -> Result<(), DatabaseError> {
        let written = Written {
            app: Cow::Borrowed(&login.app),
            redirect_uri: Cow::Borrowed(&login.redirect_uri),
            code_verifier: login.code_verifier.as_ref().map(ExposeSecret::expose_secret),
            browser: login.browser.as_deref().map(Cow::Borrowed),
            return_to: login.return_to.as_deref().map(Cow::Borrowed),
        };
        let content = serde_json::to_vec(&written)
            .map(Zeroizing::new)
            .map_err(|_| OneTimeKind::Login.unknown_content())?;
        self.insert_one_time(OneTimeKind::Login, state, &content, expires_at)
            .await
    }

    /// Returns the login that `state` belongs to, once; `None` when there is none, it was used or has ended.
    pub async fn spend_login(&self, state: &str, now: UnixSeconds) -> Result<Option<PendingLogin>, DatabaseError> {
        let Some(content) = self.spend_one_time(OneTimeKind::Login, state, now).await? else {
            return Ok(None);
        };
        let written: Written<'_> =
            serde_json::from_slice(&content).map_err(|_| OneTimeKind::Login.unknown_content())?;
        Ok(Some(PendingLogin {
            app: written.app.into_owned(),
            redirect_uri: written.redirect_uri.into_owned(),
            code_verifier: written.code_verifier.map(SecretString::from),
            browser: written.browser.map(Cow::into_owned),
            return_to: written.return_to.map(Cow::into_owned),
        }))
    }
}
