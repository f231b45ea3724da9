//! Seals what rests in a database, so that a stolen file or backup opens no chat.
//!
//! AES-256-GCM-SIV (RFC 8452): several instances draw nonces without knowing of each other, and this construction
//! forgives a repeated one. What is sealed is bound to its place - table, row and version - so a row that was moved,
//! or kept back and put in again under another version, does not open. What this cannot notice is a whole table set
//! back to an earlier state.
//!
//! ```text
//! format (1) | key id (8) | nonce (12) | ciphertext | tag (16)
//! ```
//!
//! Where the keys come from is [`keys`], and `keyring` with the feature of that name.

#[cfg(feature = "keyring")]
pub mod keyring;
#[cfg(feature = "keyring")]
mod keyring_error;
pub mod keys;
pub(crate) mod mark;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use coze_auth::Random;
use keys::SealKeys;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The only format so far.
const FORMAT: u8 = 1;
/// Tells which key sealed something. Derived from the key, and says nothing about it.
const KEY_ID_LEN: usize = 8;

/// What stands in the way of reading something sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Shorter than an empty text would be.
    #[error("what is stored is too short to have been sealed")]
    TooShort,
    /// Written by a newer version, or altered.
    #[error("what is stored is sealed in format {format}, which is not known here")]
    UnknownFormat {
        /// The number found.
        format: u8,
    },
    /// The key is not among ours: it was lost, or belongs to another installation.
    #[error("what is stored is sealed with a key that is not here")]
    UnknownKey,
    /// Changed, or moved from another row or from another version.
    #[error("what is stored was altered or moved")]
    Altered,
    /// It opened, but its content is not what this version writes there.
    #[error("what is stored is of a form that is not known here")]
    UnknownContent,
    /// The library refused to seal: more bytes than it takes.
    #[error("could not seal what is to be stored")]
    NotSealed,
}

/// Where something sealed belongs. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Table and column, as in `tokens.sealed_token`.
    pub column: &'static str,
    /// The row's key.
    pub row: &'a [u8],
    /// What differs between two contents of one row: its version, or the date of its end.
    pub version: i64,
}

impl Place<'_> {
    /// Returns what is authenticated beside the content: all parts, each with its length before it.
    fn associated_data(&self, head: &[u8]) -> Vec<u8> {
        let version = self.version.to_be_bytes();
        let parts = [head, self.column.as_bytes(), self.row, &version];
        let mut bytes = Vec::with_capacity(128);
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

/// Seals with the newest key and opens with all of them. Cloning counts a reference.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    newest: Key,
    older: Vec<Key>,
    random: Arc<dyn Random>,
}

struct Key {
    id: [u8; KEY_ID_LEN],
    aead: LessSafeKey,
}

impl Sealer {
    /// Makes a sealer of `keys`; `random` gives the nonces.
    pub fn new(keys: &SealKeys, random: Arc<dyn Random>) -> Result<Self, SealError> {
        Ok(Self(Arc::new(Keys {
            newest: Key::derive(keys.newest())?,
            older: keys.older().map(Key::derive).collect::<Result<_, _>>()?,
            random,
        })))
    }

    /// Seals `content` for `place`.
    pub fn seal(&self, place: Place<'_>, content: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = &self.0.newest;
        let mut nonce = [0; NONCE_LEN];
        self.0.random.fill(&mut nonce);
        let mut sealed = Vec::with_capacity(HEAD_LEN + content.len() + AES_256_GCM_SIV.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&key.id);
        let associated_data = place.associated_data(&sealed);
        sealed.extend_from_slice(&nonce);
        let mut body = Zeroizing::new(content.to_vec());
        let tag = key
            .aead
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated_data),
                body.as_mut_slice(),
            )
            .map_err(|_| SealError::NotSealed)?;
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for the same `place`.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (head, rest) = sealed.split_at_checked(1 + KEY_ID_LEN).ok_or(SealError::TooShort)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(SealError::TooShort)?;
        let (format, key_id) = head.split_first().ok_or(SealError::TooShort)?;
        if *format != FORMAT {
            return Err(SealError::UnknownFormat { format: *format });
        }
        let key = self.find_key(key_id).ok_or(SealError::UnknownKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::TooShort)?;
        let mut content = Zeroizing::new(body.to_vec());
        let opened = key
            .aead
            .open_in_place(nonce, Aad::from(place.associated_data(head)), content.as_mut_slice())
            .map_err(|_| SealError::Altered)?
            .len();
        content.truncate(opened);
        Ok(content)
    }

    fn is_of_newest_key(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=KEY_ID_LEN) == Some(self.0.newest.id.as_slice())
    }

    fn find_key(&self, id: &[u8]) -> Option<&Key> {
        std::iter::once(&self.0.newest)
            .chain(&self.0.older)
            .find(|key| key.id == *id)
    }
}

/// What stands before the ciphertext.
const HEAD_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Key {
    /// Derives the cipher's key and its id, so that the 256 bits of the file serve for nothing by themselves (RFC 5869).
    fn derive(secret: &[u8]) -> Result<Self, SealError> {
        let extracted = Salt::new(HKDF_SHA256, b"cozegate store").extract(secret);
        let mut bytes = Zeroizing::new([0; 32]);
        expand(&extracted, b"seal key 1", bytes.as_mut_slice())?;
        let mut id = [0; KEY_ID_LEN];
        expand(&extracted, b"seal key id 1", &mut id)?;
        let unbound = UnboundKey::new(&AES_256_GCM_SIV, bytes.as_slice()).map_err(|_| SealError::NotSealed)?;
        let aead = LessSafeKey::new(unbound);
        Ok(Self { id, aead })
    }
}

/// As many bytes as wanted.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(extracted: &Prk, purpose: &[u8], bytes: &mut [u8]) -> Result<(), SealError> {
    extracted
        .expand(&[purpose], Length(bytes.len()))
        .and_then(|expanded| expanded.fill(bytes))
        .map_err(|_| SealError::NotSealed)
}
