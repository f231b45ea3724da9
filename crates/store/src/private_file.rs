//! Files that only their owner may read: how they are made, and what is refused.
//!
//! Owns the rules for the gateway's secret, the seal keys and the SQLite file alike, as ssh has them for its keys: ours,
//! mode 0600 or less, a regular file, in a folder that not everybody may write to. A link is followed, since mounted
//! secrets are links. Elsewhere than on Unix the profile folder's inherited access list is the protection.

use coze_auth::Random;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// More than any file of ours that is read whole; a wrong one is not read to its end.
const LONGEST_FILE: u64 = 16 * 1024;

/// Why a private file was not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateFileError {
    /// The file or its folder could not be read or written.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried: `read`, `create` or `lock`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder, a pipe or a device stands there.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// A file stands where a folder should.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// What is there.
        path: PathBuf,
    },
    /// Somebody else than the owner may read or write the file (Unix only).
    #[error("{} may be read by others (mode {mode:o}); make it yours alone: chmod 600", path.display())]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else owns the file, and so may change who reads it (Unix only).
    #[error("{} belongs to another user (uid {owner}); make it yours: chown", path.display())]
    OwnedByAnother {
        /// The file.
        path: PathBuf,
        /// Its owner's number.
        owner: u32,
    },
    /// Everybody may put another file in its place (Unix only).
    #[error("everybody may write to {} (mode {mode:o}), and so replace the files there; chmod o-w", folder.display())]
    FolderWritableByOthers {
        /// The folder.
        folder: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl PrivateFileError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Says whether the file is simply not there.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a private file as text.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, PrivateFileError> {
    check(path)?;
    let file = File::open(path).map_err(PrivateFileError::io("read", path))?;
    // Once for what will be read, too: another file may have taken its place meanwhile.
    check_metadata(path, &file.metadata().map_err(PrivateFileError::io("read", path))?)?;
    let mut text = Zeroizing::new(String::with_capacity(256));
    file.take(LONGEST_FILE)
        .read_to_string(&mut text)
        .map_err(PrivateFileError::io("read", path))?;
    Ok(text)
}

/// Checks a file without opening it: a pipe would make us wait.
pub(crate) fn check(path: &Path) -> Result<(), PrivateFileError> {
    let metadata = fs::metadata(path).map_err(PrivateFileError::io("read", path))?;
    check_metadata(path, &metadata)?;
    check_folder(folder_of(path))
}

/// Makes a private file with all its content at once, with the folders above it. A file that is there already stays:
/// then another process was faster, and the caller reads what that one wrote.
pub(crate) fn create(path: &Path, content: &[u8], random: &dyn Random) -> Result<(), PrivateFileError> {
    let folder = create_folder(path)?;
    let draft = draft_of(path, random);
    let written = write(&draft, content);
    // A hard link fails when `path` has appeared meanwhile; a rename would put our file in its place.
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    });
    let removed = fs::remove_file(&draft);
    linked
        .and(removed)
        .and_then(|()| sync_folder(folder))
        .map_err(PrivateFileError::io("create", path))
}

/// Puts new content in the place of a private file: whoever reads it sees the old or the new one.
pub(crate) fn replace(path: &Path, content: &[u8], random: &dyn Random) -> Result<(), PrivateFileError> {
    let folder = create_folder(path)?;
    let draft = draft_of(path, random);
    write(&draft, content)
        .and_then(|()| fs::rename(&draft, path))
        .and_then(|()| sync_folder(folder))
        .map_err(PrivateFileError::io("create", path))
}

/// Makes an empty private file for somebody who opens it by name and would choose a wider mode. One that is there
/// already stays.
#[cfg(any(feature = "sqlite", feature = "keyring"))]
pub(crate) fn create_empty(path: &Path) -> Result<(), PrivateFileError> {
    create_folder(path)?;
    match write(path, b"") {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome.map_err(PrivateFileError::io("create", path)),
    }
}

/// Locks a private file against every other process and thread, and waits for whoever holds it; makes the file when it is
/// absent. The lock ends with what is returned, or with the process. The file stays: who removed it would let two in.
#[cfg(feature = "keyring")]
pub(crate) fn lock(path: &Path) -> Result<File, PrivateFileError> {
    create_empty(path)?;
    check(path)?;
    // Not truncated, and open for writing: a lock on NFS asks for that.
    let file = OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(PrivateFileError::io("lock", path))?;
    file.lock().map_err(PrivateFileError::io("lock", path))?;
    Ok(file)
}

fn create_folder(path: &Path) -> Result<&Path, PrivateFileError> {
    let folder = folder_of(path);
    create_private_folder(folder)?;
    Ok(folder)
}

/// Makes a folder for its owner alone, with those above it. One that is there already is judged: others must not be able to
/// replace the files in it.
pub fn create_private_folder(folder: &Path) -> Result<(), PrivateFileError> {
    make_folder(folder).map_err(PrivateFileError::io("create", folder))?;
    check_folder(folder)
}

fn draft_of(path: &Path, random: &dyn Random) -> PathBuf {
    path.with_extension(format!("new-{}", coze_auth::random::base64url(random, 6)))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Makes the new name survive a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the Unix twin can fail")]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn check_metadata(path: &Path, metadata: &fs::Metadata) -> Result<(), PrivateFileError> {
    use std::os::unix::fs::MetadataExt as _;
    let path = || path.to_owned();
    if !metadata.is_file() {
        return Err(PrivateFileError::NotAFile { path: path() });
    }
    let owner = metadata.uid();
    // What belongs to root is root's to give or take anyway.
    if owner != rustix::process::geteuid().as_raw() && owner != 0 {
        return Err(PrivateFileError::OwnedByAnother { path: path(), owner });
    }
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 == 0 => Ok(()),
        mode => Err(PrivateFileError::ReadableByOthers { path: path(), mode }),
    }
}

#[cfg(not(unix))]
fn check_metadata(path: &Path, metadata: &fs::Metadata) -> Result<(), PrivateFileError> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(PrivateFileError::NotAFile { path: path.to_owned() })
    }
}

/// A folder where everybody may write is no place for a secret, unless its sticky bit keeps everybody's hands off the
/// files of others. A group that may write is accepted: many systems give each person a group of one.
#[cfg(unix)]
fn check_folder(folder: &Path) -> Result<(), PrivateFileError> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(folder).map_err(PrivateFileError::io("read", folder))?;
    if !metadata.is_dir() {
        let path = folder.to_owned();
        return Err(PrivateFileError::NotAFolder { path });
    }
    let owner = metadata.uid();
    if owner != rustix::process::geteuid().as_raw() && owner != 0 {
        let path = folder.to_owned();
        return Err(PrivateFileError::OwnedByAnother { path, owner });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        let folder = folder.to_owned();
        return Err(PrivateFileError::FolderWritableByOthers { folder, mode });
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the Unix twin can refuse")]
fn check_folder(_folder: &Path) -> Result<(), PrivateFileError> {
    Ok(())
}
