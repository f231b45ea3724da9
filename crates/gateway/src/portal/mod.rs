//! The auth service on 8081: sessions for pages, the legacy token service, and what people see.
//!
//! | request | file |
//! |---|---|
//! | `GET /`, `/chat`, `/playground`, and the page of `/callback` | `pages` (what they look like), `respond` (how they are sent) |
//! | `GET /callback` for scripts and people | `callback` |
//! | `GET /login`, `/device`, `/logout`, and the way back from the consent page | `login` |
//! | `POST /auth/session` | `session` |
//! | `/sessions` | `sessions` |
//! | `GET /assets/*` | `assets` |
//! | `GET /embed.js`, `/embed/window.js`, `/cozegate.user.js` | `scripts` |
//! | `GET /livez`, `GET /readyz` | `health` |
//! | `GET /metrics` | `metrics` |
//!
//! Pages and tokens are rare next to proxied requests, so this side runs on axum and on the shared runtime.

mod assets;
mod callback;
mod door;
mod health;
mod language;
pub(crate) mod login;
mod metrics;
mod own_page;
pub mod pages;
mod respond;
mod scripts;
mod session;
mod sessions;
mod static_file;

pub(crate) use scripts::PUBLIC_PATHS;

use crate::guard::Guard;
use crate::problem::ProblemKind;
use crate::state::{Live, Shared};
use crate::telemetry::labels::Route;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use language::Reader;
use std::sync::Arc;

/// No address of ours takes a large body; files go to the proxy.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Paths with an answer of their own; `/callback` is not among them, since it tells a login from its other callers.
const OWN_PATHS: [&str; 15] = [
    "/",
    "/auth/session",
    "/chat",
    "/cozegate.user.js",
    "/device",
    "/embed.js",
    "/embed/window.js",
    "/livez",
    "/login",
    "/logout",
    "/metrics",
    "/playground",
    "/playground/preview",
    "/readyz",
    "/sessions",
];

/// Whether no login could come back to `path`, because something else answers there.
fn is_own_path(path: &str) -> bool {
    OWN_PATHS.contains(&path) || path.starts_with("/assets/")
}

/// Every address with a handler, and the only list of them: tests walk it as well.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<Shared>>)> {
    vec![
        ("/", get(home)),
        ("/assets/{*path}", get(assets::serve)),
        ("/auth/session", post(session::open)),
        ("/callback", get(callback::callback)),
        ("/chat", get(chat)),
        ("/cozegate.user.js", get(scripts::userscript::serve)),
        ("/device", get(login::device::show)),
        ("/embed.js", get(scripts::embed)),
        ("/embed/window.js", get(scripts::window)),
        ("/livez", get(health::live)),
        ("/login", get(login::login)),
        ("/logout", get(login::logout::show).post(login::logout::log_out)),
        ("/metrics", get(metrics::show)),
        ("/playground", get(playground)),
        ("/playground/preview", get(preview)),
        ("/readyz", get(health::ready)),
        ("/sessions", get(sessions::show).post(sessions::end)),
    ]
}

/// The auth service.
pub(crate) fn router(shared: Arc<Shared>, guard: Guard) -> Router {
    let door = door::Door {
        guard,
        shared: Arc::clone(&shared),
    };
    routes()
        .into_iter()
        .fold(Router::new(), |router, (path, handlers)| router.route(path, handlers))
        .fallback(elsewhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // Outermost: whoever may not be answered is not even routed, and every answer, also of a fallback, leaves with
        // the fields that protect it.
        .layer(from_fn_with_state(door, door::pass))
        .with_state(shared)
}

/// What a path asks for, for the counts.
fn label(live: &Live, path: &str) -> Route {
    match path {
        "/" => Route::Home,
        "/auth/session" => Route::Session,
        "/callback" => Route::Callback,
        "/chat" | "/playground" | "/playground/preview" => Route::ChatPage,
        "/device" => Route::Device,
        "/cozegate.user.js" | "/embed.js" | "/embed/window.js" => Route::Assets,
        "/livez" | "/readyz" => Route::Health,
        "/login" => Route::Login,
        "/logout" => Route::Logout,
        "/metrics" => Route::Metrics,
        "/sessions" => Route::Sessions,
        _ if path.starts_with("/assets/") => Route::Assets,
        _ if is_redirect_uri(live, path) => Route::Callback,
        _ => Route::None,
    }
}

/// `GET /`: what runs, and what to do next.
async fn home(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::home(&reader, &shared)
}

/// `GET /chat`: our own chat page.
async fn chat(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::chat(&reader, &shared)
}

/// `GET /playground`: where one clicks together the tag for a site.
async fn playground(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::playground(&reader, &shared)
}

/// `GET /playground/preview`: what that tag brings.
async fn preview(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::preview(&reader, &shared)
}

/// Any other address: an app's own redirect URI, or nothing.
async fn elsewhere(State(shared): State<Arc<Shared>>, method: Method, uri: Uri, reader: Reader) -> Response {
    if is_redirect_uri(&shared.live(), uri.path()) && method == Method::GET {
        return login::finish::finish(&shared, &reader, uri.query()).await;
    }
    respond::problem(ProblemKind::NoSuchEndpoint.into(), &reader)
}

/// Whether a GET of this address begins, finishes or ends something. HEAD and prefetch must not.
fn has_effects(live: &Live, path: &str, query: Option<&str>) -> bool {
    match path {
        "/device" | "/login" => true,
        "/callback" => login::finish::is_answer(query),
        _ => is_redirect_uri(live, path),
    }
}

/// Whether people come back to `path` from the consent page of one of the apps.
fn is_redirect_uri(live: &Live, path: &str) -> bool {
    let mut uris = live.apps.iter().filter_map(|app| app.redirect_uri.as_ref());
    uris.any(|uri| uri.path() == path)
}

async fn wrong_method(method: Method, reader: Reader) -> Response {
    respond::problem(ProblemKind::of_method(&method).into(), &reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_login_comes_back_to_an_address_with_a_handler_of_its_own() {
        let taken: Vec<&str> = routes()
            .into_iter()
            .map(|(path, _)| path)
            .filter(|path| !is_own_path(path))
            .collect();

        assert_eq!(taken, ["/callback"]);
    }
}
