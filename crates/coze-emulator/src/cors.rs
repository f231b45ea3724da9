//! CORS answers: pages of any origin may call the platform, without credentials (protocol 8.2).
//!
//! What the real platform answers was never captured; it does serve foreign origins, and the headers below are what the
//! official clients in a browser need.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// Tells whether a request is a preflight. It needs no token and reaches no endpoint.
pub(crate) fn is_preflight(method: &Method) -> bool {
    method == Method::OPTIONS
}

pub(crate) fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, x-coze-client-user-agent, agw-js-conv, x-requested-with",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Lets scripts of any origin read an answer and its log id. Not for pages: they are for people.
pub(crate) fn open_to_scripts(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("X-Tt-Logid"),
    );
}
