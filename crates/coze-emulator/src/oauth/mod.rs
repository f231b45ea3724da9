//! `/api/permission/oauth2/*`: what buys a token (protocol 2). The JWT-bearer grant, so far.

mod assertion;
mod refusal;
mod token;

use std::sync::Arc;

use axum::{Router, routing::post};

use crate::platform::Platform;

/// The token endpoint and its account and enterprise forms (protocol 2.2), which here mean the same account.
pub(crate) fn routes() -> Router<Arc<Platform>> {
    Router::new()
        .route("/api/permission/oauth2/token", post(token::exchange))
        .route(
            "/api/permission/oauth2/account/{account_id}/token",
            post(token::exchange),
        )
        .route(
            "/api/permission/oauth2/enterprise_id/{enterprise_id}/token",
            post(token::exchange),
        )
}
