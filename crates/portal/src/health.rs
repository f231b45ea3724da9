//! `GET /livez` and `GET /readyz`: for supervisors, and for `cozegate ports`, which asks whether a port is held by us.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cozegate_core::state::Shared;
use serde_json::json;
use std::sync::Arc;

/// The process answers. Asks nobody else.
pub(super) async fn live() -> Response {
    Json(json!({ "service": "cozegate", "version": env!("CARGO_PKG_VERSION"), "status": "live" })).into_response()
}

/// New requests are welcome; 503 once stopping has begun, so that a balancer turns away in time. Makes no call to the
/// platform: its trouble is not cured by taking us out of service.
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let (status, word) = if shared.stop.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else {
        (StatusCode::OK, "ready")
    };
    (status, Json(json!({ "service": "cozegate", "status": word }))).into_response()
}
