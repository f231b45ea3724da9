//! Who is asking: the bearer token of a request, and what it stands for.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use crate::{
    envelope::ApiError,
    platform::Platform,
    tokens::{Grant, Identity},
};

/// A caller with a valid token. As an extractor it refuses with 401 / 700012006, which is right everywhere except on
/// `POST /v3/chat` (protocol 4.3).
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    bot_ids: Option<Vec<String>>,
}

impl Caller {
    /// Returns whom `token` stands for; `None` when it is unknown or expired.
    pub(crate) fn find(platform: &Platform, token: &str) -> Option<Self> {
        if token == platform.accounts.personal_access_token() {
            return Some(Self {
                identity: Identity::ACCOUNT,
                bot_ids: None,
            });
        }
        let Grant { identity, bot_ids, .. } = platform.tokens.find(token, platform.clock.now())?;
        Some(Self { identity, bot_ids })
    }

    /// Refuses a bot that the token's scope leaves out, if the double was told to care
    /// ([`crate::EmulatorConfig::enforce_bot_scope`]).
    pub(crate) fn may_use(&self, platform: &Platform, bot_id: &str) -> Result<(), ApiError> {
        let left_out = self
            .bot_ids
            .as_ref()
            .is_some_and(|allowed| !allowed.iter().any(|id| id == bot_id));
        if platform.config.enforce_bot_scope && left_out {
            return Err(ApiError::NoPermission {
                bot_id: bot_id.to_owned(),
            });
        }
        Ok(())
    }
}

impl FromRequestParts<Arc<Platform>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Self, ApiError> {
        bearer(&parts.headers)
            .and_then(|token| Self::find(platform, token))
            .ok_or(ApiError::AccessTokenInvalid)
    }
}

/// Returns the token of an `Authorization: Bearer …` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim()).filter(|token| !token.is_empty())
}
