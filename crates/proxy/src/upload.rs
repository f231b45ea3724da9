//! The caller's request body on its way up.
//!
//! A body that says it is small is read before it is sent, if the byte budget has room for it: then a slow caller holds no
//! connection of the platform, and the request can be sent again when the platform refuses our token. Any other body is streamed, with the back-pressure
//! of both sides. It ends early when it becomes longer than its route takes, or when the caller stands still; a slow one
//! that moves is let be. How it goes is noted in its [`Course`], by which whoever waits for the answer's head knows whom
//! it is waiting for.

use super::route::BodyLimit;
use bytes::{Bytes, BytesMut};
use cozegate_core::alarm::Idle;
use cozegate_core::connections::RequestBody;
use cozegate_core::limits::{Buffer, UNCOUNTED_BYTES, held_by};
use cozegate_core::problem::{Limit, Problem, ProblemKind};
use cozegate_core::telemetry::record::BytesIn;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::timeout;

/// What is small. A chat request has a few hundred bytes; what is larger is a file.
const LARGEST_KEPT: usize = 64 * 1024;

/// A caller's request body.
#[derive(Debug)]
pub(super) struct Upload(Source);

#[derive(Debug)]
enum Source {
    /// All of it; `None` once it has been taken, or when there is none.
    Kept(Option<Bytes>),
    /// As it comes.
    Streamed(Box<Streamed>),
}

#[derive(Debug)]
struct Streamed {
    incoming: RequestBody,
    limit: BodyLimit,
    /// How many bytes have come.
    length: Arc<AtomicU64>,
    idle: Idle,
    course: Arc<Course>,
}

/// What a body must keep to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How long it may be.
    pub(super) length: BodyLimit,
    /// How long the caller may stand still.
    pub(super) idle: Duration,
}

/// Why a body cannot be had.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum UploadError {
    /// The caller sent nothing for a while.
    #[error("the caller's body stood still for {} seconds", .0.as_secs())]
    Idle(Duration),
    /// It is longer than its route takes.
    #[error("the caller's body has more than {} bytes", .0.bytes)]
    TooLarge(BodyLimit),
    /// The caller's connection broke, or what came was no body.
    #[error("the caller's body broke off")]
    Broken(#[source] Arc<hyper::Error>),
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let (kind, limit) = match &error {
            UploadError::Idle(_) => (ProblemKind::BodyOverdue, Some(Limit::IdleSeconds)),
            UploadError::TooLarge(length) => (ProblemKind::BodyTooLarge, Some(length.limit)),
            UploadError::Broken(_) => (ProblemKind::BadRequest, None),
        };
        Self {
            limit,
            ..Self::with_inside(kind, error)
        }
    }
}

/// How a streamed upload goes.
#[derive(Debug, Default)]
pub(super) struct Course {
    frames: AtomicU64,
    waits_for_caller: AtomicBool,
    has_ended: AtomicBool,
    failure: OnceLock<UploadError>,
}

impl Course {
    /// How many frames have left so far.
    pub(super) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Whether it is the caller's turn.
    pub(super) fn waits_for_caller(&self) -> bool {
        self.waits_for_caller.load(Ordering::Relaxed)
    }

    /// Whether nothing more will come of it, because that was all or because nobody takes it.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// Why it ended early, if it did.
    pub(super) fn failure(&self) -> Option<&UploadError> {
        self.failure.get()
    }

    fn fail(&self, error: UploadError) -> UploadError {
        self.failure.get_or_init(|| error).clone()
    }
}

impl Upload {
    /// Reads a body that says it is small; takes any other as it comes. One that says it is too long is not touched.
    pub(super) async fn of(incoming: RequestBody, bounds: Bounds, buffer: &Arc<Buffer>) -> Result<Self, UploadError> {
        let stated = incoming.size_hint().exact();
        if stated.is_some_and(|length| length > bounds.length.bytes) {
            return Err(UploadError::TooLarge(bounds.length));
        }
        let length = stated.and_then(|length| usize::try_from(length).ok());
        match length {
            Some(0) => Ok(Self::empty()),
            Some(length) if length <= UNCOUNTED_BYTES => Ok(Self::kept(read_whole(incoming, bounds).await?)),
            Some(length)
                if length <= LARGEST_KEPT
                    && let Ok(reservation) = buffer.reserve(length) =>
            {
                let whole = read_whole(incoming, bounds).await?;
                Ok(Self::kept(held_by(reservation, whole)))
            }
            Some(_) | None => Ok(Self(Source::Streamed(Box::new(Streamed {
                incoming,
                limit: bounds.length,
                length: Arc::default(),
                idle: Idle::new(bounds.idle),
                course: Arc::default(),
            })))),
        }
    }

    /// Reads a body whole, however it is framed; refuses one that becomes longer than its limit.
    pub(super) async fn whole(incoming: RequestBody, bounds: Bounds, buffer: &Arc<Buffer>) -> Result<Self, Problem> {
        let most = incoming.size_hint().exact().unwrap_or(bounds.length.bytes);
        if most > bounds.length.bytes {
            return Err(UploadError::TooLarge(bounds.length).into());
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if most <= UNCOUNTED_BYTES {
            return Ok(Self::kept(read_whole(incoming, bounds).await?));
        }
        let reservation = buffer.reserve(most)?;
        let whole = read_whole(incoming, bounds).await?;
        Ok(Self::kept(held_by(reservation, whole)))
    }

    /// What was read of it; nothing for a body that is streamed.
    pub(super) fn kept_bytes(&self) -> &[u8] {
        match &self.0 {
            Source::Kept(bytes) => bytes.as_deref().unwrap_or_default(),
            Source::Streamed(_) => &[],
        }
    }

    /// No body at all.
    pub(super) fn empty() -> Self {
        Self(Source::Kept(None))
    }

    /// All of it at once.
    pub(super) fn kept(bytes: Bytes) -> Self {
        Self(Source::Kept(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }

    /// The same once more, for a body that was kept.
    pub(super) fn copy(&self) -> Option<Self> {
        match &self.0 {
            Source::Kept(bytes) => Some(Self::kept(bytes.clone().unwrap_or_default())),
            Source::Streamed(_) => None,
        }
    }

    /// How long it is, or becomes.
    pub(super) fn bytes(&self) -> BytesIn {
        match &self.0 {
            Source::Kept(bytes) => BytesIn::known(bytes.as_ref().map_or(0, Bytes::len)),
            Source::Streamed(streamed) => BytesIn::Watched(Arc::clone(&streamed.length)),
        }
    }

    /// How it goes, if it is still coming.
    pub(super) fn course(&self) -> Option<Arc<Course>> {
        match &self.0 {
            Source::Kept(_) => None,
            Source::Streamed(streamed) => Some(Arc::clone(&streamed.course)),
        }
    }
}

async fn read_whole(mut incoming: RequestBody, bounds: Bounds) -> Result<Bytes, UploadError> {
    let idle = bounds.idle;
    let mut whole = BytesMut::new();
    loop {
        let frame = timeout(idle, incoming.frame())
            .await
            .map_err(|_| UploadError::Idle(idle))?;
        let Some(frame) = frame else {
            return Ok(whole.freeze());
        };
        // Trailers are the caller's own hop's (RFC 9110 6.5).
        let frame = frame.map_err(|error| UploadError::Broken(Arc::new(error)))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if incoming.is_end_stream() && whole.is_empty() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
        if u64::try_from(whole.len()).unwrap_or(u64::MAX) > bounds.length.bytes {
            return Err(UploadError::TooLarge(bounds.length));
        }
    }
}

impl Streamed {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let frame = loop {
            match Pin::new(&mut self.incoming).poll_frame(context) {
                // Trailers are the caller's own hop's (RFC 9110 6.5).
                Poll::Ready(Some(Ok(frame))) if !frame.is_data() => {}
                Poll::Ready(frame) => break frame,
                Poll::Pending => {
                    self.course.waits_for_caller.store(true, Ordering::Relaxed);
                    ready!(self.idle.poll_over(context));
                    return Poll::Ready(Some(Err(self.course.fail(UploadError::Idle(self.idle.limit())))));
                }
            }
        };
        self.idle.goes_on();
        self.course.waits_for_caller.store(false, Ordering::Relaxed);
        self.course.frames.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(frame.map(|frame| self.pass(frame)))
    }

    fn pass(&mut self, frame: Result<Frame<Bytes>, hyper::Error>) -> Result<Frame<Bytes>, UploadError> {
        let frame = frame.map_err(|error| self.course.fail(UploadError::Broken(Arc::new(error))))?;
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let before = self.length.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.limit.bytes {
            return Err(self.course.fail(UploadError::TooLarge(self.limit)));
        }
        Ok(frame)
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        self.course.has_ended.store(true, Ordering::Relaxed);
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        match &mut self.0 {
            Source::Kept(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Streamed(streamed) => streamed.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Kept(bytes) => bytes.is_none(),
            Source::Streamed(streamed) => streamed.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Kept(bytes) => SizeHint::with_exact(
                bytes
                    .as_ref()
                    .map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            ),
            Source::Streamed(streamed) => streamed.incoming.size_hint(),
        }
    }
}
