//! A token as it is handed out: a cheap clone of what is kept.

use crate::clock::UnixSeconds;
use crate::secret::AccessToken;
use crate::token_set::TokenSet;
use std::sync::Arc;

/// An access token and its end. Cloning counts a reference.
#[derive(Clone, Debug)]
pub struct Token(Arc<TokenSet>);

impl Token {
    pub(crate) fn new(token_set: TokenSet) -> Self {
        Self(Arc::new(token_set))
    }

    /// Returns the secret itself.
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// Returns when the token ends; `None` for a fixed token without a stated end.
    pub fn expires_at(&self) -> Option<UnixSeconds> {
        self.0.expires_at
    }

    /// Returns how the token is presented: `Bearer`.
    pub fn token_type(&self) -> &str {
        &self.0.token_type
    }

    pub(crate) fn issued_at(&self) -> UnixSeconds {
        self.0.issued_at
    }

    /// Says whether both are one and the same token.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.access_token().is_same_as(other.access_token())
    }
}
