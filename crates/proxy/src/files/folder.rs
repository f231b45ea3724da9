//! The folder of stored files: entries are written whole, found by name, and evicted by age of use.
//!
//! Best effort: unreadable entries count as misses, and a failed write means that the file is not kept. There is no index; the
//! folder is listed after each write, so several processes may share it. Names are hashes, the time of change is the time of
//! the last use. Blocking: to be called on threads that may block.
//!
//! Entries whose URL has a query are evicted before all others: a caller can make up any number of queries, and must not push
//! out the files that pages need.
//!
//! On Unix a file that is being sent keeps its disk space when its entry is evicted. Such files, and entries that are being
//! written, may take as much space again as the entries may; beyond that the oldest of such files are closed.

use super::content::{Content, DiskContent, OpenEntry, PieceDigest, digest_of};
use super::stored::{self, Described, EntryKey, Key, Stored, TAIL_BYTES};
use coze_auth::UnixSeconds;
use cozegate_store::{PrivateFileError, create_private_folder};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

/// An entry that is being written. One of a writer that died is swept when it has not changed for so long.
const UNFINISHED: &str = "unfinished-";
const UNFINISHED_LIFE: Duration = Duration::from_hours(1);

/// The folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    most_bytes: u64,
    key: EntryKey,
    /// Tells the unfinished entries of this process apart.
    next: AtomicU64,
    /// The bytes of unfinished entries of this process: never more than `most_bytes`.
    unfinished: Arc<AtomicU64>,
    /// The files that are being sent, the oldest first.
    open: Mutex<Vec<Weak<OpenEntry>>>,
}

/// An entry that is being written; removed when dropped before it is [saved](Folder::save).
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    file: File,
    length: u64,
    pieces: Vec<PieceDigest>,
    most_bytes: u64,
    unfinished: Arc<AtomicU64>,
    is_saved: bool,
}

impl Draft {
    /// Appends a piece.
    pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        let length = u64::try_from(piece.len()).map_err(io::Error::other)?;
        let before = self.unfinished.fetch_add(length, Ordering::Relaxed);
        self.length += length;
        if before.saturating_add(length) > self.most_bytes {
            return Err(io::Error::other(
                "files.cache_mib has no room for what is being fetched",
            ));
        }
        self.file.write_all(piece)?;
        self.pieces.push(digest_of(piece));
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.unfinished.fetch_sub(self.length, Ordering::Relaxed);
        if !self.is_saved {
            // Nothing depends on it: leftovers are swept.
            let _gone = fs::remove_file(&self.path);
        }
    }
}

impl Folder {
    /// Opens the folder at `path`, or makes it, for its owner alone. A folder that others can change is refused.
    pub(super) fn open(path: &Path, most_bytes: u64, key: EntryKey) -> Result<Self, PrivateFileError> {
        create_private_folder(path)?;
        Ok(Self {
            path: path.to_owned(),
            most_bytes,
            key,
            next: AtomicU64::new(0),
            unfinished: Arc::default(),
            open: Mutex::default(),
        })
    }

    /// Whether a file of this length can be kept at all.
    pub(super) fn has_room_for(&self, length: u64) -> bool {
        length <= self.most_bytes
    }

    /// Finds an entry, checks all of it, and notes that it is used. One that is not authentic is removed.
    pub(super) fn load(&self, key: &Key, now: UnixSeconds) -> Option<Stored> {
        let path = self.path.join(key.file_name(&self.key));
        // No link and no pipe: both could be put here by a program that wants us to open something else.
        if !fs::symlink_metadata(&path).ok()?.is_file() {
            return None;
        }
        let mut file = OpenOptions::new().read(true).write(true).open(&path).ok()?;
        let described = self.describe(&mut file, key);
        // A file system that keeps no times evicts entries in another order, no more.
        let _noted = file.set_modified(instant(now));
        let stored = described.map(|described| self.opened(described, file));
        let stored = stored.filter(|stored| match &stored.content {
            Content::Disk(disk) => (0..disk.pieces.len()).all(|index| disk.read(index).is_ok()),
            Content::Memory(_) => false,
        });
        if stored.is_none() {
            tracing::warn!(
                "A stored file is damaged or was written by another program; it is removed and fetched again"
            );
            self.remove(key);
        }
        stored
    }

    /// Reads the line and the tail of an entry.
    fn describe(&self, file: &mut File, key: &Key) -> Option<Described> {
        let mut tail = [0; TAIL_BYTES];
        let tail_start = file
            .metadata()
            .ok()?
            .len()
            .checked_sub(u64::try_from(TAIL_BYTES).ok()?)?;
        file.seek(SeekFrom::Start(tail_start)).ok()?;
        file.read_exact(&mut tail).ok()?;
        let line_length = stored::line_length(&tail)?;
        let content_length = tail_start.checked_sub(u64::try_from(line_length).ok()?)?;
        let mut line = vec![0; line_length];
        file.seek(SeekFrom::Start(content_length)).ok()?;
        file.read_exact(&mut line).ok()?;
        stored::open(&line, &tail, key, &self.key).filter(|described| described.length == content_length)
    }

    fn opened(&self, described: Described, file: File) -> Stored {
        let entry = Arc::new(OpenEntry::new(file));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|entry| entry.strong_count() > 0);
        open.push(Arc::downgrade(&entry));
        Stored {
            fields: described.fields,
            received: described.received,
            content: Content::Disk(DiskContent {
                entry,
                length: described.length,
                pieces: described.pieces.into(),
            }),
        }
    }

    /// Closes files that are being sent although their entries are gone, until the others fit.
    #[cfg(unix)]
    fn close_evicted(&self) {
        use std::os::unix::fs::MetadataExt as _;
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut evicted = Vec::new();
        for entry in open.iter().filter_map(Weak::upgrade) {
            let metadata = entry.with(|file| file.metadata());
            if let Some(Ok(metadata)) = metadata
                && metadata.nlink() == 0
            {
                evicted.push((entry, metadata.len()));
            }
        }
        let mut total: u64 = evicted.iter().map(|(_, length)| length).sum();
        for (entry, length) in evicted {
            if total <= self.most_bytes {
                break;
            }
            entry.close();
            total -= length;
        }
    }

    /// Elsewhere an open file cannot be removed.
    #[cfg(not(unix))]
    fn close_evicted(&self) {}

    /// Begins an entry.
    pub(super) fn begin(&self) -> io::Result<Draft> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Draft {
            file: options.open(&path)?,
            path,
            length: 0,
            pieces: Vec::new(),
            most_bytes: self.most_bytes,
            unfinished: Arc::clone(&self.unfinished),
            is_saved: false,
        })
    }

    /// Puts `draft` in the place of the entry of `key`, then makes room. Returns the file and how many bytes are kept.
    pub(super) fn save(
        &self,
        mut draft: Draft,
        key: &Key,
        (fields, received): (http::HeaderMap, UnixSeconds),
        now: UnixSeconds,
    ) -> io::Result<(Stored, u64)> {
        let name = key.file_name(&self.key);
        let described = Described {
            fields,
            received,
            length: draft.length,
            pieces: std::mem::take(&mut draft.pieces),
        };
        draft.file.write_all(&stored::seal(&described, key, &self.key)?)?;
        // Without waiting for the disk: after a crash the digests tell what is whole.
        draft.file.set_modified(instant(now))?;
        if !self.has_room_for(draft.file.metadata()?.len()) {
            return Err(io::Error::other("the file is larger than files.cache_mib"));
        }
        let file = draft.file.try_clone()?;
        fs::rename(&draft.path, self.path.join(&name))?;
        draft.is_saved = true;
        drop(draft);
        let stored = self.opened(described, file);
        let kept = self.make_room_beside(OsStr::new(&name), now)?;
        Ok((stored, kept))
    }

    /// Writes the entry of `key` anew, with other fields and the same bytes.
    pub(super) fn renew(
        &self,
        key: &Key,
        content: &DiskContent,
        fields: (http::HeaderMap, UnixSeconds),
        now: UnixSeconds,
    ) -> io::Result<(Stored, u64)> {
        let mut draft = self.begin()?;
        for index in 0..content.pieces.len() {
            draft.write(&content.read(index)?)?;
        }
        self.save(draft, key, fields, now)
    }

    /// Removes a file. Another process may have done it, or it may never have been there; tells whether it was.
    pub(super) fn remove(&self, key: &Key) -> bool {
        fs::remove_file(self.path.join(key.file_name(&self.key))).is_ok()
    }

    /// Evicts entries until the others fit. Returns how many bytes those have.
    pub(super) fn make_room(&self, now: UnixSeconds) -> io::Result<u64> {
        self.make_room_beside(OsStr::new(""), now)
    }

    /// The same; the entry called `new` stays.
    fn make_room_beside(&self, new: &OsStr, now: UnixSeconds) -> io::Result<u64> {
        let mut entries = Vec::new();
        let mut total = 0;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Ok(metadata) = entry.metadata() else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let name = entry.file_name();
            let text = name.to_string_lossy();
            if text.starts_with(UNFINISHED) {
                if used + UNFINISHED_LIFE < instant(now) {
                    let _gone = fs::remove_file(entry.path());
                }
            } else if let Some(has_query) = stored::entry_name(&text).filter(|_| metadata.is_file()) {
                total += metadata.len();
                if name != new {
                    entries.push((!has_query, used, metadata.len(), entry.path()));
                }
            }
        }
        entries.sort();
        for (_, _, length, path) in entries {
            if total <= self.most_bytes {
                break;
            }
            match fs::remove_file(path) {
                // Another process may make room as well.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => total -= length,
            }
        }
        self.close_evicted();
        Ok(total)
    }
}

fn instant(at: UnixSeconds) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.0).unwrap_or(0))
}
