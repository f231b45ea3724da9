//! The gateway's own secret: made at the first start, kept in a file that only its owner may read.
//!
//! Visitors' cookies are signed and `session_name`s are derived with it, so losing it means that every visitor starts
//! with an empty history, and leaking it means that anybody can be any visitor. Hence: mode 0600 from the first byte
//! on, never overwritten, never printed.

use crate::private_file::{self, PrivateFileError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coze_auth::Random;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

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
            Err(SecretFileError::File(error)) if error.is_absent() => {
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
    /// The file could not be read or made, or is not ours alone.
    #[error(transparent)]
    File(PrivateFileError),
    /// The file does not hold 32 bytes in base64url.
    #[error("{} does not hold a gateway secret (43 characters of base64url); restore it, or remove it and lose the visitors' histories", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

fn read(path: &Path) -> Result<GatewaySecret, SecretFileError> {
    let text = private_file::read(path).map_err(SecretFileError::File)?;
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    match BASE64_URL_SAFE_NO_PAD.decode_slice(text.trim(), bytes.as_mut_slice()) {
        Ok(SECRET_BYTES) => Ok(GatewaySecret(bytes)),
        Ok(_) | Err(_) => Err(SecretFileError::Malformed { path: path.to_owned() }),
    }
}

fn create(path: &Path, random: &dyn Random) -> Result<(), SecretFileError> {
    let mut text = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(GatewaySecret::throw_away(random).expose()));
    text.push('\n');
    private_file::create(path, text.as_bytes(), random).map_err(SecretFileError::File)
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::SeededRandom;
    use std::fs;

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
        private_file::create(&path, b"not a secret", &SeededRandom::new(2)).unwrap();

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
            matches!(
                error,
                SecretFileError::File(PrivateFileError::ReadableByOthers { mode: 0o640, .. })
            ),
            "{error}"
        );
    }
}
