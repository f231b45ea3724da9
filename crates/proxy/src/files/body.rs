//! The body of an answer with a file in it: reads the next piece when the caller has taken the one before.

use super::content::Content;
use super::stored::Stored;
use bytes::Bytes;
use cozegate_core::limits::Permit;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// What is left of a file.
#[derive(Debug)]
pub(in super::super) struct FileBody {
    stored: Arc<Stored>,
    /// The next piece.
    next: usize,
    left: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
    background: Handle,
    /// Counts the exchange until this body is gone.
    _permit: Permit,
}

impl FileBody {
    pub(super) fn new(stored: Arc<Stored>, permit: Permit, background: Handle) -> Self {
        Self {
            next: 0,
            left: stored.content.length(),
            stored,
            reading: None,
            background,
            _permit: permit,
        }
    }

    /// How many bytes are still to come.
    pub(in super::super) fn left(&self) -> u64 {
        self.left
    }

    /// The next piece; `None` at the end.
    pub(in super::super) fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.next >= self.stored.content.pieces() {
            return Poll::Ready(None);
        }
        let piece = match &self.stored.content {
            Content::Memory(memory) => memory
                .pieces
                .get(self.next)
                .cloned()
                .ok_or_else(|| io::ErrorKind::UnexpectedEof.into()),
            Content::Disk(_) => {
                let reading = self.reading.get_or_insert_with(|| {
                    let (stored, index) = (Arc::clone(&self.stored), self.next);
                    self.background.spawn_blocking(move || match &stored.content {
                        Content::Disk(disk) => disk.read(index),
                        Content::Memory(_) => Err(io::ErrorKind::Unsupported.into()),
                    })
                });
                let read = ready!(Pin::new(reading).poll(context));
                self.reading = None;
                read.unwrap_or_else(|_| Err(io::Error::other("the service is stopping")))
            }
        };
        if let Ok(piece) = &piece {
            self.next += 1;
            self.left = self.left.saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        } else {
            self.next = usize::MAX;
        }
        Poll::Ready(Some(piece))
    }
}
