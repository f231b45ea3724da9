//! How the login of an app stands, and what a new or ended login does to the sessions of before.

use crate::pages::LoginStanding;
use crate::respond;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use coze_auth::{AuthError, StoreError, Subject};
use cozegate_core::apps::ServingApp;
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::state::{Live, Shared};
use std::sync::Arc;

/// How the app's login stands.
pub(super) async fn standing(app: &ServingApp) -> Result<LoginStanding, Problem> {
    let status = app.tokens.login_status(&Subject::app()).await;
    Ok(match status {
        // Whoever logs in anew mends what nobody can read.
        Err(AuthError::Store(StoreError::Unreadable { .. })) => LoginStanding::Lost,
        Err(error) => return Err(Problem::from_auth_error(&error)),
        Ok(None) => LoginStanding::Nobody,
        Ok(Some(status)) if status.is_lost => LoginStanding::Lost,
        Ok(Some(status)) => LoginStanding::LoggedIn {
            since: respond::moment(status.renewed_at),
            until: status.refresh_expires_at.map(respond::moment),
        },
    })
}

/// Ends every session that was opened with the app's login so far, and makes this browser's visitor a new one.
pub(super) async fn renew_sessions(shared: &Shared, app: &ServingApp, headers: &mut HeaderMap) {
    if let Err(error) = shared.end_sessions(&app.name, &Subject::app()).await {
        // Gone from this process all the same; elsewhere they end with their time.
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "Could not end the sessions of a login"
        );
    }
    let removal = app.visitor_cookie.removal(shared.scheme);
    headers.extend(removal.map(|value| (SET_COOKIE, value)));
}

/// Finds an app in which people log in.
pub(super) fn login_app<'l>(live: &'l Live, name: Option<&str>) -> Result<&'l Arc<ServingApp>, ProblemKind> {
    let app = live.apps.find(name).ok_or(ProblemKind::AppUnknown)?;
    if app.kind.needs_login() {
        Ok(app)
    } else {
        Err(ProblemKind::LoginUnsupported)
    }
}
