//! `GET /login`: begins a login with a browser, or shows how one stands.

use super::browser_binding::BrowserBinding;
use super::status::standing;
use crate::language::Reader;
use crate::own_page::see_other;
use crate::pages::LoginStanding;
use crate::query::parameter;
use crate::respond;
use crate::state::{Effect, PortalState};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use cozegate_core::apps::ServingApp;
use cozegate_core::caller::ClientAddress;
use cozegate_core::guard::Passage;
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::telemetry::labels::StoreUse;
use cozegate_store::LoginRecord;
use url::Url;

/// `GET /login`. For an app in which nobody logs in, the legacy contract: merely another way to `/callback`.
pub(crate) async fn login(
    State(portal): State<PortalState>,
    Extension(passage): Extension<Passage>,
    Extension(address): Extension<ClientAddress>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Response {
    let live = portal.shared.live();
    let query = query.as_deref();
    let named = parameter(query, "app");
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
        wants_another: parameter(query, "again").is_some(),
    };
    match begin_or_show(&portal, app, &visit, &reader).await {
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

async fn begin_or_show(
    portal: &PortalState,
    app: &ServingApp,
    visit: &Visit,
    reader: &Reader,
) -> Result<Response, Problem> {
    let standing = standing(app).await?;
    let is_logged_in = matches!(standing, LoginStanding::LoggedIn { .. });
    // Another site's link shows how things stand; what begins a login is a click on a page of ours.
    if visit.passage.foreign_navigation || (is_logged_in && !visit.wants_another) {
        return Ok(respond::login(reader, app, standing));
    }
    let Some(redirect_uri) = &app.redirect_uri else {
        return Ok(see_other(&format!("/device?app={}&again=1", app.name)));
    };
    portal.shared.live().limits.check_login(visit.address)?;
    begin(portal, app, redirect_uri, reader).await
}

/// To the consent page, with the login kept in the store and bound to this browser.
async fn begin(
    portal: &PortalState,
    app: &ServingApp,
    redirect_uri: &Url,
    reader: &Reader,
) -> Result<Response, Problem> {
    let shared = &*portal.shared;
    if !leads_here(portal, redirect_uri) {
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
fn leads_here(portal: &PortalState, redirect_uri: &Url) -> bool {
    let shared = &*portal.shared;
    let is_loopback = match redirect_uri.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    is_loopback
        && redirect_uri.scheme() == shared.scheme.as_str()
        && redirect_uri.port_or_known_default() == Some(shared.auth_addr.port())
        && !is_taken(portal, redirect_uri.path())
}

/// Whether no login could come back to `path`, because something else answers there.
fn is_taken(portal: &PortalState, path: &str) -> bool {
    portal.route(path).is_some_and(|route| route.effect != Effect::Callback)
}

fn is_reached_as(redirect_uri: &Url, headers: &HeaderMap) -> bool {
    let host = headers.get(http::header::HOST).map(HeaderValue::as_bytes);
    let authority = redirect_uri.authority();
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_bytes()))
}
