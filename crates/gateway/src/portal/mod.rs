//! The auth service on 8081: sessions for pages, the legacy token service, and what people see.
//!
//! | request | file |
//! |---|---|
//! | `GET /`, `/chat`, and the page of `/callback` | `pages` (what they look like), `respond` (how they are sent) |
//! | `GET /callback` for scripts and people | `callback` |
//! | `GET /login`, `/device`, `/logout`, and the way back from the consent page | `login` |
//! | `POST /auth/session` | `session` |
//! | `GET /assets/*` | `assets` |
//! | `GET /livez`, `GET /readyz` | `health` |
//!
//! Pages and tokens are rare next to proxied requests, so this side runs on axum and on the shared runtime.

mod assets;
mod callback;
mod door;
mod health;
mod language;
pub(crate) mod login;
pub mod pages;
mod respond;
mod session;

use crate::guard::Guard;
use crate::problem::ProblemKind;
use crate::state::Shared;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use language::Reader;
use std::sync::Arc;

/// No address of ours takes a large body; files go to the proxy.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Paths with an answer of their own; `/callback` is not among them, since it tells a login from its other callers.
const OWN_PATHS: [&str; 8] = [
    "/",
    "/auth/session",
    "/chat",
    "/device",
    "/livez",
    "/login",
    "/logout",
    "/readyz",
];

/// Whether no login could come back to `path`, because something else answers there.
fn is_own_path(path: &str) -> bool {
    OWN_PATHS.contains(&path) || path.starts_with("/assets/")
}

/// All routes of the auth service.
pub(crate) fn router(shared: Arc<Shared>, guard: Guard) -> Router {
    let door = door::Door {
        guard,
        shared: Arc::clone(&shared),
    };
    Router::new()
        .route("/", get(home))
        .route("/assets/{*path}", get(assets::serve))
        .route("/auth/session", post(session::open))
        .route("/callback", get(callback::callback))
        .route("/chat", get(chat))
        .route("/device", get(login::device::show))
        .route("/livez", get(health::live))
        .route("/login", get(login::login))
        .route("/logout", get(login::logout::show).post(login::logout::log_out))
        .route("/readyz", get(health::ready))
        .fallback(elsewhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // Outermost: whoever may not be answered is not even routed, and every answer, also of a fallback, leaves with
        // the fields that protect it.
        .layer(from_fn_with_state(door, door::pass))
        .with_state(shared)
}

/// `GET /`: what runs, and what to do next.
async fn home(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::home(&reader, &shared)
}

/// `GET /chat`: our own chat page.
async fn chat(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::chat(&reader, &shared)
}

/// Any other address: an app's own redirect URI, or nothing.
async fn elsewhere(State(shared): State<Arc<Shared>>, method: Method, uri: Uri, reader: Reader) -> Response {
    let is_redirect_uri = shared
        .live()
        .apps
        .iter()
        .any(|app| app.redirect_uri.as_ref().is_some_and(|url| url.path() == uri.path()));
    if is_redirect_uri && method == Method::GET {
        return login::finish::finish(&shared, &reader, uri.query(), uri.path()).await;
    }
    respond::problem(ProblemKind::NoSuchEndpoint.into(), &reader)
}

async fn wrong_method(reader: Reader) -> Response {
    respond::problem(ProblemKind::MethodNotAllowed.into(), &reader)
}
