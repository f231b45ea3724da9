//! The door of the auth service: the guard before every request, the protecting header fields on every answer.

use super::language::Reader;
use super::redirect_uri::{is_answer, is_redirect_uri};
use super::respond;
use super::state::{Audience, Effect, PortalState, Route};
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequestParts as _, Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use cozegate_config::Mode;
use cozegate_core::asked::Asked;
use cozegate_core::caller::ClientAddress;
use cozegate_core::guard::Guard;
use cozegate_core::guard::cors::{self, Credentials};
use cozegate_core::problem::ProblemKind;
use cozegate_core::state::Live;
use cozegate_core::telemetry::labels::{self, Listener, UpstreamFailure};
use cozegate_core::telemetry::record::{AnswerBody, BytesIn, Record};
use http_body::{Body as _, Frame, SizeHint};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What the door needs to know.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) guard: Guard,
    pub(super) state: PortalState,
}

/// Lets a request pass to its handler, or answers itself; either way it is counted.
pub(super) async fn pass(
    State(door): State<Door>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let shared = &door.state.shared;
    let metrics = Arc::clone(shared.telemetry.common());
    let mut record = Record::begin(metrics, Listener::Auth, request.method());
    record.writes(shared.log_line(&shared.live(), request.method(), request.uri().path()));
    #[cfg(feature = "otel")]
    record.is_traced(shared.trace(peer.ip(), request.headers()));
    let length = request.body().size_hint().exact();
    record.receives(BytesIn::Known(length.unwrap_or_default()));
    let response = guarded(door, peer, request, next, &mut record).await;
    record.answered(response.map(PortalBody)).map(Body::new)
}

/// The body of an answer of a handler, as the record of its request asks for it.
struct PortalBody(Body);

impl http_body::Body for PortalBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl AnswerBody for PortalBody {
    fn is_whole(&self) -> bool {
        self.0.size_hint().exact().is_some()
    }

    fn failure(&self) -> Option<UpstreamFailure> {
        None
    }
}

/// Lets a request pass to its handler, with its [`cozegate_core::guard::Passage`] and its [`ClientAddress`] as extensions, or
/// answers itself.
async fn guarded(door: Door, peer: SocketAddr, request: Request, next: Next, record: &mut Record) -> Response {
    let (mut parts, body) = request.into_parts();
    let shared = &door.state.shared;
    let reader = match Reader::from_request_parts(&mut parts, shared).await {
        Ok(reader) => reader,
        Err(never) => match never {},
    };
    let live = shared.live();
    let route = door.state.route(parts.uri.path());
    let is_public = route.is_some_and(|route| route.audience == Audience::Everyone);
    let check = if is_public {
        Guard::check_public_file
    } else {
        Guard::check
    };
    let asked = Asked::of(&parts.method, &parts.uri, &parts.headers);
    let verdict = check(&door.guard, &live.origins, &asked);
    let (origin, mut response) = match verdict {
        Err(kind) => (None, respond::problem(kind.into(), &reader)),
        Ok(passage) if is_refused_to_strangers(shared.mode, route, peer, &parts) => {
            let problem = respond::problem(ProblemKind::LocalModeOnly.into(), &reader);
            (passage.origin, problem)
        }
        Ok(passage) => {
            let origin = passage.origin.clone();
            if let Some(origin) = &origin
                && cors::is_preflight(&asked)
            {
                record.goes_to(labels::Route::Preflight);
                return cors::preflight_answer(&asked, origin, Credentials::Allowed);
            }
            record.goes_to(label(route, &live, parts.uri.path()));
            if parts.uri.path() == "*" {
                return whole_server();
            }
            parts.extensions.insert(passage);
            let trusted = &shared.trusted_proxies;
            let address = ClientAddress::of(peer.ip(), &parts.headers, trusted);
            parts.extensions.insert(address);
            let is_forwarded = trusted.contains(peer.ip());
            let admitted = is_forwarded.then(|| live.limits.admit_forwarded(address)).transpose();
            match admitted {
                Ok(_permit) if is_only_a_look(&parts) && has_effect(route, &live, &parts.uri) => {
                    let status = match parts.method {
                        Method::HEAD => StatusCode::OK,
                        // The browser asks again when the person follows the link.
                        _ => StatusCode::NO_CONTENT,
                    };
                    (origin, status.into_response())
                }
                Ok(_permit) => (origin, next.run(Request::from_parts(parts, body)).await),
                Err(problem) => (origin, respond::problem(problem, &reader)),
            }
        }
    };
    reader.remember_language(response.headers_mut());
    protect(response.headers_mut());
    shared.keep_to_https(response.headers_mut());
    if is_public {
        let anywhere = HeaderValue::from_static("cross-origin");
        response.headers_mut().insert(RESOURCE_POLICY, anywhere);
    }
    cors::allow_reading(response.headers_mut(), origin.as_ref(), Credentials::Allowed);
    response
}

/// Whether no person has asked yet: HEAD (link scanners), and GET ahead of a click (browsers).
fn is_only_a_look(request: &Parts) -> bool {
    const PURPOSES: [&str; 3] = ["sec-purpose", "purpose", "x-moz"];
    let says_prefetch = |name| {
        let mut values = request.headers.get_all(name).iter();
        // `prefetch`, `prefetch;prerender`, `prefetch;anonymous-client-ip`
        values.any(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"prefetch"))
    };
    request.method == Method::HEAD || PURPOSES.into_iter().any(says_prefetch)
}

/// The answer to `OPTIONS *` (RFC 9110 9.3.7).
fn whole_server() -> Response {
    let mut answer = Response::default();
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    answer
}

/// Whether public mode keeps this route for the operator.
fn is_refused_to_strangers(mode: Mode, route: Option<&Route>, peer: SocketAddr, request: &Parts) -> bool {
    let Some(route) = route.filter(|_| mode == Mode::Public) else {
        return false;
    };
    match route.audience {
        Audience::Everyone | Audience::ListedOrigins => false,
        Audience::Operator => !is_on_this_machine(peer, &request.headers),
        Audience::LocalOnly => true,
    }
}

/// What a path counts as. A redirect URI of an app need not be in the table.
fn label(route: Option<&Route>, live: &Live, path: &str) -> labels::Route {
    match route {
        Some(route) => route.label,
        None if is_redirect_uri(live, path) => labels::Route::Callback,
        None => labels::Route::None,
    }
}

/// Whether a GET of this address begins, finishes or ends something.
fn has_effect(route: Option<&Route>, live: &Live, uri: &Uri) -> bool {
    match route.map(|route| route.effect) {
        Some(Effect::None) => false,
        Some(Effect::Login) => true,
        Some(Effect::Callback) => is_answer(uri.query()),
        None => is_redirect_uri(live, uri.path()),
    }
}

/// Somebody on this machine asks for themselves, and no reverse proxy for others.
fn is_on_this_machine(peer: SocketAddr, headers: &HeaderMap) -> bool {
    const FORWARDING: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];
    peer.ip().to_canonical().is_loopback() && !FORWARDING.iter().any(|name| headers.contains_key(*name))
}

/// Who may embed an answer (Fetch, 3.7); pages that isolate themselves (COEP) take nothing that does not say so.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The fields that keep an answer where it belongs, where the handler has not set stricter ones itself.
fn protect(headers: &mut HeaderMap) {
    const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
    let fields = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (OPENER_POLICY, "same-origin"),
        (REFERRER_POLICY, "no-referrer"),
        // Browsers without fetch metadata keep to it as well: no other site includes an answer as a script or a picture.
        (RESOURCE_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fields {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
