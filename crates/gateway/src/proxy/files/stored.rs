//! A stored file as bytes on disk, and back. Pure.
//!
//! One file holds all of it, so that one rename puts it in place: a line with a digest of everything behind it, a line of
//! JSON, the bytes. What does not fit its digest, or belongs to another key, is no stored file.

use crate::encoding::Encoding;
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use coze_auth::UnixSeconds;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use url::Url;

const MAGIC: &[u8] = b"cozegate-file-1 ";
const DIGEST_LENGTH: usize = 64;

/// Which file, in which coding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    url: String,
    encoding: Encoding,
}

/// A file as its host has sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// What is kept of its fields.
    pub(super) fields: HeaderMap,
    /// When it came, or was last confirmed.
    pub(super) received: UnixSeconds,
    /// The bytes, in the coding that the fields name.
    pub(super) file: Bytes,
}

/// The line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    url: String,
    encoding: String,
    received: i64,
    fields: Vec<(String, String)>,
}

impl Key {
    pub(super) fn new(url: &Url, encoding: Encoding) -> Self {
        Self {
            url: url.as_str().to_owned(),
            encoding,
        }
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Its name on disk: a hash, so that no URL has a say in where a file lies.
    pub(super) fn file_name(&self) -> String {
        hex_digest(&[self.encoding.name().as_bytes(), b" ", self.url.as_bytes()].concat())
    }
}

impl Stored {
    /// As it lies on disk.
    pub(super) fn to_bytes(&self, key: &Key) -> Result<Vec<u8>, serde_json::Error> {
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let head = Head {
            url: key.url.clone(),
            encoding: key.encoding.name().to_owned(),
            received: self.received.0,
            fields: self
                .fields
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
        };
        let mut rest = serde_json::to_vec(&head)?;
        rest.push(b'\n');
        rest.extend_from_slice(&self.file);
        Ok([MAGIC, hex_digest(&rest).as_bytes(), b"\n", &rest].concat())
    }

    /// Reads what lies on disk; `None` when it is not what was put there for `key`.
    pub(super) fn from_bytes(bytes: &Bytes, key: &Key) -> Option<Self> {
        let behind_magic = bytes.strip_prefix(MAGIC)?;
        let (stated, rest) = behind_magic.split_at_checked(DIGEST_LENGTH)?;
        let rest = rest.strip_prefix(b"\n")?;
        if hex_digest(rest).as_bytes() != stated {
            return None;
        }
        let head_length = rest.iter().position(|byte| *byte == b'\n')?;
        let (head, file) = rest.split_at_checked(head_length + 1)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        if head.url != key.url || head.encoding != key.encoding.name() {
            return None;
        }
        let fields = head.fields.iter().map(|(name, value)| {
            let name = HeaderName::try_from(name.as_str()).ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        });
        Some(Self {
            fields: fields.collect::<Option<HeaderMap>>()?,
            received: UnixSeconds(head.received),
            file: bytes.slice_ref(file),
        })
    }
}

fn hex_digest(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(DIGEST_LENGTH);
    for byte in digest(&SHA256, bytes).as_ref() {
        // Writing into a string does not fail.
        let _always = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(url: &str, encoding: Encoding) -> Key {
        Key::new(&url.parse().unwrap(), encoding)
    }

    fn stored() -> Stored {
        Stored {
            fields: HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("\"1\""))]),
            received: UnixSeconds(1_900_000_000),
            file: Bytes::from_static(b"SDK = 1;\n\n"),
        }
    }

    #[test]
    fn what_was_put_down_is_read_for_the_same_key_alone() {
        let (this, stored) = (key("https://a.test/x.js", Encoding::Brotli), stored());
        let bytes = Bytes::from(stored.to_bytes(&this).unwrap());

        assert_eq!(Stored::from_bytes(&bytes, &this), Some(stored));
        for other in [
            key("https://a.test/x.js", Encoding::Gzip),
            key("https://a.test/y.js", Encoding::Brotli),
        ] {
            assert_eq!(Stored::from_bytes(&bytes, &other), None);
            assert_ne!(other.file_name(), this.file_name());
        }
    }

    #[test]
    fn no_change_of_a_byte_and_no_cut_is_read() {
        let (key, stored) = (key("https://a.test/x.js", Encoding::Identity), stored());
        let bytes = stored.to_bytes(&key).unwrap();
        let mut let_through = 0;
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let_through += usize::from(Stored::from_bytes(&changed.into(), &key).is_some());
            let_through += usize::from(Stored::from_bytes(&bytes[..at].to_vec().into(), &key).is_some());
        }

        println!(
            "damaged files: bad tried {} / let through {let_through}",
            2 * bytes.len()
        );
        assert_eq!(let_through, 0);
    }
}
