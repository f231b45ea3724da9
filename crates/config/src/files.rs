//! The files that loading read, each with a fingerprint of its content, so that a change can be told later.
//!
//! The content alone decides, not the time of change: `touch` is no change, a key of the same length that was moved into
//! place with its old date is one. The files are small, so looking costs less than being wrong.

use super::trust::{self, TrustFault};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// No configuration, key or token is longer; whoever names a log file does not fill our memory.
const LONGEST_BYTES: u64 = 1024 * 1024;

/// What was read, and what was looked for and not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesRead(BTreeMap<PathBuf, Option<Fingerprint>>);

/// Tells two contents apart. Not a promise to anybody: it lives in one process and decides about reading again only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint(u64);

impl FilesRead {
    /// Reads a file that others cannot change, and remembers what was there.
    pub(super) fn read(&mut self, path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadFault> {
        let content = read(path);
        let fingerprint = content.as_ref().ok().map(|content| Fingerprint::of(content));
        self.0.insert(path.to_owned(), fingerprint);
        content
    }

    /// Looks at the same files again.
    pub(super) fn look_again(&self) -> Self {
        let looks = self.0.keys().map(|path| {
            let fingerprint = read(path).ok().map(|content| Fingerprint::of(&content));
            (path.clone(), fingerprint)
        });
        Self(looks.collect())
    }
}

impl Fingerprint {
    fn of(content: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(content);
        Self(hasher.finish())
    }
}

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum ReadFault {
    /// The system says so.
    Io(io::Error),
    /// Others could have written it.
    Untrusted(TrustFault),
}

impl From<io::Error> for ReadFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Wiped when dropped: it may be a key, and the files are looked at every few seconds.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadFault> {
    let file = std::fs::File::open(path)?;
    trust::judge(path, &file)?.map_err(ReadFault::Untrusted)?;
    // With room for all of it, so that no copy is left where it was before it grew.
    let length = file.metadata()?.len().min(LONGEST_BYTES);
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 64));
    file.take(LONGEST_BYTES).read_to_end(&mut content)?;
    Ok(content)
}
