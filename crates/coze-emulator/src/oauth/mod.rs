//! `/api/permission/oauth2/*` and the pages behind it: what buys a token (protocol 2, 3).
//!
//! [`token`] is the endpoint where all grants end: [`jwt_bearer`] for assertions, [`user_grants`] for what a person
//! allowed. [`authorize`] and [`device`] ask that person. The rules they follow are in `logins`; here they get their
//! wire form, and each step its line in the journal.

mod assertion;
mod authorize;
mod body;
mod client;
mod device;
mod jwt_bearer;
mod page;
mod refusal;
mod token;
mod token_answer;
mod user_grants;

pub(crate) use page::is_page;

use crate::platform::Platform;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// All endpoints of the sheet, and the pages that people see on the way.
pub(crate) fn routes() -> Router<Arc<Platform>> {
    Router::new()
        // Protocol 2.2, 3.2
        .route("/api/permission/oauth2/token", post(token::for_own_account))
        .route(
            "/api/permission/oauth2/account/{account_id}/token",
            post(token::for_account),
        )
        .route(
            "/api/permission/oauth2/enterprise_id/{enterprise_id}/token",
            post(token::for_enterprise),
        )
        // Protocol 3.1
        .route("/api/permission/oauth2/authorize", get(authorize::authorize))
        .route(
            "/api/permission/oauth2/workspace_id/{workspace_id}/authorize",
            get(authorize::authorize_in_workspace),
        )
        .route(authorize::CONSENT_PATH, get(authorize::show).post(authorize::decide))
        .route(
            authorize::PKCE_CONSENT_PATH,
            get(authorize::show).post(authorize::decide),
        )
        // Protocol 3.4
        .route("/api/permission/oauth2/device/code", post(device::start))
        .route(
            "/api/permission/oauth2/workspace_id/{workspace_id}/device/code",
            post(device::start_in_workspace),
        )
        .route(device::PAGE_PATH, get(device::show).post(device::decide))
}
