//! Whether a file may command this process: others must not be able to change it.
//!
//! A configuration names commands, keys and origins, and is read again when it changes. So a file that another user owns or may
//! write to is not read, as ssh and sudo have it, and neither is one in a folder where others can replace it. Root is trusted,
//! and so is a group that is ours: many systems give each person a group of one. What is mounted read-only cannot be changed by
//! others and is trusted with any owner: that is how containers get their files. Elsewhere than on Unix the access lists of
//! the folders are the protection.

use std::fmt;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

/// Why a file is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustFault {
    /// Others than its owner may write to the file.
    Writable {
        /// The permission bits.
        mode: u32,
    },
    /// Another user owns the file.
    Foreign {
        /// The owner's number.
        owner: u32,
    },
    /// Others may put another file in its place.
    FolderWritable {
        /// The folder.
        folder: PathBuf,
        /// The permission bits.
        mode: u32,
    },
    /// Another user owns the folder.
    FolderForeign {
        /// The folder.
        folder: PathBuf,
        /// The owner's number.
        owner: u32,
    },
}

impl TrustFault {
    /// The text of the file.
    pub(super) fn words(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let mode_text = |mode: &u32| ("mode", format!("{mode:04o}"));
        let owner_text = |owner: &u32| ("owner", owner.to_string());
        let folder_text = |folder: &Path| ("folder", folder.display().to_string());
        match self {
            Self::Writable { mode } => ("config-untrusted-writable", vec![mode_text(mode)]),
            Self::Foreign { owner } => ("config-untrusted-foreign", vec![owner_text(owner)]),
            Self::FolderWritable { folder, mode } => (
                "config-untrusted-folder-writable",
                vec![folder_text(folder), mode_text(mode)],
            ),
            Self::FolderForeign { folder, owner } => (
                "config-untrusted-folder-foreign",
                vec![folder_text(folder), owner_text(owner)],
            ),
        }
    }
}

impl fmt::Display for TrustFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writable { mode } => write!(f, "others may write to it (mode {mode:04o})"),
            Self::Foreign { owner } => write!(f, "another user owns it (uid {owner})"),
            Self::FolderWritable { folder, mode } => {
                write!(f, "others may write to {} (mode {mode:04o})", folder.display())
            }
            Self::FolderForeign { folder, owner } => {
                write!(f, "another user owns {} (uid {owner})", folder.display())
            }
        }
    }
}

/// Judges the open file that was found at `path`, and the folders of the name and of what a link leads to.
#[cfg(unix)]
pub(super) fn judge(path: &Path, file: &File) -> std::io::Result<Result<(), TrustFault>> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = file.metadata()?;
    if !is_read_only(file) {
        if is_foreign(&metadata) {
            let owner = metadata.uid();
            return Ok(Err(TrustFault::Foreign { owner }));
        }
        if is_writable_by_others(&metadata) {
            let mode = metadata.mode() & 0o7777;
            return Ok(Err(TrustFault::Writable { mode }));
        }
    }
    for path in [path.to_owned(), path.canonicalize()?] {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            Some(_) | None => PathBuf::from("."),
        };
        if let Err(fault) = judge_folder(folder)? {
            return Ok(Err(fault));
        }
    }
    Ok(Ok(()))
}

/// Elsewhere the access lists of the folders decide.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the Unix twin can fail")]
pub(super) fn judge(_: &Path, _: &File) -> std::io::Result<Result<(), TrustFault>> {
    Ok(Ok(()))
}

#[cfg(unix)]
fn judge_folder(folder: PathBuf) -> std::io::Result<Result<(), TrustFault>> {
    use std::os::unix::fs::MetadataExt as _;
    let open = File::open(&folder)?;
    let metadata = open.metadata()?;
    let mode = metadata.mode() & 0o7777;
    // In a sticky folder only the owner of the folder or of the file can replace the file.
    let is_open = is_writable_by_others(&metadata) && mode & 0o1000 == 0;
    Ok(if is_read_only(&open) {
        Ok(())
    } else if is_foreign(&metadata) {
        let owner = metadata.uid();
        Err(TrustFault::FolderForeign { folder, owner })
    } else if is_open {
        Err(TrustFault::FolderWritable { folder, mode })
    } else {
        Ok(())
    })
}

#[cfg(unix)]
fn is_foreign(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let owner = metadata.uid();
    owner != 0 && owner != rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn is_writable_by_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let is_our_group = metadata.gid() == 0 || metadata.gid() == rustix::process::getegid().as_raw();
    metadata.mode() & 0o002 != 0 || (metadata.mode() & 0o020 != 0 && !is_our_group)
}

#[cfg(unix)]
fn is_read_only(file: &File) -> bool {
    rustix::fs::fstatvfs(file).is_ok_and(|system| system.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}
