//! The next token of a service app: sign, exchange, save (protocol 2).
//!
//! A service app can have another token at any time, and the old one stays good. So two instances that renew at once do
//! no harm, no lease is taken, and a store that is down costs a warning.

use super::renewals::{Outcome, Renewals, warn_of_store};
use crate::app::JwtApp;
use crate::error::AuthError;
use crate::grant::Grant;
use crate::grant::jwt_bearer::Signed;
use crate::store::{Save, StoreError, TokenKey, Version};
use crate::subject::Subject;
use crate::token::Token;
use crate::token_set::TokenSet;

impl Renewals {
    /// Takes what another instance left, or gets a new token: for `subject` as it was asked for, completed in `key`.
    pub(super) async fn mint(&self, app: &JwtApp, subject: &Subject, key: &TokenKey) -> Outcome {
        let version = match self.store.load(key).await {
            Ok(None) => None,
            Ok(Some(stored)) => {
                let version = stored.version;
                if let Some(token) = self.adopt(subject, stored) {
                    return Ok(token);
                }
                Some(version)
            }
            Err(error) => {
                warn_of_store(subject, &error);
                match error {
                    // The new token replaces the unreadable one.
                    StoreError::Unreadable { version, .. } => Some(version),
                    StoreError::VersionConflict | StoreError::Fenced | StoreError::Unavailable { .. } => None,
                }
            }
        };
        let token_set = self.exchange(app, key).await?;
        Ok(self.save_or_go_without(subject, key, token_set, version).await)
    }

    async fn exchange(&self, app: &JwtApp, key: &TokenKey) -> Result<TokenSet, AuthError> {
        // The semaphore is never closed; if it were, the program would be ending.
        let _turn = self.exchanges.acquire().await.map_err(|_| AuthError::Interrupted)?;
        let now = self.clock.now();
        let assertion = app
            .assertion(&key.subject, now, self.random.as_ref())
            .map_err(AuthError::SigningFailed)?;
        let grant = Grant::JwtBearer(Signed {
            app,
            assertion,
            subject: &key.subject,
        });
        let issued = self.request_token(&app.endpoints, &grant, now).await?;
        match issued.flaw {
            Some(flaw) => Err(flaw),
            None => Ok(issued.token_set),
        }
    }

    /// Saves a new token and returns the one to use: the new one, or a fresh one that another instance saved first.
    async fn save_or_go_without(
        &self,
        subject: &Subject,
        key: &TokenKey,
        token_set: TokenSet,
        expected: Option<Version>,
    ) -> Token {
        let save = Save {
            token_set: &token_set,
            expected,
            renew_at: None,
            lease: None,
        };
        match self.store.save(key, save).await {
            Ok(_version) => {}
            Err(StoreError::VersionConflict) => {
                let theirs = self.store.load(key).await.ok().flatten();
                if let Some(token) = theirs.and_then(|stored| self.adopt(subject, stored)) {
                    return token;
                }
            }
            Err(error @ (StoreError::Fenced | StoreError::Unreadable { .. } | StoreError::Unavailable { .. })) => {
                warn_of_store(subject, &error);
            }
        }
        Token::new(token_set)
    }
}
