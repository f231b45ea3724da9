//! The way back from the consent page: the platform's answer at the app's redirect URI.
//!
//! Anyone can call it. Nothing happens before the answer's `state` has found a login that was begun here, not long ago,
//! and in this very browser (RFC 9700 4.7); only then is the login used up, so that a link scanner that is first does not
//! take it away. A browser that comes again is led on. What comes next is a page under a clean address: a code is not to
//! stay in the browser's history.

use super::browser_binding::BrowserBinding;
use super::status::renew_sessions;
use crate::language::Reader;
use crate::own_page::see_other;
use crate::respond;
use axum::response::Response;
use coze_auth::{AuthError, Callback, LoginFailure, LoginState, Subject};
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::state::Shared;
use cozegate_core::telemetry::labels::StoreUse;
use cozegate_store::BackendError;

/// Answers it.
pub(crate) async fn finish(shared: &Shared, reader: &Reader, query: Option<&str>) -> Response {
    // The page's links keep the query elsewhere; this one holds code and state.
    let reader = &reader.without_query();
    let callback = Callback::parse(query.unwrap_or_default());
    let Some(state) = callback.state() else {
        return respond::problem(ProblemKind::LoginNotBegunHere.into(), reader);
    };
    match try_finish(shared, reader, &callback, &state).await {
        Ok(response) => response,
        Err(problem) => respond::problem(problem, reader),
    }
}

async fn try_finish(
    shared: &Shared,
    reader: &Reader,
    callback: &Callback,
    state: &LoginState,
) -> Result<Response, Problem> {
    let now = shared.means.clock.now();
    let is_same_browser =
        |browser: &str| BrowserBinding::is_same_browser(&reader.headers, shared.scheme, state, browser);
    let found = shared.backend.peek_login(state, now).await;
    let Some(found) = found.map_err(|error| unreadable_is_unknown(shared, error))? else {
        let used = shared.backend.find_used_login(state, now).await;
        let used = used.map_err(|error| unreadable_is_unknown(shared, error))?;
        return match used.filter(|used| is_same_browser(&used.browser)) {
            Some(used) => Ok(leads_on(&used.app)),
            None => Err(ProblemKind::LoginNotBegunHere.into()),
        };
    };
    if !is_same_browser(&found.browser) {
        return Err(ProblemKind::LoginNotBegunHere.into());
    }
    let live = shared.live();
    let app = live.apps.find(Some(&found.app)).ok_or(ProblemKind::AppUnknown)?;
    match app.tokens.check_login(&found.pending, callback) {
        // The person, or the platform for them, said no: that ends the login.
        Ok(()) | Err(AuthError::LoginFailed(LoginFailure::Refused { .. })) => {}
        Err(error) => return Err(Problem::from_auth_error(&error)),
    }
    let remembered = shared.backend.remember_used_login(&found).await;
    remembered.map_err(|error| shared.store_problem(StoreUse::Logins, &error))?;
    let spent = shared.backend.spend_login(state, now).await;
    let spent = spent.map_err(|error| unreadable_is_unknown(shared, error))?;
    // The same browser came twice at once: the other request finishes.
    let Some(record) = spent else {
        return Ok(leads_on(&found.app));
    };
    let finished = app.tokens.finish_login(&Subject::app(), record.pending, callback).await;
    finished.map_err(|error| Problem::from_auth_error(&error))?;
    let mut response = leads_on(&app.name);
    renew_sessions(shared, app, response.headers_mut()).await;
    Ok(response)
}

/// To the page that says how the app's login stands.
fn leads_on(app: &str) -> Response {
    see_other(&format!("/login?app={app}"))
}

/// What does not open is no login that can be finished; that it is there is for the operator.
fn unreadable_is_unknown(shared: &Shared, error: BackendError) -> Problem {
    match error {
        BackendError::Unreadable(row) => {
            tracing::error!(
                error = &row as &dyn std::error::Error,
                "The row of a login does not open: it was damaged, moved, or sealed with another key. It counts as unknown"
            );
            shared.telemetry.common().store_failed(StoreUse::Logins);
            ProblemKind::LoginNotBegunHere.into()
        }
        error => shared.store_problem(StoreUse::Logins, &error),
    }
}
