//! The folder of stored files: written whole, found by name, thrown away by age of use.
//!
//! Everything in it may be lost at any time: what cannot be read is not there, and what cannot be written is not kept. There
//! is no index; the folder is listed after each write, so several processes may share it. Names are hashes, the time of
//! change is the time of the last use. Blocking: to be called where that holds up nobody.

use super::stored::{Key, Stored};
use bytes::Bytes;
use coze_auth::UnixSeconds;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// A file that is being written. One of a writer that died is swept when it has not changed for so long.
const UNFINISHED: &str = "unfinished-";
const UNFINISHED_LIFE: Duration = Duration::from_hours(1);
/// The length of the name of a stored file.
const NAME_LENGTH: usize = 64;

/// The folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    most_bytes: u64,
    /// Tells the unfinished files of this process apart.
    next: AtomicU64,
}

impl Folder {
    /// Opens the folder at `path`, or makes it, for its owner alone.
    pub(super) fn open(path: &Path, most_bytes: u64) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        Ok(Self {
            path: path.to_owned(),
            most_bytes,
            next: AtomicU64::new(0),
        })
    }

    /// Reads a stored file and notes that it is used. A damaged one is removed.
    pub(super) fn load(&self, key: &Key, now: UnixSeconds) -> Option<Stored> {
        let path = self.path.join(key.file_name());
        let mut file = OpenOptions::new().read(true).write(true).open(&path).ok()?;
        let mut bytes = Vec::new();
        // Never more than all of them together may have.
        (&mut file).take(self.most_bytes).read_to_end(&mut bytes).ok()?;
        let Some(stored) = Stored::from_bytes(&Bytes::from(bytes), key) else {
            tracing::warn!("A stored file is damaged; it is removed and fetched again");
            self.remove(key);
            return None;
        };
        // A file system that keeps no times throws files away in another order, no more.
        let _noted = file.set_modified(instant(now));
        Some(stored)
    }

    /// Puts a file down in place of the one before, then makes room. Returns how many bytes are kept.
    pub(super) fn save(&self, key: &Key, stored: &Stored, now: UnixSeconds) -> io::Result<u64> {
        let bytes = stored.to_bytes(key)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.path.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
        let written =
            write_new(&unfinished, &bytes, now).and_then(|()| fs::rename(&unfinished, self.path.join(key.file_name())));
        if let Err(error) = written {
            // It may not even be there.
            let _gone = fs::remove_file(&unfinished);
            return Err(error);
        }
        self.make_room(now)
    }

    /// Removes a file. Somebody else may have done it, or it may never have been there; tells whether it was.
    pub(super) fn remove(&self, key: &Key) -> bool {
        fs::remove_file(self.path.join(key.file_name())).is_ok()
    }

    /// Removes what has not been used for longest, until the rest fits. Returns how many bytes that is.
    pub(super) fn make_room(&self, now: UnixSeconds) -> io::Result<u64> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Ok(metadata) = entry.metadata() else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(UNFINISHED) {
                if used + UNFINISHED_LIFE < instant(now) {
                    let _gone = fs::remove_file(entry.path());
                }
            } else if name.len() == NAME_LENGTH && metadata.is_file() {
                files.push((used, metadata.len(), entry.path()));
            }
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in files {
            if total <= self.most_bytes {
                break;
            }
            match fs::remove_file(path) {
                // Another process may make room as well.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => total -= length,
            }
        }
        Ok(total)
    }
}

fn write_new(path: &Path, bytes: &[u8], now: UnixSeconds) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    file.write_all(bytes)?;
    // Without waiting for the disk: after a crash the digest tells what is whole.
    file.set_modified(instant(now))
}

fn instant(at: UnixSeconds) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.0).unwrap_or(0))
}
