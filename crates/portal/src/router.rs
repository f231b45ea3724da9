//! Router of the auth service, made from the table of its routes.

use super::door::{self, Door};
use super::language::Reader;
use super::login::finish;
use super::redirect_uri::is_redirect_uri;
use super::respond;
use super::routes::ROUTES;
use super::state::{PortalState, Route};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{ALLOW, HeaderValue};
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use cozegate_config::Mode;
use cozegate_core::guard::Guard;
use cozegate_core::problem::ProblemKind;
use cozegate_core::state::Shared;
use std::sync::Arc;

/// No address of ours takes a large body; files go to the proxy.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// The auth service.
pub fn router(shared: Arc<Shared>, guard: Guard) -> Router {
    serving(&ROUTES, shared, guard)
}

/// A service that serves these routes and nothing else.
pub fn serving(routes: &'static [Route], shared: Arc<Shared>, guard: Guard) -> Router {
    let state = PortalState::new(shared, routes);
    let door = Door {
        guard,
        state: state.clone(),
    };
    routes
        .iter()
        .fold(Router::new(), |router, route| {
            router.route(route.path, (route.handler)())
        })
        .fallback(elsewhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // Outermost: a request that may not be answered is not even routed, and every answer, also of a fallback, leaves
        // with the fields that protect it.
        .layer(from_fn_with_state(door, door::pass))
        .with_state(state)
}

/// Any other address: an app's own redirect URI, or nothing.
async fn elsewhere(State(shared): State<Arc<Shared>>, method: Method, uri: Uri, reader: Reader) -> Response {
    if shared.mode == Mode::Local && is_redirect_uri(&shared.live(), uri.path()) && method == Method::GET {
        return finish::finish(&shared, &reader, uri.query()).await;
    }
    respond::problem(ProblemKind::NoSuchEndpoint.into(), &reader)
}

/// A method that the route does not have. RFC 9110 15.5.6: the answer says which there are.
async fn wrong_method(State(state): State<PortalState>, method: Method, uri: Uri, reader: Reader) -> Response {
    let mut response = respond::problem(ProblemKind::of_method(&method).into(), &reader);
    if let Some(route) = state.route(uri.path()) {
        let head = route.methods.contains(&Method::GET).then_some("HEAD");
        let methods: Vec<&str> = route.methods.iter().map(Method::as_str).chain(head).collect();
        let allow = HeaderValue::try_from(methods.join(", ")).ok();
        response.headers_mut().extend(allow.map(|methods| (ALLOW, methods)));
    }
    response
}
