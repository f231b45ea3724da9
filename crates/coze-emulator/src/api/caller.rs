//! Who is asking: the bearer token of a request, and what it stands for.

use super::permission;
use crate::accounts::WORKSPACE_ID;
use crate::envelope::ApiError;
use crate::platform::Platform;
use crate::tokens::{Grant, Identity, Scope};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use std::sync::Arc;

/// A caller with a valid token. As an extractor it refuses with 401 / 700012006, which is right everywhere except on
/// `POST /v3/chat` (protocol 4.3).
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    scope: Scope,
    /// Of the app; `None` means all.
    permissions: Option<Vec<String>>,
}

impl Caller {
    /// Returns whom `token` stands for; `None` when it is unknown or expired, or its app is switched off.
    pub(crate) fn find(platform: &Platform, token: &str) -> Option<Self> {
        if token == platform.accounts.personal_access_token() {
            return Some(Self {
                identity: Identity::ACCOUNT,
                scope: Scope::default(),
                permissions: None,
            });
        }
        let Grant { identity, scope, .. } = platform.tokens.find(token, platform.clock.now())?;
        let app = identity.client_id.as_deref().and_then(|id| platform.apps.find(id));
        let app = app.filter(|app| !app.disabled)?;
        Some(Self {
            identity,
            scope,
            permissions: app.permissions,
        })
    }

    /// Refuses a permission that the app does not have, or that the token's scope leaves out, if the double was told to
    /// care ([`crate::EmulatorConfig::enforce_scope`]).
    pub(crate) fn may(&self, platform: &Platform, permission: &'static str) -> Result<(), ApiError> {
        let leaves_out = |listed: Option<&[String]>| {
            let listed = listed.filter(|listed| !permission::is_covered(permission, listed));
            listed.is_some()
        };
        let by_scope = platform.config.enforce_scope && leaves_out(self.scope.permissions.as_deref());
        if by_scope || leaves_out(self.permissions.as_deref()) {
            return Err(ApiError::NoPermission {
                access: format!("space_id={WORKSPACE_ID} {permission}"),
            });
        }
        Ok(())
    }

    /// Refuses a bot that the token's scope leaves out, if the double was told to care.
    pub(crate) fn may_use(&self, platform: &Platform, bot_id: &str) -> Result<(), ApiError> {
        let listed = self.scope.bot_ids.as_ref();
        let left_out = listed.is_some_and(|listed| !listed.iter().any(|id| id == bot_id));
        if platform.config.enforce_scope && left_out {
            return Err(ApiError::NoPermission {
                access: format!("bot_id={bot_id} chat"),
            });
        }
        Ok(())
    }
}

impl FromRequestParts<Arc<Platform>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Self, ApiError> {
        let caller = bearer(&parts.headers)
            .and_then(|token| Self::find(platform, token))
            .ok_or(ApiError::AccessTokenInvalid)?;
        if let Some(permission) = permission::needed(&parts.method, parts.uri.path()) {
            caller.may(platform, permission)?;
        }
        Ok(caller)
    }
}

/// Returns the token of an `Authorization: Bearer …` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim()).filter(|token| !token.is_empty())
}
