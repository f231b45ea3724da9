//! What comes back: text of our own, or the platform's answer with the connection that it arrives on.
//!
//! At its end an answer gives the connection back to the pool; when it is dropped early (the caller has left) the
//! connection closes, which is how the platform learns of it. An event stream whose platform dies ends with whole events
//! and one more that says so; any other answer that is cut closes the caller's connection, so that it never looks whole.

use super::super::files::FileBody;
use super::super::pool::Lease;
use super::event_tap::EventTap;
use super::events::WholeEvents;
use bytes::{Bytes, BytesMut};
use cozegate_core::alarm::Idle;
use cozegate_core::exchanges::{RunningExchange, SESSION_ENDED, SESSION_ENDED_CODE};
use cozegate_core::limits::{Buffer, Permit, UNCOUNTED_BYTES, held_by};
use cozegate_core::problem::{Limit, Problem, ProblemKind};
use cozegate_core::telemetry::labels::UpstreamFailure;
use cozegate_core::telemetry::record::AnswerBody;
use cozegate_policy::ownership::Learned;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A response body: text of our own, or the platform's as it comes.
#[derive(Debug)]
pub(in super::super) enum Answer {
    /// In one piece; `None` once it has been taken, or when there is none.
    Whole(Option<Bytes>),
    /// The platform's.
    Upstream(Box<UpstreamBody>),
    /// A file's.
    File(Box<FileBody>),
}

/// What is left of a platform answer.
#[derive(Debug)]
pub(in super::super) struct UpstreamBody {
    /// What was read ahead.
    ahead: Option<Bytes>,
    incoming: Incoming,
    /// The connection that it comes on; gone when given back.
    lease: Option<Lease>,
    /// Between two frames.
    idle: Idle,
    /// When all of it has to be there.
    deadline: Option<Pin<Box<Sleep>>>,
    /// For an event stream: how it is passed on.
    events: Option<EventStream>,
    /// Reads the ids of a chat as its events pass.
    tap: Option<EventTap>,
    /// Counts the exchange as one of its caller's until this body is gone.
    permit: Option<Permit>,
    /// Ends the answer when the session of its caller has ended.
    running: Option<RunningExchange>,
    /// What it was cut by.
    failure: Option<UpstreamFailure>,
}

#[derive(Debug)]
struct EventStream {
    dialect: EventDialect,
    whole: WholeEvents,
    has_ended: bool,
}

/// How an event stream says that something went wrong (protocol 6.3, 6.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum EventDialect {
    /// `/v3/chat` and `/v1/workflows/chat`: `event:error`, `{"code","msg"}`.
    Chat,
    /// `/v1/workflow/stream_run` and `stream_resume`: `id`, `event: Error`, `{"error_code","error_message"}`.
    Workflow,
}

impl EventDialect {
    /// That of the streams from `path`.
    pub(in super::super) fn of(path: &str) -> Self {
        if path.ends_with("/workflow/stream_run") || path.ends_with("/workflow/stream_resume") {
            Self::Workflow
        } else {
            Self::Chat
        }
    }

    /// The last event of a stream whose platform has died. The official Python client wants exactly these lines.
    fn last_event(self, error: &AnswerError) -> Bytes {
        // Both texts are ours and hold nothing that JSON would have to escape.
        let (code, text) = error.words();
        Bytes::from(match self {
            Self::Chat => format!("event:error\ndata:{{\"code\":{code},\"msg\":\"{text}\"}}\n\n"),
            Self::Workflow => {
                format!("id: 0\nevent: Error\ndata: {{\"error_code\":{code},\"error_message\":\"{text}\"}}\n\n")
            }
        })
    }
}

/// Why an answer ended before its end.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum AnswerError {
    /// The upstream connection broke.
    #[error("the upstream connection broke within the answer")]
    Broken(#[source] hyper::Error),
    /// No frame for `timeouts.idle_seconds`.
    #[error("the upstream sent nothing for {} seconds", .0.as_secs())]
    Idle(Duration),
    /// Not at its end after `timeouts.total_seconds`.
    #[error("the answer did not end in time")]
    Overdue,
    /// A stored file was evicted or replaced while it was sent, or is damaged.
    #[error("a stored file could not be read on")]
    File(#[source] io::Error),
    /// The handle was revoked, has expired, or is not served any more.
    #[error("the session of the caller has ended")]
    SessionEnded,
}

impl AnswerError {
    /// Once the head has left, there is no answer of ours that could say it.
    fn log(&self, what_we_do: &'static str) {
        if matches!(self, Self::SessionEnded) {
            return tracing::debug!(what_we_do, "An answer ends with the session of its caller");
        }
        tracing::warn!(
            error = self as &dyn std::error::Error,
            what_we_do,
            "An answer of the platform was cut"
        );
    }

    /// For programs that read event streams: numbers that no SDK acts upon, as in [`cozegate_core::problem`].
    fn words(&self) -> (u32, String) {
        match self {
            Self::Broken(_) => (
                990_502,
                "cozegate: the connection to Coze broke within the answer".to_owned(),
            ),
            Self::Idle(idle) => (
                990_504,
                format!(
                    "cozegate: Coze sent nothing for {} seconds (timeouts.idle_seconds)",
                    idle.as_secs()
                ),
            ),
            Self::Overdue => (
                990_504,
                "cozegate: the answer did not end in time (timeouts.total_seconds)".to_owned(),
            ),
            Self::File(_) => (990_500, "cozegate: the file could not be read on".to_owned()),
            Self::SessionEnded => (SESSION_ENDED_CODE, SESSION_ENDED.to_owned()),
        }
    }
}

/// Before the head has left, it is a problem like any other.
impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        let (kind, limit) = match error {
            AnswerError::Broken(_) => (ProblemKind::UpstreamBroken, None),
            AnswerError::Idle(_) => (ProblemKind::UpstreamTimedOut, Some(Limit::IdleSeconds)),
            AnswerError::Overdue => (ProblemKind::UpstreamTimedOut, Some(Limit::TotalSeconds)),
            AnswerError::File(_) => (ProblemKind::Internal, None),
            AnswerError::SessionEnded => (ProblemKind::HandleUnknown, None),
        };
        Self {
            limit,
            ..Self::with_inside(kind, error)
        }
    }
}

impl Answer {
    /// Passes on `incoming`, which arrives on `lease`.
    pub(in super::super) fn from_upstream(incoming: Incoming, lease: Lease, idle_timeout: Duration) -> Self {
        let mut body = UpstreamBody {
            ahead: None,
            incoming,
            lease: Some(lease),
            idle: Idle::new(idle_timeout),
            deadline: None,
            events: None,
            tap: None,
            permit: None,
            running: None,
            failure: None,
        };
        if body.incoming.is_end_stream() {
            body.give_back();
        }
        Self::Upstream(Box::new(body))
    }

    /// The same as an event stream.
    pub(in super::super) fn into_events(mut self, dialect: EventDialect) -> Self {
        if let Self::Upstream(body) = &mut self {
            body.events = Some(EventStream {
                dialect,
                whole: WholeEvents::default(),
                has_ended: false,
            });
        }
        self
    }

    /// Whether it passes as events.
    pub(in super::super) fn is_event_stream(&self) -> bool {
        matches!(self, Self::Upstream(body) if body.events.is_some())
    }

    /// Hands the ids of the chat to `learn` as the first events pass.
    pub(in super::super) fn tapped(mut self, learn: impl FnOnce(&[Learned]) + Send + Sync + 'static) -> Self {
        if let Self::Upstream(body) = &mut self {
            body.tap = Some(EventTap::new(learn));
        }
        self
    }

    /// Keeps `permit` until the answer has left or was dropped. A short one that is there as a whole counts as having left:
    /// the connection's own buffer takes it.
    pub(in super::super) fn holding(mut self, permit: Permit) -> Self {
        match &mut self {
            Self::Upstream(body) => body.permit = Some(permit),
            Self::Whole(Some(bytes)) if bytes.len() > UNCOUNTED_BYTES => {
                *bytes = held_by(permit, std::mem::take(bytes));
            }
            Self::Whole(_) | Self::File(_) => {}
        }
        self
    }

    /// Ends the answer when the exchange that `join` registers is ended. An answer that is there as a whole is not
    /// registered.
    pub(in super::super) fn ending_with(mut self, join: impl FnOnce() -> Option<RunningExchange>) -> Self {
        if let Self::Upstream(body) = &mut self {
            body.running = join();
        }
        self
    }

    /// Ends the answer at `deadline`, whether it is whole or not.
    pub(in super::super) fn until(mut self, deadline: Instant) -> Self {
        if let Self::Upstream(body) = &mut self {
            body.deadline = Some(Box::pin(sleep_until(deadline)));
        }
        self
    }

    /// Reads up to `limit` bytes ahead, so that a short answer is there as a whole, and leaves in one piece. Reads no further
    /// than `buffer` has room.
    pub(in super::super) async fn read_ahead(self, limit: usize, buffer: &Arc<Buffer>) -> Result<Self, AnswerError> {
        let Self::Upstream(mut body) = self else {
            return Ok(self);
        };
        let mut whole = BytesMut::new();
        let mut reservation = None;
        while let Some(frame) = poll_fn(|context| body.poll_incoming(context)).await {
            // Trailers say nothing that a caller of ours could read (RFC 9110 6.5).
            let Ok(data) = frame?.into_data() else { continue };
            if whole.is_empty() && body.is_end_stream() {
                return Ok(Self::from(data));
            }
            whole.extend_from_slice(&data);
            if reservation.is_none() && whole.len() > UNCOUNTED_BYTES {
                reservation = buffer.reserve(limit).ok();
            }
            if whole.len() >= limit || (whole.len() > UNCOUNTED_BYTES && reservation.is_none()) {
                body.ahead = Some(held_by(reservation, whole.freeze()));
                return Ok(Self::Upstream(body));
            }
        }
        Ok(Self::from(match reservation {
            Some(reservation) => held_by(reservation, whole.freeze()),
            None => whole.freeze(),
        }))
    }

    /// The text, if it is there as a whole.
    pub(in super::super) fn whole(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(bytes) => Some(bytes.as_deref().unwrap_or_default()),
            Self::Upstream(_) | Self::File(_) => None,
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::Whole(None)
    }
}

impl From<Bytes> for Answer {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl UpstreamBody {
    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }

    /// The platform's next frame, within the idle time.
    fn poll_incoming(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        if let Some(running) = &mut self.running
            && running.poll_ended(context).is_ready()
        {
            return Poll::Ready(Some(Err(AnswerError::SessionEnded)));
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            self.failure = Some(UpstreamFailure::BodyTimedOut);
            return Poll::Ready(Some(Err(AnswerError::Overdue)));
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) {
            self.idle.goes_on();
            // With a length the last frame is the end: nobody polls on to hear `None`.
            if frame.is_none() || self.incoming.is_end_stream() {
                self.give_back();
            }
            if let Some(Err(_)) = &frame {
                self.failure = Some(UpstreamFailure::BodyBroken);
            }
            return Poll::Ready(frame.map(|result| result.map_err(AnswerError::Broken)));
        }
        ready!(self.idle.poll_over(context));
        self.failure = Some(UpstreamFailure::BodyTimedOut);
        Poll::Ready(Some(Err(AnswerError::Idle(self.idle.limit()))))
    }

    /// The next whole events.
    fn poll_events(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        loop {
            if self.events.as_ref().is_some_and(|events| events.has_ended) {
                return Poll::Ready(None);
            }
            let frame = ready!(self.poll_incoming(context));
            let Some(events) = &mut self.events else {
                return Poll::Ready(frame);
            };
            let passed = match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => events.whole.push(data),
                    Err(_trailers) => None,
                },
                None => {
                    events.has_ended = true;
                    events.whole.finish()
                }
                Some(Err(error)) => {
                    events.has_ended = true;
                    error.log("an error event ends the stream");
                    Some(events.dialect.last_event(&error))
                }
            };
            if let Some(bytes) = passed {
                if let Some(tap) = &mut self.tap
                    && tap.read(&bytes)
                {
                    self.tap = None;
                }
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        if let Some(ahead) = self.ahead.take() {
            return Poll::Ready(Some(Ok(Frame::data(ahead))));
        }
        if self.events.is_some() {
            return self.poll_events(context);
        }
        loop {
            match ready!(self.poll_incoming(context)) {
                // Trailers belong to the platform's hop (RFC 9110 6.5).
                Some(Ok(frame)) if !frame.is_data() => {}
                Some(Err(error)) => {
                    error.log("the caller's connection is closed");
                    return Poll::Ready(Some(Err(error)));
                }
                frame => return Poll::Ready(frame),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.events {
            None => self.ahead.is_none() && self.incoming.is_end_stream(),
            Some(events) => events.has_ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.ahead, &self.events) {
            (None, None) => self.incoming.size_hint(),
            // What the head says counts; a length is only ever taken over from there.
            _ => SizeHint::default(),
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Upstream(body) => Pin::new(body.as_mut()).poll_frame(context),
            Self::File(body) => {
                let piece = ready!(body.poll_piece(context));
                Poll::Ready(piece.map(|piece| match piece {
                    Ok(bytes) => Ok(Frame::data(bytes)),
                    Err(error) => {
                        let error = AnswerError::File(error);
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "The caller's connection is closed"
                        );
                        Err(error)
                    }
                }))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Upstream(body) => body.is_end_stream(),
            Self::File(body) => body.left() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(None) => SizeHint::with_exact(0),
            Self::Whole(Some(bytes)) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Self::Upstream(body) => body.size_hint(),
            Self::File(body) => SizeHint::with_exact(body.left()),
        }
    }
}

impl AnswerBody for Answer {
    fn is_whole(&self) -> bool {
        self.whole().is_some()
    }

    fn failure(&self) -> Option<UpstreamFailure> {
        match self {
            Self::Whole(_) | Self::File(_) => None,
            Self::Upstream(body) => body.failure,
        }
    }
}
