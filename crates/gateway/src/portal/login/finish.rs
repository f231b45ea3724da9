//! The way back from the consent page: the platform's answer at the app's redirect URI.
//!
//! Anybody can call it. Nothing happens before the answer's `state` has found a login that was begun here, not long ago,
//! for the first time, and in this very browser (RFC 9700 4.7). What comes next is a page under a clean address: a code
//! is not to stay in the browser's history.

use super::{Reader, Shared, renew_sessions, respond, see_other};
use crate::login::browser_binding::BrowserBinding;
use crate::problem::{Problem, ProblemKind};
use crate::telemetry::labels::StoreUse;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use coze_auth::{Callback, LoginState, Subject};

/// Whether a query is the platform's answer to a login, and not a request of the legacy contract.
pub(in super::super) fn is_answer(query: Option<&str>) -> bool {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .any(|(name, _)| matches!(name.as_ref(), "state" | "code" | "error"))
}

/// Answers it.
pub(in super::super) async fn finish(shared: &Shared, reader: &Reader, query: Option<&str>, path: &str) -> Response {
    // The page's links keep the query elsewhere; this one holds code and state.
    let reader = &reader.without_query();
    let callback = Callback::parse(query.unwrap_or_default());
    let Some(state) = callback.state() else {
        return respond::problem(ProblemKind::LoginNotBegunHere.into(), reader);
    };
    let mut response = match try_finish(shared, reader, &callback, &state).await {
        Ok(response) => response,
        Err(problem) => respond::problem(problem, reader),
    };
    let removal = BrowserBinding::removal(&state, shared.scheme, path);
    response.headers_mut().extend(removal.map(|value| (SET_COOKIE, value)));
    response
}

async fn try_finish(
    shared: &Shared,
    reader: &Reader,
    callback: &Callback,
    state: &LoginState,
) -> Result<Response, Problem> {
    let now = shared.means.clock.now();
    let spent = shared.backend.spend_login(state, now).await;
    let record = spent.map_err(|error| shared.store_problem(StoreUse::Logins, &error))?;
    let record = record.ok_or(ProblemKind::LoginNotBegunHere)?;
    if !BrowserBinding::is_same_browser(&reader.headers, shared.scheme, state, &record.browser) {
        return Err(ProblemKind::LoginNotBegunHere.into());
    }
    let live = shared.live();
    let app = live.apps.find(Some(&record.app)).ok_or(ProblemKind::AppUnknown)?;
    let finished = app.tokens.finish_login(&Subject::app(), record.pending, callback).await;
    finished.map_err(|error| Problem::from_auth_error(&error))?;
    let mut response = see_other(&format!("/login?app={}", app.name));
    renew_sessions(shared, app, response.headers_mut()).await;
    Ok(response)
}
