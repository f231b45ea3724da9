//! `GET /` on 8080: what this is and how it is used, for scripts that look whether the proxy is there.

use super::body::Answer;
use bytes::Bytes;
use cozegate_config::FileHost;
use cozegate_core::problem::{Problem, ProblemKind, take_power};
use cozegate_core::state::{Live, Shared};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::json;

/// What may be asked of us.
pub(super) const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Answers `GET /` and `HEAD /` (legacy contract: `service`, `version`, `endpoints`, `usage`).
pub(super) fn answer(
    shared: &Shared,
    live: &Live,
    method: &Method,
    request: &HeaderMap,
) -> Result<Response<Answer>, Problem> {
    if method == Method::OPTIONS {
        return Ok(options());
    }
    if method != Method::GET && method != Method::HEAD {
        return Err(ProblemKind::of_method(method).into());
    }
    let proxy = shared.proxy_base_for(request);
    let auth = shared.auth_base_for(request);
    let chat = json!({
        "bot_id": "...",
        "user_id": "u1",
        "stream": true,
        "additional_messages": [{ "role": "user", "content_type": "text", "content": "Hello" }],
    });
    let hosts: Vec<&str> = live.targets.hosts().iter().map(FileHost::origin).collect();
    let body = json!({
        "service": "cozegate",
        "version": env!("CARGO_PKG_VERSION"),
        "mode": shared.mode.to_string(),
        "endpoints": {
            "api": ["/v1/**", "/v3/**", "/open_api/**"],
            "files": ["/<URL of a file, plain or percent-encoded>", "/?url=<percent-encoded URL>"],
            "about": "/",
            "auth": auth,
        },
        "file_hosts": hosts,
        "usage": {
            "base_url": proxy,
            "credential": "Authorization: Bearer <handle from POST /auth/session of the auth service>",
            "example": format!(
                "curl -N {proxy}/v3/chat -H \"Authorization: Bearer $HANDLE\" \
                 -H \"Content-Type: application/json\" -d '{chat}'"
            ),
        },
    });
    let mut response = Response::new(Answer::from(Bytes::from(body.to_string())));
    let headers = response.headers_mut();
    take_power(headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Answers a plain `OPTIONS` (no preflight): the methods, nothing else, nothing upstream.
pub(super) fn options() -> Response<Answer> {
    let mut response = Response::new(Answer::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, METHODS);
    response
}
