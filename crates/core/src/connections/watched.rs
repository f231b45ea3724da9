//! The service of a listener, watched: the connection's state learns when a request begins and its answer ends.

use super::head::MOST_FIELDS;
use super::state::ConnectionState;
use crate::guard::cors::{self, Credentials};
use crate::problem::{Problem, ProblemKind};
use crate::telemetry::labels::UpstreamFailure;
use crate::telemetry::record::{AnswerBody, Record, RecordRefused, Recorded};
use bytes::Bytes;
use cozegate_config::text::Language;
use http::header::{CONNECTION, HOST, HeaderValue};
use http::uri::Scheme;
use http::{Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::Service;
use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The body of a request, as every service of ours gets it.
#[derive(Debug)]
pub struct RequestBody {
    incoming: Incoming,
    /// Notified when the body has been read to its end.
    state: Option<Arc<ConnectionState>>,
}

/// A service that is watched.
#[derive(Debug)]
pub(super) struct Watched<S> {
    pub(super) service: S,
    pub(super) state: Arc<ConnectionState>,
    /// Records what is refused instead of served.
    pub(super) refused: Arc<dyn RecordRefused>,
}

/// A request that is under way, until this is dropped.
#[derive(Debug)]
struct UnderWay(Arc<ConnectionState>);

pin_project! {
    /// Makes the watched answer.
    pub(super) struct Answering<F> {
        #[pin]
        service: Option<F>,
        // Of a request that no service sees.
        refused: Option<Box<Record>>,
        // What is wrong with it, where that is not the connection's.
        fault: Option<ProblemKind>,
        under_way: Option<UnderWay>,
        version: Version,
    }
}

pin_project! {
    /// The body of a watched answer.
    #[derive(Debug)]
    pub(super) struct WatchedBody<B> {
        #[pin]
        body: Option<B>,
        // What a refusal says, where there is no body of the service's.
        refusal: Option<Box<Recorded<Text>>>,
        under_way: UnderWay,
    }
}

/// A body that is there as a whole.
#[derive(Debug)]
struct Text(Option<Bytes>);

impl UnderWay {
    fn begin(state: &Arc<ConnectionState>) -> Self {
        state.request_begins();
        Self(Arc::clone(state))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.answer_ends();
    }
}

/// What is wrong with a head of HTTP/2 that its parser lets pass, and that would be refused over HTTP/1.1.
fn fault_of_http2<B>(request: &Request<B>) -> Option<ProblemKind> {
    if request.version() != Version::HTTP_2 {
        return None;
    }
    if request.headers().len() > MOST_FIELDS {
        return Some(ProblemKind::HeadTooLarge);
    }
    // HTTP/2 is spoken over TLS only; another scheme is meant for another server (RFC 9110 7.4, RFC 9113 8.3.1).
    let is_https = request.uri().scheme() == Some(&Scheme::HTTPS);
    (!is_https).then_some(ProblemKind::HeadRefused)
}

/// HTTP/2 names the host in the target (RFC 9113 8.3.1), and everybody behind looks into the field. Where both are, both stay:
/// the guard wants them to be ours.
fn name_host(request: &mut Request<Incoming>) {
    if request.version() == Version::HTTP_2 && !request.headers().contains_key(HOST) {
        let authority = request
            .uri()
            .authority()
            .map(|authority| HeaderValue::from_str(authority.as_str()));
        if let Some(Ok(host)) = authority {
            request.headers_mut().insert(HOST, host);
        }
    }
}

impl<S, B> Service<Request<Incoming>> for Watched<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<WatchedBody<B>>;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        name_host(&mut request);
        let state = &self.state;
        let under_way = Some(UnderWay::begin(state));
        let version = request.version();
        // Only `wire.rs` can have made it.
        let is_refused =
            version < Version::HTTP_2 && request.uri().path() == "*" && request.method() != Method::OPTIONS;
        let fault = fault_of_http2(&request);
        let is_refused = is_refused || fault.is_some();
        let refused = is_refused.then(|| Box::new(self.refused.begin(request.method())));
        let service = (!is_refused).then(|| {
            let has_body = !request.body().is_end_stream() && version < Version::HTTP_2;
            state.set_body_left(has_body);
            self.service.call(request.map(|incoming| RequestBody {
                incoming,
                state: has_body.then(|| Arc::clone(state)),
            }))
        });
        Answering {
            service,
            refused,
            fault,
            under_way,
            version,
        }
    }
}

impl<F, B> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<WatchedBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = match this.service.as_pin_mut() {
            Some(service) => Some(ready!(service.poll(context))),
            None => None,
        };
        let Some(under_way) = this.under_way.take() else {
            // Polled after its end.
            return Poll::Pending;
        };
        let state = &under_way.0;
        let mut answer = match (answer, this.refused.take()) {
            (Some(Ok(answer)), _) => answer.map(|body| (Some(body), None)),
            (Some(Err(never)), _) => match never {},
            (None, Some(record)) => {
                let answer = record.answered(refusal_of(state, *this.fault).map(|text| Text(Some(text))));
                answer.map(|text| (None, Some(Box::new(text))))
            }
            // Polled after its end.
            (None, None) => return Poll::Pending,
        };
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            state.upgrade();
        }
        // hyper closes a connection with a body that nobody reads, and does not say so (RFC 9112 9.6).
        if state.is_body_left() && *this.version < Version::HTTP_2 {
            answer
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Poll::Ready(Ok(answer.map(|(body, refusal)| WatchedBody {
            body,
            refusal,
            under_way,
        })))
    }
}

fn refusal_of(state: &ConnectionState, fault: Option<ProblemKind>) -> Response<Bytes> {
    let problem = match state.refusal() {
        None if fault.is_some() => fault.unwrap_or(ProblemKind::HeadRefused).into(),
        Some(refusal) => Problem {
            retry_after: refusal.retry_after(),
            limit: refusal.limit,
            ..Problem::with_inside(refusal.kind, refusal.reason)
        },
        None => ProblemKind::HeadRefused.into(),
    };
    let mut answer = problem.into_response(Language::English, "A request");
    // As all answers of ours say.
    cors::allow_reading(answer.headers_mut(), None, Credentials::Omitted);
    answer
}

impl<B: Body<Data = Bytes>> Body for WatchedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if let Some(body) = this.body.as_pin_mut() {
            return body.poll_frame(context);
        }
        let Some(refusal) = this.refusal else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(&mut **refusal).poll_frame(context));
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => Ok(frame),
            Err(never) => match never {},
        }))
    }

    fn is_end_stream(&self) -> bool {
        match (&self.body, &self.refusal) {
            (Some(body), _) => body.is_end_stream(),
            (None, Some(refusal)) => refusal.is_end_stream(),
            (None, None) => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.body, &self.refusal) {
            (Some(body), _) => body.size_hint(),
            (None, Some(refusal)) => refusal.size_hint(),
            (None, None) => SizeHint::with_exact(0),
        }
    }
}

impl Body for Text {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.0.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}

impl AnswerBody for Text {
    fn is_whole(&self) -> bool {
        true
    }

    fn failure(&self) -> Option<UpstreamFailure> {
        None
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(context));
        let is_end = frame.is_none() || self.incoming.is_end_stream();
        if let Some(state) = self.state.take_if(|_| is_end) {
            state.set_body_left(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
