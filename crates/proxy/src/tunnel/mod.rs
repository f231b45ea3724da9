//! A WebSocket through the proxy: the handshake with a credential of ours in it, then a tunnel of bytes.
//!
//! No page can be asked before it opens a WebSocket (there is no preflight), and its answers are readable for everybody: the
//! guard's look at `Origin` is the only wall, and it stands before this file. Everything else is as for any request: the
//! caller is found, the head cleaned, the token put in, a refused token renewed unseen, and a handshake that the platform
//! refuses comes back as the HTTP answer that it is.
//!
//! | file | owns |
//! |---|---|
//! | [`handshake`] | the rules of the opening handshake |
//! | [`query`] | the credential that comes in the address |
//! | [`flow`] | the bytes of both ways, and how they end |
//! | [`frames`] | where a frame ends |
//! | [`meter`], [`messages`] | the caller's messages, counted as requests |

mod flow;
mod frames;
mod handshake;
mod messages;
mod meter;
mod query;

use super::authenticated_caller::{AuthenticatedCaller, within};
use super::body::Answer;
use super::context::RequestContext;
use super::upload::Upload;
use super::{owned, request, response};
use cozegate_config::Mode;
use cozegate_core::api_path::ApiPath;
use cozegate_core::asked::Once;
use cozegate_core::caller::{Presented, presented};
use cozegate_core::connections::RequestBody;
use cozegate_core::exchanges::RunningExchange;
use cozegate_core::limits::{AddressPermit, Admission, Permit};
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::telemetry::labels::TunnelEnd;
use cozegate_core::telemetry::metrics::OpenTunnel;
use handshake::Handshake;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, SEC_WEBSOCKET_EXTENSIONS};
use http::request::Parts;
use http::{Request, Response, StatusCode, Uri};
use http_body::Body as _;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use meter::{Count, Metered};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

/// Whether `request` asks for a WebSocket. Where the platform speaks none the wish is ignored (RFC 9110 7.8).
pub(super) fn is_meant<B>(request: &Request<B>) -> bool {
    handshake::is_meant(request.headers())
}

/// Opens a tunnel for `incoming`, as a task of `proxy.tunnels` that ends when we stop.
pub(super) async fn open(
    mut incoming: Request<RequestBody>,
    path: ApiPath,
    context: &mut RequestContext<'_>,
) -> Result<Response<Answer>, Problem> {
    let address = context.address(incoming.headers());
    let RequestContext {
        proxy, live, record, ..
    } = context;
    let (live, shared) = (&**live, &*proxy.shared);
    let caller_side = hyper::upgrade::on(&mut incoming);
    let has_body = !incoming.body().is_end_stream();
    let (mut head, _) = incoming.into_parts();
    let handshake = Handshake::check(&head, has_body)?;
    let in_query = credential_of_query(&mut head)?;
    let shown = presented_once(&head.headers, in_query.as_ref(), shared.mode)?;
    let mut caller = AuthenticatedCaller::find(shown, &head.headers, live, shared, record).await?;
    let Admission { permit, rate_limit } = live.limits.admit(caller.caller())?;
    caller.admitted_as(permit.caller_id());
    let uri = head.uri.clone();
    let mut gate = caller.gate(&proxy.metrics);
    if let Some(gate) = &mut gate {
        gate.check_operation(&head.method, &uri, true)?;
        gate.check_head(&head.headers, uri.query(), false)?;
    }
    let upstream = proxy
        .upstreams
        .at(&caller.app().ws_base)
        .map_err(|error| Problem::with_inside(ProblemKind::Internal, error))?;
    if let Some(gate) = &gate {
        owned::check(gate, &caller, &upstream, record).await?;
    }
    request::prepare(&mut head, path, upstream.target(), &shared.pass_fields)?;
    handshake.write(&mut head.headers);
    let count = live.limits.counts_requests().then(|| {
        // What is compressed could not be counted: no extension is agreed on.
        head.headers.remove(SEC_WEBSOCKET_EXTENSIONS);
        let (shared, counted) = (Arc::clone(&proxy.shared), caller.caller().clone());
        let count = move || shared.live().limits.check_message(&counted, address);
        Box::new(count) as Count
    });

    let request = Box::new(Request::from_parts(head, Upload::empty()));
    let mut answer = within(upstream.deadline(), caller.exchange(&upstream, request, record)).await?;
    let has_switched = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    let is_agreed = handshake::is_agreed(&answer);
    let upstream_side = hyper::upgrade::on(&mut answer);
    let mut answer = match (has_switched, is_agreed) {
        (false, _) => response::incoming(answer.map(|body| body.holding(permit)), &shared.pass_fields),
        (true, false) => {
            let what = "switched to something that is no WebSocket";
            return Err(Problem::with_inside(ProblemKind::UpstreamBroken, what));
        }
        (true, true) => {
            let stop = shared.stop.clone();
            let running = shared.join(caller.caller());
            let open = OpenTunnel::new(&proxy.metrics);
            proxy.tunnels.spawn(carry(
                (caller_side, upstream_side),
                stop,
                running,
                (permit, record.address_permit()),
                count,
                open,
            ));
            let mut answer = response::incoming(answer, &shared.pass_fields);
            handshake::switch(answer.headers_mut());
            answer
        }
    };
    if let Some(status) = rate_limit {
        status.write(answer.headers_mut());
    }
    Ok(answer)
}

/// Takes the credential out of the address. What is left of it goes upstream as it is.
fn credential_of_query(head: &mut Parts) -> Result<Option<HeaderValue>, Problem> {
    let parted = query::part(head.uri.query())?;
    if parted.credential.is_some() {
        let path = head.uri.path();
        let path_and_query = match parted.rest {
            Some(rest) => format!("{path}?{rest}"),
            None => path.to_owned(),
        };
        head.uri = Uri::builder()
            .path_and_query(path_and_query)
            .build()
            .map_err(|error| Problem::with_inside(ProblemKind::PathRefused, error))?;
    }
    Ok(parted.credential)
}

/// Reads who asks: from the header or from the address. The official JavaScript client says the same in both when it runs
/// in Node (docs/upstream/websocket.md); two that differ are none.
fn presented_once<'h>(
    headers: &'h HeaderMap,
    in_query: Option<&'h HeaderValue>,
    mode: Mode,
) -> Result<Presented<'h>, ProblemKind> {
    let Some(in_query) = in_query else {
        return presented(Once::of(headers, &AUTHORIZATION), mode);
    };
    if headers.get_all(AUTHORIZATION).iter().any(|field| field != in_query) {
        return Err(ProblemKind::CredentialNotAccepted);
    }
    presented(Once::One(in_query.as_bytes()), mode)
}

/// Waits until both sides have left HTTP, and carries their bytes. The caller's leave for one exchange lasts as long.
async fn carry(
    (caller_side, upstream_side): (OnUpgrade, OnUpgrade),
    stop: CancellationToken,
    running: Option<RunningExchange>,
    _permits: (Permit, Option<AddressPermit>),
    count: Option<Count>,
    open: OpenTunnel,
) {
    let (caller, upstream) = match tokio::try_join!(caller_side, upstream_side) {
        Ok((caller, upstream)) => (TokioIo::new(caller), TokioIo::new(upstream)),
        Err(error) => {
            tracing::debug!(%error, "A side left before its WebSocket was open");
            return open.ended(TunnelEnd::Unopened);
        }
    };
    let (caller, is_limited) = match count {
        Some(count) => {
            let metered = Metered::new(caller, count);
            let is_limited = metered.is_limited();
            (Either::Left(metered), is_limited)
        }
        None => (Either::Right(caller), Arc::default()),
    };
    let session = running.as_ref().map(RunningExchange::ended).unwrap_or_default();
    let ends = flow::Ends { stop, session };
    open.ended(match flow::carry(caller, upstream, ends, flow::LAST_WORDS).await {
        Ok(flow::Ended::Caller) if is_limited.load(Ordering::Relaxed) => TunnelEnd::Limited,
        Ok(flow::Ended::Caller) => TunnelEnd::Caller,
        Ok(flow::Ended::Platform) => TunnelEnd::Platform,
        Ok(flow::Ended::Session) => TunnelEnd::Session,
        Ok(flow::Ended::Stopped) => return,
        Err(error) => {
            // Mostly people who left without a goodbye; the other side sees the same end.
            tracing::debug!(%error, "A WebSocket ended early");
            TunnelEnd::Broken
        }
    });
}
