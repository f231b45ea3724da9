//! Collects the body of a file: on disk where it will be kept, else in memory within the byte budget.

use super::content::{Content, MemoryContent, PIECE_BYTES};
use super::failure::FetchFailure;
use super::folder::{Draft, Folder};
use bytes::{Bytes, BytesMut};
use cozegate_core::limits::{Buffer, Reservation};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Takes the bytes of one file.
#[derive(Debug)]
pub(super) struct Collector {
    sink: Sink,
    /// Less than a piece.
    partial: BytesMut,
    length: usize,
    largest: usize,
}

#[derive(Debug)]
enum Sink {
    Memory {
        pieces: Vec<Bytes>,
        reservation: Reservation,
        reserved: usize,
    },
    Disk {
        /// `None` while a piece is being written.
        draft: Option<Draft>,
        background: Handle,
    },
}

/// All of a file.
#[derive(Debug)]
pub(super) enum Collected {
    Memory(Content),
    Draft(Draft),
}

impl Collector {
    /// Collects in memory. `announced` bytes are reserved at once, so that a file that does not fit is not begun.
    pub(super) fn in_memory(buffer: &Arc<Buffer>, announced: usize, largest: usize) -> Result<Self, FetchFailure> {
        let reserved = announced.min(largest);
        let reservation = buffer.reserve(reserved).map_err(FetchFailure::BufferFull)?;
        let pieces = Vec::new();
        Ok(Self::new(
            Sink::Memory {
                pieces,
                reservation,
                reserved,
            },
            largest,
        ))
    }

    /// Collects in a new entry of `folder`.
    pub(super) async fn on_disk(
        folder: &Arc<Folder>,
        background: &Handle,
        largest: usize,
    ) -> Result<Self, FetchFailure> {
        let folder = Arc::clone(folder);
        let begun = background.spawn_blocking(move || folder.begin()).await;
        let draft = begun
            .map_err(|_| FetchFailure::Stopping)?
            .map_err(|error| FetchFailure::NotStored(error.to_string()))?;
        let sink = Sink::Disk {
            draft: Some(draft),
            background: background.clone(),
        };
        Ok(Self::new(sink, largest))
    }

    fn new(sink: Sink, largest: usize) -> Self {
        Self {
            sink,
            partial: BytesMut::new(),
            length: 0,
            largest,
        }
    }

    /// Takes the next bytes.
    pub(super) async fn push(&mut self, data: &[u8]) -> Result<(), FetchFailure> {
        self.length = self.length.saturating_add(data.len());
        if self.length > self.largest {
            return Err(FetchFailure::TooLarge);
        }
        let mut left = data;
        while !left.is_empty() {
            let (now, later) = left.split_at(left.len().min(PIECE_BYTES - self.partial.len()));
            self.partial.extend_from_slice(now);
            left = later;
            if self.partial.len() == PIECE_BYTES {
                self.put_piece().await?;
            }
        }
        Ok(())
    }

    /// The body has ended.
    pub(super) async fn finish(mut self) -> Result<Collected, FetchFailure> {
        if !self.partial.is_empty() {
            self.put_piece().await?;
        }
        match self.sink {
            Sink::Memory {
                pieces, reservation, ..
            } => Ok(Collected::Memory(Content::Memory(Arc::new(MemoryContent {
                pieces,
                length: u64::try_from(self.length).unwrap_or(u64::MAX),
                _reservation: reservation,
            })))),
            Sink::Disk { draft, .. } => draft.map(Collected::Draft).ok_or(FetchFailure::Stopping),
        }
    }

    async fn put_piece(&mut self) -> Result<(), FetchFailure> {
        match &mut self.sink {
            Sink::Memory {
                pieces,
                reservation,
                reserved,
            } => {
                if self.length > *reserved {
                    reservation
                        .grow(self.length - *reserved)
                        .map_err(FetchFailure::BufferFull)?;
                    *reserved = self.length;
                }
                // Of exactly its length: a piece of a larger allocation would hold all of that.
                pieces.push(Bytes::copy_from_slice(&self.partial));
                self.partial.clear();
            }
            Sink::Disk { draft, background } => {
                let mut taken = draft.take().ok_or(FetchFailure::Stopping)?;
                let piece = std::mem::take(&mut self.partial);
                let written = background
                    .spawn_blocking(move || taken.write(&piece).map(|()| (taken, piece)))
                    .await;
                let (taken, mut piece) = written
                    .map_err(|_| FetchFailure::Stopping)?
                    .map_err(|error| FetchFailure::NotStored(error.to_string()))?;
                piece.clear();
                (*draft, self.partial) = (Some(taken), piece);
            }
        }
        Ok(())
    }
}
