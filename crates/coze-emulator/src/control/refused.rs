//! Refusals of the control side.

use axum::response::{IntoResponse, Json, Response};
use http::StatusCode;
use serde_json::json;

/// Why the control side does not do what it was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the control side answers to 127.0.0.1, localhost and [::1] only")]
    Host,
    #[error("the control side does not answer web pages")]
    Origin,
    #[error(
        "the control side has /info, /journal, /faults, /clock, /pace, /consent, /refresh and /apps/{{client_id}}; see \
         the reference for their methods"
    )]
    Unknown,
    #[error("{0}")]
    Input(String),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Host | Self::Origin => StatusCode::FORBIDDEN,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Input(_) => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}
