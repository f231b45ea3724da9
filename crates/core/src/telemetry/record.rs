//! One request from its head to its end, and a body that knows when that is.
//!
//! The end of a request is the end of its answer, and only the answer's body sees it: so the [`Record`] travels in it. A
//! caller that leaves drops the body, or before that the future that makes the answer, and the record with it. So every
//! request is counted once, however it ends.

#[cfg(feature = "otel")]
use super::access_log::log_id;
use super::access_log::{End, Line};
use super::labels::{Direction, Early, Listener, MethodClass, Phase, Place, Route, StatusClass, UpstreamFailure};
use super::metrics::Metrics;
use super::server_timing::ServerTiming;
#[cfg(feature = "otel")]
use super::traces::{Ended, RequestTrace};
use crate::limits::AddressPermit;
use crate::media_type::is_event_stream;
use crate::problem::{ProblemKind, ReportedProblem};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// A request that is being answered. Dropping it ends it.
#[derive(Debug)]
pub struct Record {
    metrics: Arc<Metrics>,
    place: Place,
    method: MethodClass,
    began: Instant,
    /// When it was ready to be sent on.
    sent: Option<Instant>,
    answered: Option<Answered>,
    bytes_in: BytesIn,
    bytes_out: u64,
    /// What ended it before its end. Whoever drops it without a word has left.
    early: Option<Early>,
    /// What is written down at the end, if anything is.
    line: Option<Box<Line>>,
    /// Counts the exchange for its address.
    address_permit: Option<AddressPermit>,
    /// What the caller wants to be told about time.
    timing: Option<Box<ServerTiming>>,
    #[cfg(feature = "otel")]
    trace: Option<Box<RequestTrace>>,
}

/// The head of the answer has been made.
#[derive(Clone, Copy, Debug)]
struct Answered {
    at: Instant,
    status: StatusCode,
    is_whole: bool,
    is_stream: bool,
}

/// The bytes of a request's body.
#[derive(Debug)]
pub enum BytesIn {
    /// All of them are there.
    Known(u64),
    /// They are counted as they pass.
    Watched(Arc<AtomicU64>),
}

impl BytesIn {
    pub fn known(length: usize) -> Self {
        Self::Known(as_u64(length))
    }
}

impl Record {
    /// The head of a request is there.
    pub fn begin(metrics: Arc<Metrics>, listener: Listener, method: &Method) -> Self {
        metrics.in_progress.change(listener, 1);
        Self {
            metrics,
            place: Place {
                listener,
                route: Route::None,
            },
            method: MethodClass::from(method),
            began: Instant::now(),
            sent: None,
            answered: None,
            bytes_in: BytesIn::Known(0),
            bytes_out: 0,
            early: Some(Early::CallerLeft),
            line: None,
            address_permit: None,
            timing: None,
            #[cfg(feature = "otel")]
            trace: None,
        }
    }

    /// A request whose head was refused. `method` tells only whether the answer has a body for anybody.
    pub fn begin_refused(metrics: Arc<Metrics>, listener: Listener, method: &Method) -> Self {
        let mut record = Self::begin(metrics, listener, method);
        if record.method == MethodClass::Head {
            record.early = None;
        }
        record.method = MethodClass::Other;
        record
    }

    /// Spans are made at the end.
    #[cfg(feature = "otel")]
    pub fn is_traced(&mut self, trace: Option<Box<RequestTrace>>) {
        self.trace = trace;
    }

    /// A token had to be waited for, from `since` until now.
    pub fn waited_for_credential(&mut self, since: Instant) {
        let now = Instant::now();
        self.metrics.took(Phase::Credential, now - since);
        if let Some(timing) = &mut self.timing {
            timing.waited_for_credential(now - since);
        }
        #[cfg(feature = "otel")]
        if let Some(trace) = &mut self.trace {
            trace.waited_for_credential(since, now);
        }
    }

    /// The caller wants to be told where the time went.
    pub fn is_inspected(&mut self) {
        self.timing = Some(Box::default());
    }

    /// Keeps `permit` until the answer has ended.
    pub fn holds(&mut self, permit: Option<AddressPermit>) {
        self.address_permit = permit;
    }

    /// Hands the permit to an exchange that outlives its answer.
    pub fn address_permit(&mut self) -> Option<AddressPermit> {
        self.address_permit.take()
    }

    /// A line is written at the end.
    pub fn writes(&mut self, line: Option<Box<Line>>) {
        self.line = line;
    }

    /// Adds to the line, if one is written.
    pub fn note(&mut self, add: impl FnOnce(&mut Line)) {
        if let Some(line) = &mut self.line {
            add(line);
        }
    }

    /// The counts of the core that answers.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What is asked for.
    pub fn goes_to(&mut self, route: Route) {
        self.place.route = route;
    }

    /// The request's body.
    pub fn receives(&mut self, bytes: BytesIn) {
        self.bytes_in = bytes;
    }

    /// It is sent on now, at the moment that this gives back: a look at the clock serves all who want to know.
    pub fn is_sent(&mut self) -> Instant {
        let now = Instant::now();
        if self.sent.is_none() {
            self.metrics.took(Phase::Ready, now - self.began);
            self.sent = Some(now);
        }
        now
    }

    /// The answer is there; its body takes the record along.
    pub fn answered<B: AnswerBody>(mut self, mut response: Response<B>) -> Response<Recorded<B>> {
        let now = Instant::now();
        if let Some(sent) = self.sent {
            self.metrics.took(Phase::Upstream, now - sent);
        }
        if let Some(told) = response.extensions().get::<ReportedProblem>() {
            self.metrics.refused(told.kind);
            if let Some(failure) = UpstreamFailure::of_problem(told.kind) {
                self.metrics.upstream_failed(failure);
            }
        }
        if let Some(line) = &mut self.line {
            let extensions = std::mem::take(response.extensions_mut());
            line.answered(response.headers_mut(), &extensions);
            *response.extensions_mut() = extensions;
        }
        if let Some(timing) = &self.timing {
            timing.write(response.headers_mut(), self.began, self.sent, now);
        }
        #[cfg(feature = "otel")]
        if let Some(trace) = &mut self.trace {
            let told = response.extensions().get::<ReportedProblem>();
            trace.answered(told.map(|told| told.kind), log_id(response.headers(), told));
        }
        let is_whole = response.body().is_whole();
        let is_stream = !is_whole && is_event_stream(response.headers());
        if is_stream {
            self.metrics.streams.change((), 1);
        }
        self.answered = Some(Answered {
            at: now,
            status: response.status(),
            is_whole,
            is_stream,
        });
        if self.method == MethodClass::Head {
            // Its body is asked for by nobody.
            self.early = None;
        }
        response.map(|body| Recorded { body, record: self })
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let metrics = &self.metrics;
        let listener = self.place.listener;
        let bytes_in = match &self.bytes_in {
            BytesIn::Known(bytes) => *bytes,
            BytesIn::Watched(bytes) => bytes.load(Ordering::Relaxed),
        };
        let end = match &self.answered {
            Some(answered) if answered.is_whole => answered.at,
            Some(_) | None => Instant::now(),
        };
        let status = self.answered.map(|answered| answered.status);
        metrics
            .requests
            .add((self.place, self.method, StatusClass::from(status)), 1);
        metrics.durations.observe(self.place, end - self.began);
        metrics.in_progress.change(listener, -1);
        for (direction, bytes) in [(Direction::In, bytes_in), (Direction::Out, self.bytes_out)] {
            if bytes > 0 {
                metrics.body_bytes.add((listener, direction), bytes);
            }
        }
        if let Some(early) = self.early {
            metrics.early_ends.add((listener, early), 1);
        }
        if self.answered.is_some_and(|answered| answered.is_stream) {
            metrics.streams.change((), -1);
        }
        #[cfg(feature = "otel")]
        if let Some(trace) = &mut self.trace {
            trace.end(&Ended {
                place: self.place,
                method: self.method,
                status,
                early: self.early,
                began: self.began,
                exchange: self
                    .sent
                    .map(|sent| (sent, self.answered.map_or(end, |answered| answered.at))),
                end,
            });
        }
        if let Some(line) = &self.line {
            line.write(&End {
                place: self.place,
                status,
                early: self.early,
                bytes_in,
                bytes_out: self.bytes_out,
                took: end - self.began,
                upstream: self.sent.zip(self.answered).map(|(sent, answered)| answered.at - sent),
            });
        }
    }
}

/// Begins the records of requests that are refused by their head, before a service of the listener sees them.
pub trait RecordRefused: std::fmt::Debug + Send + Sync {
    /// Begins one. `method` tells only whether the answer may have a body: nothing of such a head is known.
    fn begin(&self, method: &Method) -> Record;
}

/// A body that can be asked what it is.
pub trait AnswerBody: Body<Data = Bytes> + Unpin {
    /// Whether all of it is there, so that it leaves at once.
    fn is_whole(&self) -> bool;

    /// Why it broke off, although it may look whole to the caller.
    fn failure(&self) -> Option<UpstreamFailure>;
}

/// The body of an answer, with the record of its request.
#[derive(Debug)]
pub struct Recorded<B: AnswerBody> {
    body: B,
    record: Record,
}

impl<B: AnswerBody> Body for Recorded<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                this.record.bytes_out += frame.data_ref().map_or(0, |data| as_u64(data.len()));
            }
            // Counted when the body says why; it is over either way.
            Some(Err(_)) | None => this.record.early = None,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: AnswerBody> Drop for Recorded<B> {
    fn drop(&mut self) {
        if let Some(failure) = self.body.failure() {
            self.record.metrics.upstream_failed(failure);
            self.record.early = Some(Early::AnswerCut);
        } else if self.body.is_end_stream() {
            self.record.early = None;
        }
    }
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl UpstreamFailure {
    /// That of an exchange that came to this problem.
    fn of_problem(problem: ProblemKind) -> Option<Self> {
        match problem {
            ProblemKind::UpstreamUnreachable => Some(Self::Unreachable),
            ProblemKind::UpstreamTimedOut => Some(Self::TimedOut),
            ProblemKind::UpstreamBroken => Some(Self::Broken),
            _ => None,
        }
    }
}
