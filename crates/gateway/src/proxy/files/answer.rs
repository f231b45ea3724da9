//! The answer with a file in it: the host's fields that describe the file, and ours that take its power away.
//!
//! A file is handed out under our own origin. As a script of a page it runs with that page's origin, as it would from its
//! own host; opened as a document it would be ours. So each leaves with a policy that sandboxes it and loads nothing, and
//! with its type nailed down. It is public and the same for everybody, so any page may embed it
//! (`Cross-Origin-Resource-Policy`); reading its text stays the business of listed origins (CORS).

use super::super::body::Answer;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Response};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The fields of the host that pass. All others speak of its connection, its cookies or its own name.
pub(super) const KEPT: [HeaderName; 9] = [
    AGE,
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_TYPE,
    DATE,
    ETAG,
    EXPIRES,
    LAST_MODIFIED,
];

/// Makes the answer to a `method` request (GET or HEAD) from the host's fields and the file.
pub(super) fn with_file(method: &Method, fields: &HeaderMap, file: Bytes) -> Response<Answer> {
    let length = file.len();
    let body = if method == Method::HEAD { Bytes::new() } else { file };
    let mut response = Response::new(Answer::from(body));
    let headers = response.headers_mut();
    describe(headers, fields);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// Writes the fields of every answer about a file.
fn describe(headers: &mut HeaderMap, fields: &HeaderMap) {
    for name in KEPT {
        if let Some(value) = fields.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    // RFC 9110 14.2: who serves no ranges ignores `Range` and may say so.
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    );
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
