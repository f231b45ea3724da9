//! The keys that seal: 256 bits each, from a file made at the first start or from a text that the host was given.
//!
//! Several stand side by side, the newest first: it seals, all of them open. A new key is put in front with
//! [`SealKeys::add_to_file`]; an old one may go when everything sealed with it was written anew or has ended.

#[cfg(feature = "keyring")]
use super::keyring_error::KeyringError;
use crate::private_file::{self, PrivateFileError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coze_auth::Random;
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A key's length in bytes.
const KEY_BYTES: usize = 32;

type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// One key or more, the newest first.
#[derive(Clone)]
pub struct SealKeys {
    newest: KeyBytes,
    older: Vec<KeyBytes>,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealKeysError {
    /// The file could not be read or made, or is not ours alone.
    #[error(transparent)]
    File(PrivateFileError),
    /// The file holds something else, or nothing.
    #[error("{} does not hold keys for the store (43 characters of base64url each); restore it, or remove it together with the store", path.display())]
    MalformedFile {
        /// The file.
        path: PathBuf,
    },
    /// The text that was handed in holds something else, or nothing.
    #[error("the key for the store is not 43 characters of base64url (32 bytes)")]
    MalformedText,
    /// The system's keyring did not give them.
    #[cfg(feature = "keyring")]
    #[error(transparent)]
    Keyring(KeyringError),
}

impl SealKeys {
    /// Makes a key that lives as long as the process: for `demo` and for tests.
    pub fn throw_away(random: &dyn Random) -> Self {
        let mut newest = Zeroizing::new([0; KEY_BYTES]);
        random.fill(newest.as_mut_slice());
        Self {
            newest,
            older: Vec::new(),
        }
    }

    /// Reads keys from a text, as an environment variable or a command gives it: one or more, the newest first, parted by
    /// white space or commas.
    pub fn parse(text: &str) -> Result<Self, SealKeysError> {
        parse(text).ok_or(SealKeysError::MalformedText)
    }

    /// Reads the keys from `path`, or makes one there (with the folders above it) when the file is absent.
    ///
    /// Two processes that start at once agree on one key.
    pub fn load_or_create(path: &Path, random: &dyn Random) -> Result<Self, SealKeysError> {
        match Self::load(path) {
            Err(SealKeysError::File(error)) if error.is_absent() => {
                let text = Self::throw_away(random).to_text();
                private_file::create(path, text.as_bytes(), random).map_err(SealKeysError::File)?;
                Self::load(path)
            }
            outcome => outcome,
        }
    }

    /// Puts a new key in front of those in the file at `path` and returns all of them. What is sealed already still opens.
    pub fn add_to_file(path: &Path, random: &dyn Random) -> Result<Self, SealKeysError> {
        let present = Self::load(path)?;
        let mut keys = Self::throw_away(random);
        keys.older.push(present.newest);
        keys.older.extend(present.older);
        private_file::replace(path, keys.to_text().as_bytes(), random).map_err(SealKeysError::File)?;
        Ok(keys)
    }

    fn load(path: &Path) -> Result<Self, SealKeysError> {
        let text = private_file::read(path).map_err(SealKeysError::File)?;
        parse(&text).ok_or_else(|| SealKeysError::MalformedFile { path: path.to_owned() })
    }

    /// Writes the keys as they stand in a file: one per line.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(44 * (1 + self.older.len())));
        for key in std::iter::once(&self.newest).chain(&self.older) {
            BASE64_URL_SAFE_NO_PAD.encode_string(key.as_slice(), &mut text);
            text.push('\n');
        }
        text
    }

    pub(super) fn newest(&self) -> &[u8] {
        self.newest.as_slice()
    }

    pub(super) fn older(&self) -> impl Iterator<Item = &[u8]> {
        self.older.iter().map(|key| key.as_slice())
    }
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKeys(..)")
    }
}

fn parse(text: &str) -> Option<SealKeys> {
    let mut keys = text
        .split(|character: char| character.is_whitespace() || character == ',')
        .filter(|word| !word.is_empty())
        .map(parse_key);
    let newest = keys.next()??;
    let older = keys.collect::<Option<_>>()?;
    Some(SealKeys { newest, older })
}

fn parse_key(word: &str) -> Option<KeyBytes> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let length = BASE64_URL_SAFE_NO_PAD.decode_slice(word, key.as_mut_slice()).ok()?;
    (length == KEY_BYTES).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::SeededRandom;

    #[test]
    fn keys_made_at_the_first_start_are_read_at_the_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("store.key");

        let first = SealKeys::load_or_create(&path, &SeededRandom::new(1)).unwrap();
        let second = SealKeys::load_or_create(&path, &SeededRandom::new(2)).unwrap();

        assert_eq!(first.newest(), second.newest());
    }

    #[test]
    fn added_key_stands_before_those_that_were_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.key");
        let before = SealKeys::load_or_create(&path, &SeededRandom::new(1)).unwrap();

        let added = SealKeys::add_to_file(&path, &SeededRandom::new(2)).unwrap();
        let read = SealKeys::load_or_create(&path, &SeededRandom::new(3)).unwrap();

        assert_ne!(added.newest(), before.newest());
        assert_eq!(read.newest(), added.newest());
        assert_eq!(read.older().collect::<Vec<_>>(), [before.newest()]);
    }

    #[test]
    fn text_of_several_keys_is_read_and_anything_else_is_refused() {
        let random = SeededRandom::new(1);
        let one = coze_auth::random::base64url(&random, 32);
        let other = coze_auth::random::base64url(&random, 32);

        assert_eq!(SealKeys::parse(&format!("{one},{other}\n")).unwrap().older().count(), 1);
        for text in ["", " , ", "short", &format!("{one},short"), &format!("{one}{other}")] {
            assert!(SealKeys::parse(text).is_err(), "{text:?}");
        }
    }
}
