//! CORS (Fetch standard 3.3): makes answers readable for pages of listed origins, and for no other page.
//!
//! The guard has decided who may ask; this file writes the header fields. The origin is echoed only after an exact
//! match, and every answer of ours says `Vary: Origin`, so that no cache gives one page's permission to another.

use crate::asked::Asked;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderName,
    HeaderValue, VARY,
};
use http::{Method, Response, StatusCode};

/// What a page of the platform's SDKs sends beyond the safelisted fields (protocol 8.2), and what our own pages and
/// the legacy userscripts send.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, x-coze-client-user-agent, agw-js-conv, x-requested-with, x-session-name, x-tt-logid, x-cozegate-inspect",
);
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// `X-Tt-Logid` is what the platform's support asks for, so pages must be able to read it.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "x-tt-logid, x-request-id, retry-after, ratelimit, ratelimit-policy, server-timing, content-disposition",
);
/// Two hours: the longest that Chromium keeps.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("7200");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// Whether pages may send cookies along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// The auth service: its visitors' cookie, and legacy scripts that ask with `credentials: "include"`.
    Allowed,
    /// The proxy: a bearer handle is all it takes.
    Omitted,
}

/// Whether the request is a CORS preflight, which is answered before the caller is looked for.
pub fn is_preflight(asked: &Asked<'_>) -> bool {
    asked.method == Method::OPTIONS && !asked.origin.is_absent() && !asked.preflight_method.is_absent()
}

/// The answer to a preflight that has passed the guard. Names no caller and causes nothing.
pub fn preflight_answer<B: Default>(asked: &Asked<'_>, origin: &HeaderValue, credentials: Credentials) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    if !asked.preflight_private_network.is_absent() {
        // Chromium before its Local Network Access permission (142) asked this way; harmless elsewhere.
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    allow_reading(headers, Some(origin), credentials);
    response
}

/// Makes an answer readable for `origin`, if there is one, and says in any case that it depends on it.
pub fn allow_reading(headers: &mut HeaderMap, origin: Option<&HeaderValue>, credentials: Credentials) {
    if !varies_by_origin(headers) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    let Some(origin) = origin else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    if credentials == Credentials::Allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

/// Whether the platform has said so already; once is enough.
fn varies_by_origin(headers: &HeaderMap) -> bool {
    let values = headers.get_all(VARY).iter().filter_map(|value| value.to_str().ok());
    let mut names = values.flat_map(|value| value.split(','));
    names.any(|name| name.trim().eq_ignore_ascii_case("origin"))
}
