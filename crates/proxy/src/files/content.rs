//! The bytes of a file: where they are, and how they are read.
//!
//! Bytes on disk are read one piece at a time, and each piece is checked against its digest. So a caller that reads slowly
//! holds a few pieces in memory. The entry's file stays open while it is sent: an entry that is evicted or replaced
//! meanwhile is read on, until too many of such files hold disk space ([`super::folder`]); then its answers are cut.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use cozegate_core::limits::Reservation;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

/// How much of a file is read and sent at a time. hyper holds three pieces for a connection that does not take them.
pub(super) const PIECE_BYTES: usize = 16 * 1024;

/// SHA-256.
pub(super) type PieceDigest = [u8; 32];

/// The bytes of a file. A clone shares them.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// In memory, counted by the budget.
    Memory(Arc<MemoryContent>),
    /// In an entry of the cache folder.
    Disk(DiskContent),
}

/// Pieces of at most [`PIECE_BYTES`].
#[derive(Debug)]
pub(super) struct MemoryContent {
    pub(super) pieces: Vec<Bytes>,
    pub(super) length: u64,
    pub(super) _reservation: Reservation,
}

/// The place of a file's bytes on disk.
#[derive(Clone, Debug)]
pub(super) struct DiskContent {
    pub(super) entry: Arc<OpenEntry>,
    pub(super) length: u64,
    pub(super) pieces: Arc<[PieceDigest]>,
}

/// The open file of an entry, until it is closed.
#[derive(Debug)]
pub(super) struct OpenEntry(Mutex<Option<File>>);

impl OpenEntry {
    pub(super) fn new(file: File) -> Self {
        Self(Mutex::new(Some(file)))
    }

    /// Calls `with` unless the file is closed.
    pub(super) fn with<T>(&self, with: impl FnOnce(&mut File) -> T) -> Option<T> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.as_mut().map(with)
    }

    /// Ends every reading of it.
    pub(super) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Content {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(memory) => memory.length,
            Self::Disk(disk) => disk.length,
        }
    }

    pub(super) fn pieces(&self) -> usize {
        match self {
            Self::Memory(memory) => memory.pieces.len(),
            Self::Disk(disk) => disk.pieces.len(),
        }
    }
}

impl DiskContent {
    /// Reads piece `index`. Blocking.
    pub(super) fn read(&self, index: usize) -> io::Result<Bytes> {
        let read = self.entry.with(|file| self.read_from(file, index));
        read.unwrap_or_else(|| {
            Err(io::Error::other(
                "the entry was evicted, and too many such files are being sent",
            ))
        })
    }

    fn read_from(&self, file: &mut File, index: usize) -> io::Result<Bytes> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the piece does not match its digest");
        let stated = self.pieces.get(index).ok_or_else(damaged)?;
        let start = u64::try_from(index * PIECE_BYTES).map_err(io::Error::other)?;
        let left = usize::try_from(self.length.saturating_sub(start)).unwrap_or(usize::MAX);
        let mut piece = vec![0; left.min(PIECE_BYTES)];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut piece)?;
        if digest_of(&piece) == *stated {
            Ok(Bytes::from(piece))
        } else {
            Err(damaged())
        }
    }
}

pub(super) fn digest_of(piece: &[u8]) -> PieceDigest {
    let mut bytes = PieceDigest::default();
    bytes.copy_from_slice(digest(&SHA256, piece).as_ref());
    bytes
}
