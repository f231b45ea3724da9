//! The fixed way in: a token that a person made in the console (protocol 2.4). Same interface, never renewed.
//!
//! It is the same for every subject, so it cannot keep users apart (protocol 5); a host that serves several users has
//! to refuse it before ([`App::isolates_users`](crate::App::isolates_users)).

use crate::clock::UnixSeconds;
use crate::error::AuthError;
use crate::secret::AccessToken;
use crate::token::Token;
use crate::token_set::TokenSet;

/// Makes a token of the configured text.
pub(crate) fn fixed(token: &AccessToken, expires_at: Option<UnixSeconds>, now: UnixSeconds) -> Token {
    Token::new(TokenSet {
        access_token: token.clone(),
        token_type: "Bearer".to_owned(),
        issued_at: now,
        expires_at,
        refresh_token: None,
        refresh_expires_at: None,
    })
}

/// Returns the token unless its noted end has come.
pub(crate) fn check(token: &Token, now: UnixSeconds) -> Result<Token, AuthError> {
    match token.expires_at() {
        Some(expires_at) if now >= expires_at => Err(AuthError::PersonalAccessTokenExpired { expires_at }),
        Some(_) | None => Ok(token.clone()),
    }
}
