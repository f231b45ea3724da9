//! The caller's request body on its way up.
//!
//! A body that says it is small is read before it is sent: then a slow caller holds no connection of the platform, and
//! the request can be sent again when the platform refuses our token. Any other body is streamed, with the back-pressure
//! of both sides, and counts its frames, so that waiting for the answer's head does not time out while a large file is
//! still being sent.

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// What is small. A chat request has a few hundred bytes; what is larger is a file.
const LARGEST_KEPT: u64 = 64 * 1024;

/// A caller's request body.
#[derive(Debug)]
pub(in super::super) struct Upload {
    source: Source,
    frames: Progress,
}

#[derive(Debug)]
enum Source {
    /// All of it; `None` once it has been taken, or when there is none.
    Kept(Option<Bytes>),
    /// As it comes.
    Streamed(Incoming),
}

/// Why a small body could not be read.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum UploadError {
    /// The caller sent nothing for a while.
    #[error("the caller's body stood still for {} seconds", .0.as_secs())]
    Idle(Duration),
    /// The caller's connection broke, or what came was no body.
    #[error("the caller's body broke off")]
    Broken(#[source] hyper::Error),
}

/// How many frames of an upload have left so far.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(in super::super) fn frames(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Upload {
    /// Reads a body that says it is small, each piece within `idle`; takes any other as it comes.
    pub(in super::super) async fn of(incoming: Incoming, idle: Duration) -> Result<Self, UploadError> {
        match incoming.size_hint().exact() {
            Some(0) => Ok(Self::kept(Bytes::new())),
            Some(length) if length <= LARGEST_KEPT => Ok(Self::kept(read_whole(incoming, idle).await?)),
            Some(_) | None => Ok(Self {
                source: Source::Streamed(incoming),
                frames: Progress::default(),
            }),
        }
    }

    fn kept(bytes: Bytes) -> Self {
        Self {
            source: Source::Kept(Some(bytes).filter(|bytes| !bytes.is_empty())),
            frames: Progress::default(),
        }
    }

    /// The same once more, for a body that was kept.
    pub(in super::super) fn copy(&self) -> Option<Self> {
        match &self.source {
            Source::Kept(bytes) => Some(Self::kept(bytes.clone().unwrap_or_default())),
            Source::Streamed(_) => None,
        }
    }

    pub(in super::super) fn progress(&self) -> Progress {
        self.frames.clone()
    }
}

async fn read_whole(mut incoming: Incoming, idle: Duration) -> Result<Bytes, UploadError> {
    let mut whole = BytesMut::new();
    loop {
        let frame = timeout(idle, incoming.frame())
            .await
            .map_err(|_| UploadError::Idle(idle))?;
        let Some(frame) = frame else {
            return Ok(whole.freeze());
        };
        // Trailers are the caller's own hop's (RFC 9110 6.5).
        let Ok(data) = frame.map_err(UploadError::Broken)?.into_data() else {
            continue;
        };
        if incoming.is_end_stream() && whole.is_empty() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let incoming = match &mut self.source {
            Source::Kept(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Streamed(incoming) => incoming,
        };
        let frame = std::task::ready!(Pin::new(incoming).poll_frame(context));
        self.frames.0.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Kept(bytes) => bytes.is_none(),
            Source::Streamed(incoming) => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Kept(bytes) => SizeHint::with_exact(
                bytes
                    .as_ref()
                    .map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            ),
            Source::Streamed(incoming) => incoming.size_hint(),
        }
    }
}
