//! What the token endpoint answered, in our own terms: absolute times, checked texts (protocol 2.3, 3.2).

use crate::clock::UnixSeconds;
use crate::secret::{AccessToken, RefreshToken};
use crate::versioned_json::{self, UnreadableBytes};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// The answer to a token request.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// The token for `Authorization: Bearer`.
    pub access_token: AccessToken,
    /// How the token is presented; the platform knows `Bearer` only.
    pub token_type: String,
    /// When it was asked for, by our clock.
    pub issued_at: UnixSeconds,
    /// When it ends; `None` for a fixed token without a stated end.
    pub expires_at: Option<UnixSeconds>,
    /// Refresh token for the next pair; `None` without a login.
    pub refresh_token: Option<RefreshToken>,
    /// When the refresh token ends. The platform does not say, so this is what its documents say; `None`: not known.
    pub refresh_expires_at: Option<UnixSeconds>,
}

#[derive(Deserialize, Serialize)]
struct Written<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    token_type: Cow<'a, str>,
    issued_at: i64,
    expires_at: Option<i64>,
    #[serde(borrow)]
    refresh_token: Option<Cow<'a, str>>,
    refresh_expires_at: Option<i64>,
}

impl TokenSet {
    /// Writes everything down, **the secrets in clear**, for a store that seals it. The memory is wiped when the caller
    /// drops it.
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        versioned_json::write(&Written {
            access_token: Cow::Borrowed(self.access_token.expose()),
            token_type: Cow::Borrowed(&self.token_type),
            issued_at: self.issued_at.0,
            expires_at: self.expires_at.map(|end| end.0),
            refresh_token: self.refresh_token.as_ref().map(|token| Cow::Borrowed(token.expose())),
            refresh_expires_at: self.refresh_expires_at.map(|end| end.0),
        })
    }

    /// Reads what [`to_secret_bytes`](Self::to_secret_bytes) wrote.
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, UnreadableBytes> {
        let written: Written<'_> = versioned_json::read(bytes)?;
        let refresh_token = match &written.refresh_token {
            Some(text) => Some(RefreshToken::parse(text).map_err(UnreadableBytes::new)?),
            None => None,
        };
        Ok(Self {
            access_token: AccessToken::parse(&written.access_token).map_err(UnreadableBytes::new)?,
            token_type: written.token_type.into_owned(),
            issued_at: UnixSeconds(written.issued_at),
            expires_at: written.expires_at.map(UnixSeconds),
            refresh_token,
            refresh_expires_at: written.refresh_expires_at.map(UnixSeconds),
        })
    }

    /// Says whether both hold the same secrets, in a time that does not depend on where they differ.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let is_same_refresh_token = match (&self.refresh_token, &other.refresh_token) {
            (Some(ours), Some(theirs)) => ours.is_same_as(theirs),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.access_token.is_same_as(&other.access_token) && is_same_refresh_token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token_set(refresh_token: Option<&str>) -> TokenSet {
        TokenSet {
            access_token: AccessToken::parse("czu_\"quoted\"").unwrap(),
            token_type: "Bearer".to_owned(),
            issued_at: UnixSeconds(1_790_000_000),
            expires_at: Some(UnixSeconds(1_790_000_900)),
            refresh_token: refresh_token.map(|text| RefreshToken::parse(text).unwrap()),
            refresh_expires_at: None,
        }
    }

    #[test]
    fn token_set_that_was_written_down_is_read_as_the_same() {
        for refresh_token in [None, Some("r\\u0041-1")] {
            let written = token_set(refresh_token);

            let read = TokenSet::from_secret_bytes(&written.to_secret_bytes()).unwrap();

            assert!(read.is_same_as(&written));
            assert_eq!(
                (
                    read.issued_at,
                    read.expires_at,
                    read.refresh_expires_at,
                    read.token_type
                ),
                (written.issued_at, written.expires_at, None, "Bearer".to_owned())
            );
        }
    }

    #[test]
    fn error_of_unreadable_bytes_does_not_quote_them() {
        let bytes = br#"{"format":1,"access_token":"czu_canary","token_type":"czu_canary","issued_at":"czu_canary"}"#;

        let error = TokenSet::from_secret_bytes(bytes).unwrap_err();

        assert!(!format!("{error:?}").contains("canary"));
    }
}
