//! What comes back from upstream: status, fields and bytes as they are, but for what belongs to the upstream hop and
//! what only we may decide (CORS, cookies, buffering).

use super::body::Answer;
use super::request::named_by_connection;
use http::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALT_SVC, CONNECTION,
    CONTENT_TYPE, HeaderName, HeaderValue, PROXY_AUTHENTICATE, SET_COOKIE, STRICT_TRANSPORT_SECURITY, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
/// nginx and some hosting platforms in front of us read it and stop collecting the stream.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const REMOVED: [HeaderName; 16] = [
    // Hop by hop (RFC 9110 7.6.1).
    CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_CONNECTION,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    // Said about the upstream's own name, and wrong under ours.
    ALT_SVC,
    STRICT_TRANSPORT_SECURITY,
    SET_COOKIE,
    // Whom the answer is readable for is our decision.
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// Makes the caller's answer from the upstream's.
pub(super) fn incoming(mut response: Response<Answer>) -> Response<Answer> {
    let headers = response.headers_mut();
    for name in named_by_connection(headers) {
        headers.remove(name);
    }
    for name in REMOVED {
        headers.remove(name);
    }
    let is_event_stream = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    if is_event_stream {
        headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
    response
}
