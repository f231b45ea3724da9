//! Forms of our own pages: who may send one, and where they lead.

use axum::http::StatusCode;
use axum::http::header::{HOST, HeaderMap, LOCATION};
use axum::response::{IntoResponse as _, Response};
use cozegate_core::guard::{Passage, Scheme};

/// Whether a page of ours asks, or a program of this machine (which sends no `Origin`).
pub(super) fn is_own_page(scheme: Scheme, passage: &Passage, headers: &HeaderMap) -> bool {
    let Some(origin) = &passage.origin else {
        return true;
    };
    // The guard has made sure that the one `Host` is ours.
    let host = headers.get(HOST).map(|host| host.as_bytes().to_ascii_lowercase());
    host.is_some_and(|host| origin.as_bytes() == [scheme.as_str().as_bytes(), b"://", &host].concat())
}

/// To another page of ours, by GET, whatever the method was (RFC 9110 15.4.4).
pub(super) fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, location.to_owned())]).into_response()
}
