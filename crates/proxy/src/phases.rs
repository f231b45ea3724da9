//! Phases of one request, in their order.

use super::body::Answer;
use super::context::RequestContext;
use super::files::FileRequest;
use super::route::{self, Route};
use super::state::ProxyState;
use super::{about, api, tunnel};
use cozegate_core::api_path::{ApiKind, ApiPath};
use cozegate_core::asked::Asked;
use cozegate_core::connections::RequestBody;
use cozegate_core::guard::cors::{self, Credentials};
use cozegate_core::guard::{Guard, Passage};
use cozegate_core::problem::{Limit, Problem, ProblemKind};
use cozegate_core::targets::FileTarget;
use cozegate_core::telemetry::labels;
use cozegate_core::telemetry::record::Recorded;
use cozegate_core::telemetry::server_timing::INSPECT;
use http::header::HeaderValue;
use http::{Method, Request, Response};
use http_body::Body as _;
use std::net::SocketAddr;

/// What may be asked of the platform. Not among them: `TRACE`, whose answer would show our credential to the caller.
const PASSED_METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// What the guard decided: an answer at once, or the request goes on.
enum Verdict {
    Preflight(Response<Answer>),
    Passes {
        route: Result<Route, Problem>,
        passage: Passage,
    },
}

/// Answers one request from `peer`. Never fails: a problem is an answer too.
///
/// Boxed: each future on the way would otherwise store the request by value.
pub(super) async fn answer(
    proxy: &ProxyState,
    mut request: Box<Request<RequestBody>>,
    peer: SocketAddr,
) -> Response<Recorded<Answer>> {
    let mut context = RequestContext::new(proxy, &request, peer.ip());
    observe(&mut context, &request);
    let (origin, outcome) = match admit(&context, &mut request) {
        Err(kind) => (None, Err(kind.into())),
        Ok(Verdict::Preflight(answer)) => {
            context.record.goes_to(labels::Route::Preflight);
            return context.record.answered(answer);
        }
        Ok(Verdict::Passes { route, passage }) => {
            let outcome = match route {
                Ok(route) => pass(route, request, passage.foreign_navigation, &mut context).await,
                Err(problem) => Err(problem),
            };
            (passage.origin, outcome)
        }
    };
    let response = outcome.unwrap_or_else(|problem| context.problem(problem));
    finish(context, response, origin.as_ref())
}

/// Phase 0. First of all: a request that is refused is counted and logged as any other.
fn observe(context: &mut RequestContext<'_>, request: &Request<RequestBody>) {
    let shared = &context.proxy.shared;
    #[cfg(feature = "otel")]
    context.record.is_traced(shared.trace(context.peer, request.headers()));
    context
        .record
        .writes(shared.log_line(&context.live, request.method(), request.uri().path()));
    if request.headers().contains_key(&INSPECT) {
        context.record.is_inspected();
    }
}

/// Phases 1 and 2, route and guard. The route stands before the guard, because files are guarded by a rule of their own; a
/// path that does not exist is told only to a caller that may ask.
fn admit(context: &RequestContext<'_>, request: &mut Request<RequestBody>) -> Result<Verdict, ProblemKind> {
    let found = route::find(request.uri(), &context.live.targets);
    let check = match found {
        Ok((Route::File(_), _)) => Guard::check_public_file,
        _ => Guard::check,
    };
    let asked = Asked::of(request.method(), request.uri(), request.headers());
    let passage = check(&context.proxy.guard, &context.live.origins, &asked)?;
    if let Some(origin) = &passage.origin
        && cors::is_preflight(&asked)
    {
        let answer = cors::preflight_answer(&asked, origin, Credentials::Omitted);
        return Ok(Verdict::Preflight(answer));
    }
    let route = found.map(|(route, plain)| {
        if let Some(plain) = plain {
            *request.uri_mut() = plain.into();
        }
        route
    });
    Ok(Verdict::Passes { route, passage })
}

/// Phase 3 and what follows it, by route.
async fn pass(
    route: Route,
    request: Box<Request<RequestBody>>,
    foreign_navigation: bool,
    context: &mut RequestContext<'_>,
) -> Result<Response<Answer>, Problem> {
    context.record.goes_to(label(&route));
    let method = request.method();
    match route {
        Route::About => about::answer(&context.proxy.shared, &context.live, method, request.headers()),
        Route::Api(_) | Route::File(_) if method == Method::OPTIONS => Ok(about::options()),
        // Rare, so its future is boxed: the future of every request has room for its largest part.
        Route::File(target) => Box::pin(file(target, &request, context)).await,
        Route::Api(_) if !PASSED_METHODS.contains(method) => Err(ProblemKind::of_method(method).into()),
        // A link of another site leads to a page, never to an API call.
        Route::Api(_) if foreign_navigation => Err(ProblemKind::CrossSite.into()),
        Route::Api(path) => call(path, request, context).await,
    }
}

/// A static file: counted by address, since it needs no credential.
async fn file(
    target: FileTarget,
    request: &Request<RequestBody>,
    context: &mut RequestContext<'_>,
) -> Result<Response<Answer>, Problem> {
    context.admit_forwarded(request.headers())?;
    let limits = &context.live.limits;
    let asked = FileRequest {
        target,
        method: request.method(),
        headers: request.headers(),
        permit: limits.admit_unnamed(context.address(request.headers()))?,
        buffer: limits.buffer(),
    };
    let answer = context.proxy.files.answer(&context.live.targets, asked).await?;
    Ok(answer.map(|body| body.map_or_else(Answer::default, Answer::File)))
}

/// A call of the platform's API. Limits by address stand before the caller: they cost nothing but a look at memory, where
/// an unknown handle costs a query of the store.
async fn call(
    path: ApiPath,
    request: Box<Request<RequestBody>>,
    context: &mut RequestContext<'_>,
) -> Result<Response<Answer>, Problem> {
    let address = || context.address(request.headers());
    let quota = context.live.limits.check_address(address)?;
    context.admit_forwarded(request.headers())?;
    let limits = &context.live.limits;
    let body = route::body_limit(path.kind, limits.config());
    if body.limit == Limit::UploadBytes {
        let stated = request.body().size_hint().exact().unwrap_or(body.bytes);
        limits.check_upload(|| context.address(request.headers()), stated.min(body.bytes))?;
    }
    let mut response = if path.kind.takes_websocket() && tunnel::is_meant(&request) {
        Box::pin(tunnel::open(*request, path, context)).await?
    } else {
        api::pass(request, path, context).await?
    };
    // Where both quotas are scarce, the caller's own stands there already.
    if let Some(quota) = quota
        && !response.headers().contains_key("ratelimit")
    {
        quota.write(response.headers_mut());
    }
    Ok(response)
}

/// The last phase: what every answer says, whichever phase made it.
fn finish(
    context: RequestContext<'_>,
    mut response: Response<Answer>,
    origin: Option<&HeaderValue>,
) -> Response<Recorded<Answer>> {
    tracing::debug!(
        status = response.status().as_u16(),
        peer = %context.peer,
        "{}",
        context.request_for_log()
    );
    cors::allow_reading(response.headers_mut(), origin, Credentials::Omitted);
    context.proxy.shared.keep_to_https(response.headers_mut());
    context.record.answered(response)
}

/// What is counted: chats apart from all else.
fn label(route: &Route) -> labels::Route {
    match route {
        Route::About => labels::Route::About,
        Route::Api(path) if path.kind == ApiKind::Chat => labels::Route::Chat,
        Route::Api(_) => labels::Route::Api,
        Route::File(_) => labels::Route::File,
    }
}
