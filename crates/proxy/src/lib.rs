//! The proxy on 8080: the platform's own paths, for browsers and programs that must not hold its credential.
//!
//! Plain hyper on one single-threaded runtime per core (`docs/decisions/0003-proxy-on-plain-hyper.md`). One request
//! passes these phases, and [`Proxy::answer`] reads like the list:
//!
//! 1. route: does it ask for one of the platform's paths, or for a file ([`route`])?
//! 2. guard: may it be answered at all ([`cozegate_core::guard`])? preflights end here, files go their own way ([`files`]);
//! 3. caller: who asks ([`cozegate_core::caller`]), and at which site ([`cozegate_core::sites`])?
//! 4. limits: may it have one more request, and one more exchange ([`cozegate_core::limits`])?
//! 5. policy: may a visitor do this ([`policy`]), and are the named ids the visitor's own ([`owned`])?
//! 6. credential: the Coze token of that caller's subject - from memory, or renewed once for everybody;
//! 7. request: the head that goes upstream ([`request`]), the body as it comes;
//! 8. exchange: a connection of this core's own pool ([`upstream`]);
//! 9. response: what comes back ([`response`]), byte for byte, as it comes; a bot's description is filtered for visitors.
//!
//! A WebSocket takes the same way up to the answer's head and is a tunnel from there on ([`tunnel`]).
//!
//! When the caller leaves, the response body is dropped, which closes the upstream connection: the platform sees it.

mod about;
mod api;
mod body;
mod connect;
pub mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod owned;
mod policy;
mod pool;
mod refusal;
mod request;
mod response;
pub mod route;
mod tunnel;
mod upstream;
pub mod workers;

use body::Answer;
use cozegate_core::api_path::without_doubled_slash;
use cozegate_core::caller::ClientAddress;
use cozegate_core::connections::RequestBody;
use cozegate_core::guard::cors::{self, Credentials};
use cozegate_core::guard::{Guard, Passage};
use cozegate_core::limits::AddressPermit;
use cozegate_core::problem::{Limit, Problem, ProblemKind, language_of};
use cozegate_core::state::{Live, Shared};
use cozegate_core::telemetry::access_log::path_for_log;
use cozegate_core::telemetry::labels::{self, Listener};
use cozegate_core::telemetry::metrics::Metrics;
use cozegate_core::telemetry::record::{Record, Recorded};
use cozegate_core::telemetry::server_timing::INSPECT;
use files::Files;
use http::header::{ACCEPT_LANGUAGE, ALLOW, HeaderValue};
use http::{Method, Request, Response, Uri};
use http_body::Body as _;
use route::Route;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use upstream::Upstreams;

/// What may be asked of the platform. Not among them: `TRACE`, whose answer would show our credential to the caller.
const PASSED_METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// One core's proxy: the shared state, and upstreams with connections of its own.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    guard: Guard,
    /// Fetches and caches static files; one for all cores.
    files: Arc<Files>,
    upstreams: Upstreams,
    /// This core's counts.
    metrics: Arc<Metrics>,
    /// Every open WebSocket. Stopping waits for them as for any answer.
    tunnels: TaskTracker,
}

/// What an answer of our own needs to know of the request, kept while the request itself travels on. All clones share
/// the request's memory.
struct Asked {
    method: Method,
    uri: Uri,
    accept_language: Option<HeaderValue>,
}

impl Proxy {
    /// Answers one request from `peer`. Never fails: what goes wrong is an answer too.
    ///
    /// The request comes in a box, as a copy of it would otherwise be kept by each of the futures that it goes through.
    async fn answer(&self, mut request: Box<Request<RequestBody>>, peer: SocketAddr) -> Response<Recorded<Answer>> {
        let mut record = Record::begin(Arc::clone(&self.metrics), Listener::Proxy, request.method());
        let asked = Asked::of(&request);
        let live = self.shared.live();
        #[cfg(feature = "otel")]
        record.is_traced(self.shared.trace(peer.ip(), request.headers()));
        record.writes(self.shared.log_line(&live, request.method(), request.uri().path()));
        if request.headers().contains_key(&INSPECT) {
            record.is_inspected();
        }
        let route = route::find(request.uri(), &live.targets);
        let check = match route {
            Ok((Route::File(_), _)) => Guard::check_public_file,
            _ => Guard::check,
        };
        let verdict = check(
            &self.guard,
            &live.origins,
            request.method(),
            request.uri(),
            request.headers(),
        );
        let (origin, outcome) = match verdict {
            Err(kind) => (None, Err(kind.into())),
            Ok(Passage {
                origin: Some(origin), ..
            }) if cors::is_preflight(request.method(), request.headers()) => {
                record.goes_to(labels::Route::Preflight);
                return record.answered(cors::preflight_answer(request.headers(), &origin, Credentials::Omitted));
            }
            Ok(passage) => {
                let outcome = match route {
                    Ok((route, plain)) => {
                        if let Some(plain) = plain {
                            *request.uri_mut() = plain.into();
                        }
                        self.pass(route, request, peer, &live, passage.foreign_navigation, &mut record)
                            .await
                    }
                    Err(problem) => Err(problem),
                };
                (passage.origin, outcome)
            }
        };
        let mut response = outcome.unwrap_or_else(|problem| asked.problem(problem));
        tracing::debug!(
            status = response.status().as_u16(),
            %peer,
            "{} {}",
            asked.method,
            path_for_log(asked.uri.path())
        );
        cors::allow_reading(response.headers_mut(), origin.as_ref(), Credentials::Omitted);
        self.shared.keep_to_https(response.headers_mut());
        record.answered(response)
    }

    /// Counts an exchange for the address behind a trusted proxy.
    fn admit_forwarded(
        &self,
        live: &Live,
        peer: SocketAddr,
        address: ClientAddress,
    ) -> Result<Option<AddressPermit>, Problem> {
        if !self.shared.trusted_proxies.contains(peer.ip()) {
            return Ok(None);
        }
        live.limits.admit_forwarded(address)
    }

    async fn pass(
        &self,
        route: Route,
        request: Box<Request<RequestBody>>,
        peer: SocketAddr,
        live: &Live,
        foreign_navigation: bool,
        record: &mut Record,
    ) -> Result<Response<Answer>, Problem> {
        record.goes_to(label(&route, request.uri().path()));
        match route {
            Route::About => about::answer(&self.shared, live, request.method(), request.headers()),
            Route::Api | Route::File(_) if request.method() == Method::OPTIONS => Ok(about::options()),
            Route::File(target) => {
                let address = ClientAddress::of(peer.ip(), request.headers(), &self.shared.trusted_proxies);
                record.holds(self.admit_forwarded(live, peer, address)?);
                let request = files::FileRequest {
                    target,
                    method: request.method(),
                    headers: request.headers(),
                    permit: live.limits.admit_unnamed(address)?,
                    buffer: live.limits.buffer(),
                };
                let answer = self.files.answer(&live.targets, request);
                // What is rare waits in a box of its own: the future of every request has room for its largest part.
                Box::pin(answer).await
            }
            Route::Api if !PASSED_METHODS.contains(request.method()) => {
                Err(ProblemKind::of_method(request.method()).into())
            }
            // Nobody follows a link to an API call.
            Route::Api if foreign_navigation => Err(ProblemKind::CrossSite.into()),
            Route::Api => {
                let trusted = &self.shared.trusted_proxies;
                let address = || ClientAddress::of(peer.ip(), request.headers(), trusted);
                let of_address = live.limits.check_address(address)?;
                if trusted.contains(peer.ip()) {
                    record.holds(self.admit_forwarded(live, peer, address())?);
                }
                let body = route::body_limit(request.uri().path(), live.limits.config());
                if body.limit == Limit::UploadBytes {
                    let stated = request.body().size_hint().exact();
                    live.limits
                        .check_upload(address, stated.unwrap_or(body.bytes).min(body.bytes))?;
                }
                let mut response = if tunnel::is_wanted(&request) {
                    let address = address();
                    Box::pin(tunnel::open(*request, live, self, address, record)).await?
                } else {
                    api::pass(request, live, self, record).await?
                };
                // Where both are scarce, the caller's own stands there already.
                if let Some(status) = of_address
                    && !response.headers().contains_key("ratelimit")
                {
                    status.write(response.headers_mut());
                }
                Ok(response)
            }
        }
    }
}

/// What is counted: chats apart from all else.
fn label(route: &Route, path: &str) -> labels::Route {
    match route {
        Route::About => labels::Route::About,
        Route::Api if without_doubled_slash(path) == "/v3/chat" => labels::Route::Chat,
        Route::Api => labels::Route::Api,
        Route::File(_) => labels::Route::File,
    }
}

impl Asked {
    fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            accept_language: request.headers().get(ACCEPT_LANGUAGE).cloned(),
        }
    }

    /// Turns what went wrong into the answer, and into its line in the log (which never holds a query).
    fn problem(&self, problem: Problem) -> Response<Answer> {
        let language = language_of(self.accept_language.as_ref());
        let is_other_method = problem.kind == ProblemKind::MethodNotAllowed;
        let request = format!("{} {}", self.method, path_for_log(self.uri.path()));
        let mut response = problem.into_response(language, &request);
        if is_other_method {
            // RFC 9110 15.5.6: a 405 says which methods there are.
            response.headers_mut().insert(ALLOW, about::METHODS);
        }
        response
    }
}
