//! Bodies on their way through: frames as they come, nothing collected, nothing changed.
//!
//! [`Upload`] goes up and counts its frames, so that waiting for the answer's head does not time out while a large file
//! is still being sent. [`Answer`] comes down; at its end it gives the upstream connection back to the pool, and when
//! it is dropped early (the caller has left) the connection closes, which is how the platform learns of it.

use super::pool::Lease;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// A caller's request body.
#[derive(Debug)]
pub(super) struct Upload {
    incoming: Option<Incoming>,
    frames: Progress,
}

/// How many frames of an upload have left so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(super) fn frames(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Upload {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self {
            incoming: Some(incoming),
            frames: Progress::default(),
        }
    }

    /// The body of a request that has none.
    pub(super) fn empty() -> Self {
        Self {
            incoming: None,
            frames: Progress::default(),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        self.frames.clone()
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let frame = std::task::ready!(Pin::new(incoming).poll_frame(context));
        self.frames.0.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// A response body: text of our own, or the upstream's as it comes.
#[derive(Debug)]
pub(super) enum Answer {
    /// Ours, in one piece; `None` once it has been taken, or when there is none.
    Own(Option<Bytes>),
    /// The platform's.
    Upstream(Box<UpstreamBody>),
}

/// What is left of a platform answer.
#[derive(Debug)]
pub(super) struct UpstreamBody {
    incoming: Incoming,
    /// The connection that it comes on; gone when given back.
    lease: Option<Lease>,
    /// Between two frames.
    idle_timeout: Duration,
    /// Armed while we wait for a frame.
    idle: Option<Pin<Box<Sleep>>>,
}

/// Why an answer ended before its end. The caller's connection is closed by it, so that a cut answer never looks whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    /// The upstream connection broke.
    #[error("the upstream connection broke within the answer")]
    Broken(#[source] hyper::Error),
    /// No frame for `timeouts.idle_seconds`.
    #[error("the upstream sent nothing for {} seconds", .0.as_secs())]
    Idle(Duration),
}

impl Answer {
    /// Passes on `incoming`, which arrives on `lease`.
    pub(super) fn from_upstream(incoming: Incoming, lease: Lease, idle_timeout: Duration) -> Self {
        let mut body = UpstreamBody {
            incoming,
            lease: Some(lease),
            idle_timeout,
            idle: None,
        };
        if body.incoming.is_end_stream() {
            body.give_back();
        }
        Self::Upstream(Box::new(body))
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::Own(None)
    }
}

impl From<Bytes> for Answer {
    fn from(bytes: Bytes) -> Self {
        Self::Own(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl UpstreamBody {
    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) {
            self.idle = None;
            // With a length the last frame is the end: nobody polls on to hear `None`.
            if frame.is_none() || self.incoming.is_end_stream() {
                self.give_back();
            }
            return Poll::Ready(frame.map(|result| result.map_err(AnswerError::Broken)));
        }
        let idle = self
            .idle
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + self.idle_timeout)));
        std::task::ready!(idle.as_mut().poll(context));
        tracing::warn!(
            idle_seconds = self.idle_timeout.as_secs(),
            "An upstream answer stood still and was given up"
        );
        Poll::Ready(Some(Err(AnswerError::Idle(self.idle_timeout))))
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
            Self::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Upstream(body) => body.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_none(),
            Self::Upstream(body) => body.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(None) => SizeHint::with_exact(0),
            Self::Own(Some(bytes)) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Self::Upstream(body) => body.incoming.size_hint(),
        }
    }
}
