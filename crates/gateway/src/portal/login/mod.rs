//! Logins of people at the platform, in pages: for apps of kind `web`, `pkce` and `device`.
//!
//! | request | file |
//! |---|---|
//! | `GET /login?app=NAME` | here: begins a login, or shows how one stands |
//! | the app's redirect URI (`GET /callback?code=..&state=..`) | `finish` |
//! | `GET /device?app=NAME` | `device` |
//! | `GET`, `POST /logout` | `logout` |
//!
//! In local mode there is one person, so an app has one login and all its visitors share it ([`Subject::app`]). Whoever
//! logs in or out ends every session that was opened before: a page must not go on as somebody else without knowing.

pub(crate) mod device;
pub(super) mod finish;
pub(super) mod logout;

use super::language::Reader;
use super::own_page::see_other;
use super::pages::LoginStanding;
use super::{callback, respond};
use crate::apps::ServingApp;
use crate::caller::ClientAddress;
use crate::guard::Passage;
use crate::login::browser_binding::BrowserBinding;
use crate::problem::{Problem, ProblemKind};
use crate::state::{Live, Shared};
use crate::telemetry::labels::StoreUse;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use coze_auth::{AuthError, StoreError, Subject};
use cozegate_store::LoginRecord;
use std::sync::Arc;
use url::Url;

/// `GET /login`. For an app in which nobody logs in, the legacy contract: merely another way to `/callback`.
pub(super) async fn login(
    State(shared): State<Arc<Shared>>,
    Extension(passage): Extension<Passage>,
    Extension(address): Extension<ClientAddress>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Response {
    let live = shared.live();
    let query = query.as_deref();
    let named = callback::parameter(query, "app");
    let Some(app) = live.apps.find(named.as_deref()) else {
        return respond::problem(ProblemKind::AppUnknown.into(), &reader);
    };
    if !app.kind.needs_login() {
        let location = query.map_or_else(|| "/callback".to_owned(), |query| format!("/callback?{query}"));
        return (StatusCode::FOUND, [(LOCATION, location)]).into_response();
    }
    let visit = Visit {
        passage,
        address,
        wants_another: callback::parameter(query, "again").is_some(),
    };
    match begin_or_show(&shared, app, &visit, &reader).await {
        Ok(response) => response,
        Err(problem) => respond::problem(problem, &reader),
    }
}

/// Who comes to log in.
struct Visit {
    passage: Passage,
    address: ClientAddress,
    /// Another person than the one who is logged in.
    wants_another: bool,
}

async fn begin_or_show(shared: &Shared, app: &ServingApp, visit: &Visit, reader: &Reader) -> Result<Response, Problem> {
    let standing = standing(app).await?;
    let is_logged_in = matches!(standing, LoginStanding::LoggedIn { .. });
    // Another site's link shows how things stand; what begins a login is a click on a page of ours.
    if visit.passage.foreign_navigation || (is_logged_in && !visit.wants_another) {
        return Ok(respond::login(reader, app, standing));
    }
    let Some(redirect_uri) = &app.redirect_uri else {
        return Ok(see_other(&format!("/device?app={}&again=1", app.name)));
    };
    shared.live().limits.check_login(visit.address)?;
    begin(shared, app, redirect_uri, reader).await
}

/// How the app's login stands.
async fn standing(app: &ServingApp) -> Result<LoginStanding, Problem> {
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

/// To the consent page, with the login kept in the store and bound to this browser.
async fn begin(shared: &Shared, app: &ServingApp, redirect_uri: &Url, reader: &Reader) -> Result<Response, Problem> {
    if !leads_here(shared, redirect_uri) {
        let inside = format!("the redirect_uri of app {} is {redirect_uri}", app.name);
        return Err(Problem::with_inside(ProblemKind::RedirectElsewhere, inside));
    }
    // The cookie has to be set under the name that the browser comes back to.
    if !is_reached_as(redirect_uri, &reader.headers) {
        let origin = redirect_uri.origin().ascii_serialization();
        return Ok(see_other(&format!("{origin}/login?app={}&again=1", app.name)));
    }
    let pending = app
        .tokens
        .begin_login(redirect_uri.as_str())
        .map_err(|error| Problem::from_auth_error(&error))?;
    let random = shared.means.random.as_ref();
    let binding = BrowserBinding::draw(pending.state(), shared.scheme, redirect_uri.path(), random)
        .ok_or_else(|| Problem::with_inside(ProblemKind::Internal, "a redirect_uri whose path fits into no cookie"))?;
    let location = HeaderValue::from_str(pending.authorize_url().as_str())
        .map_err(|error| Problem::with_inside(ProblemKind::Internal, error))?;
    let record = LoginRecord {
        app: app.name.to_string(),
        browser: binding.hash,
        pending,
    };
    let saved = shared.backend.save_login(&record).await;
    saved.map_err(|error| shared.store_problem(StoreUse::Logins, &error))?;
    Ok((StatusCode::FOUND, [(LOCATION, location), (SET_COOKIE, binding.cookie)]).into_response())
}

/// Whether the platform sends people back to this service, and not to another page of it. Another port or another machine
/// cannot finish a login.
fn leads_here(shared: &Shared, redirect_uri: &Url) -> bool {
    let is_loopback = match redirect_uri.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    is_loopback
        && redirect_uri.scheme() == shared.scheme.as_str()
        && redirect_uri.port_or_known_default() == Some(shared.auth_addr.port())
        && !super::is_own_path(redirect_uri.path())
}

fn is_reached_as(redirect_uri: &Url, headers: &HeaderMap) -> bool {
    let host = headers.get(http::header::HOST).map(HeaderValue::as_bytes);
    let authority = redirect_uri.authority();
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_bytes()))
}

/// Ends every session that was opened with the app's login so far, and makes this browser's visitor a new one.
async fn renew_sessions(shared: &Shared, app: &ServingApp, headers: &mut HeaderMap) {
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
fn login_app<'l>(live: &'l Live, name: Option<&str>) -> Result<&'l Arc<ServingApp>, ProblemKind> {
    let app = live.apps.find(name).ok_or(ProblemKind::AppUnknown)?;
    if app.kind.needs_login() {
        Ok(app)
    } else {
        Err(ProblemKind::LoginUnsupported)
    }
}
