//! Handlers of the pages that hold no state of their own: the overview, the chat page and the playground.

use super::language::Reader;
use super::respond;
use axum::extract::State;
use axum::response::Response;
use cozegate_core::state::Shared;
use std::sync::Arc;

/// `GET /`: what runs, and what to do next.
pub(super) async fn home(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::home(&reader, &shared)
}

/// `GET /chat`: our own chat page.
pub(super) async fn chat(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::chat(&reader, &shared)
}

/// `GET /playground`: where one clicks together the tag for a site.
pub(super) async fn playground(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::playground(&reader, &shared)
}

/// `GET /playground/preview`: what that tag brings.
pub(super) async fn preview(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    respond::preview(&reader, &shared)
}
