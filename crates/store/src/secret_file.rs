//! The gateway's own secret: made at the first start, kept in a file that only its owner may read.
//!
//! Visitors' cookies are signed and `session_name`s are derived with it, so losing it means that every visitor starts
//! with an empty history, and leaking it means that anybody can be any visitor. Hence: mode 0600 from the first byte
//! on, never overwritten, never printed.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coze_auth::Random;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize as _, Zeroizing};

/// The secret's length in bytes.
const SECRET_BYTES: usize = 32;

/// 256 bits from which the gateway derives its keys.
#[derive(Clone)]
pub struct GatewaySecret(Zeroizing<[u8; SECRET_BYTES]>);

impl GatewaySecret {
    /// Makes a secret that lives as long as the process: for `demo` and for tests.
    pub fn throw_away(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        random.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// Reads the secret from `path`, or makes one there (with the folders above it) when the file is absent.
    ///
    /// Two processes that start at once agree: the file is created exclusively and whole, and the loser reads the
    /// winner's.
    pub fn load_or_create(path: &Path, random: &dyn Random) -> Result<Self, SecretFileError> {
        match read(path) {
            Err(SecretFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create(path, random)?;
                read(path)
            }
            outcome => outcome,
        }
    }

    /// Returns the bytes, for deriving keys.
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl std::fmt::Debug for GatewaySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GatewaySecret(..)")
    }
}

/// Why the secret could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// The file or its folder could not be read or written.
    #[error("could not {action} the gateway's secret at {}", path.display())]
    Io {
        /// What was tried: `read` or `create`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Somebody else than the owner may read the file (Unix only).
    #[error("{} may be read by others (mode {mode:o}); make it yours alone: chmod 600", path.display())]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold 32 bytes in base64url.
    #[error("{} does not hold a gateway secret (43 characters of base64url); restore it, or remove it and lose the visitors' histories", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

fn read(path: &Path) -> Result<GatewaySecret, SecretFileError> {
    let io_error = |source| SecretFileError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io_error)?;
    check_permissions(path, &file)?;
    let mut text = Zeroizing::new(String::new());
    // A little more than a secret needs, so that a wrong file is not read whole.
    file.take(256).read_to_string(&mut text).map_err(io_error)?;
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    match BASE64_URL_SAFE_NO_PAD.decode_slice(text.trim(), bytes.as_mut_slice()) {
        Ok(SECRET_BYTES) => Ok(GatewaySecret(bytes)),
        Ok(_) | Err(_) => Err(SecretFileError::Malformed { path: path.to_owned() }),
    }
}

/// Writes a new secret beside `path` and links it into place, so that nobody ever sees half of one.
fn create(path: &Path, random: &dyn Random) -> Result<(), SecretFileError> {
    let io_error = |source| SecretFileError::Io {
        action: "create",
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_private_folder(folder).map_err(io_error)?;
    }
    let draft = path.with_extension(format!("new-{}", coze_auth::random::base64url(random, 6)));
    let mut text = BASE64_URL_SAFE_NO_PAD.encode(GatewaySecret::throw_away(random).expose());
    text.push('\n');
    let written = write_private_file(&draft, text.as_bytes());
    text.zeroize();
    // A hard link fails when `path` has appeared meanwhile: then the other process's secret stands, and is read.
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    });
    let removed = fs::remove_file(&draft);
    linked.and(removed).map_err(io_error)
}

fn write_private_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Elsewhere a profile folder's inherited access list is the protection.
#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn check_permissions(path: &Path, file: &File) -> Result<(), SecretFileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = file.metadata().map_err(|source| SecretFileError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(SecretFileError::ReadableByOthers {
            path: path.to_owned(),
            mode,
        })
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the Unix twin can refuse")]
fn check_permissions(_path: &Path, _file: &File) -> Result<(), SecretFileError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::SeededRandom;

    #[test]
    fn the_secret_made_at_the_first_start_is_read_at_the_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("secret");

        let first = GatewaySecret::load_or_create(&path, &SeededRandom::new(1)).unwrap();
        let second = GatewaySecret::load_or_create(&path, &SeededRandom::new(2)).unwrap();

        assert_eq!(first.expose(), second.expose());
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "no draft is left behind"
        );
    }

    #[test]
    fn a_file_that_is_no_secret_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_private_file(&path, b"not a secret").unwrap();

        let error = GatewaySecret::load_or_create(&path, &SeededRandom::new(1)).unwrap_err();

        assert!(matches!(error, SecretFileError::Malformed { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"not a secret");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        drop(GatewaySecret::load_or_create(&path, &SeededRandom::new(1)).unwrap());

        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = GatewaySecret::load_or_create(&path, &SeededRandom::new(1)).unwrap_err();

        assert!(
            matches!(error, SecretFileError::ReadableByOthers { mode: 0o640, .. }),
            "{error}"
        );
    }
}
