//! The control side under `/_emulator/`: what a test asks and orders over HTTP.
//!
//! Not journalled, not struck by faults, and closed to web pages: the `Host` has to be a loopback name (against DNS
//! rebinding), and a request with an `Origin` is refused, since only browsers send one.

mod info;
mod orders;
mod refused;

pub use info::{AppInfo, BotInfo, Info};

use crate::platform::Platform;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, put};
use http::{HeaderMap, header};
use refused::Refused;
use std::sync::Arc;

/// Routes below `/_emulator`.
pub(crate) fn routes() -> Router<Arc<Platform>> {
    Router::new()
        .route("/info", get(orders::info))
        .route("/journal", get(orders::journal).delete(orders::clear_journal))
        .route("/faults", put(orders::set_faults))
        .route("/clock", put(orders::set_clock))
        .route("/pace", put(orders::set_pace))
        .route("/consent", put(orders::set_consent))
        .route("/refresh", put(orders::set_refresh_policy))
        .route("/apps/{client_id}", put(orders::change_app))
        .fallback(|| async { Refused::Unknown })
        .method_not_allowed_fallback(|| async { Refused::Unknown })
        .layer(middleware::from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Result<Response, Refused> {
    if !is_loopback(request.headers()) {
        return Err(Refused::Host);
    }
    // A link, a picture or a script of a page has no `Origin`; browsers say in this field where it comes from.
    let site = request.headers().get("sec-fetch-site");
    let is_of_a_page = site.is_some_and(|site| site != "none" && site != "same-origin");
    if is_of_a_page || request.headers().contains_key(header::ORIGIN) {
        return Err(Refused::Origin);
    }
    Ok(next.run(request).await)
}

fn is_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|loopback| name.eq_ignore_ascii_case(loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_hosts() {
        for (host, accepted) in [
            ("127.0.0.1:80", true),
            ("LOCALHOST", true),
            ("[::1]:9", true),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:80", false),
            ("evil.example:127", false),
            ("localhost:", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            assert_eq!(is_loopback(&headers), accepted, "{host}");
        }
    }
}
