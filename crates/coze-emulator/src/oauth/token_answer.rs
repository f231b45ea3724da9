//! The answer of the token endpoint, the same for every grant (protocol 2.3, 3.2).

use serde::Serialize;

/// A token, as all grants answer.
#[derive(Debug, Serialize)]
pub(super) struct TokenAnswer {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// A point in time, not a duration (protocol 2.3).
    expires_in: i64,
    token_type: &'static str,
}

impl TokenAnswer {
    pub(super) fn new(access_token: String, refresh_token: Option<String>, expires_at: i64) -> Self {
        Self {
            access_token,
            refresh_token,
            expires_in: expires_at,
            token_type: "Bearer",
        }
    }
}
