//! `GET /metrics`: the counts, for Prometheus. They hold no secret and no name of a user.

use super::language::Reader;
use super::respond;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::state::Shared;
use cozegate_core::telemetry::exposition;
use std::sync::Arc;

/// Shows them to whoever may ask this service at all: programs of this machine, and listed pages.
pub(super) async fn show(State(shared): State<Arc<Shared>>, reader: Reader) -> Response {
    match exposition::text(&shared.telemetry) {
        Ok(text) => ([(CONTENT_TYPE, exposition::CONTENT_TYPE)], text).into_response(),
        Err(error) => respond::problem(Problem::with_inside(ProblemKind::Internal, error), &reader),
    }
}
