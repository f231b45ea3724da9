//! What the token endpoint answered, in our own terms: absolute times, checked texts (protocol 2.3).

use crate::clock::UnixSeconds;
use crate::secret::AccessToken;

/// The answer to a token request.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// The token for `Authorization: Bearer`.
    pub access_token: AccessToken,
    /// How the token is presented; the platform knows `Bearer` only.
    pub token_type: String,
    /// When it was asked for, by our clock.
    pub issued_at: UnixSeconds,
    /// When it ends; `None` for a fixed token whose end nobody stated.
    pub expires_at: Option<UnixSeconds>,
}
