//! A stored file, and the entry that describes it on disk. Pure.
//!
//! An entry holds the bytes of the file, then one line of JSON, then a tail of fixed length with an HMAC of that line. The line
//! holds a digest of every piece of the bytes, so the HMAC covers all of them, and a reader can check one piece at a time.
//! The HMAC key is derived from the gateway's secret: an entry that another program has written is not an entry.

use super::content::{Content, PIECE_BYTES, PieceDigest};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use coze_auth::UnixSeconds;
use cozegate_core::encoding::Encoding;
use cozegate_store::GatewaySecret;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use url::Url;

const MAGIC: &str = "cozegate-file-2";
const MAC_DIGITS: usize = 64;
const LENGTH_DIGITS: usize = 8;
/// Magic, length of the line, HMAC, with two blanks and a line end.
pub(super) const TAIL_BYTES: usize = MAGIC.len() + 1 + LENGTH_DIGITS + 1 + MAC_DIGITS + 1;
/// The line of a file of 256 MiB, with more fields than a host may send.
pub(super) const LONGEST_LINE: usize = 1024 * 1024;
/// Ends the names of entries whose URL has a query.
const QUERY_SUFFIX: char = 'q';

/// Names and authenticates entries.
pub struct EntryKey(hmac::Key);

impl EntryKey {
    /// Derives the key. The label carries a version.
    pub fn derive(secret: &GatewaySecret) -> Self {
        let root = hmac::Key::new(HMAC_SHA256, secret.expose());
        let key = hmac::sign(&root, b"cozegate file cache v2");
        Self(hmac::Key::new(HMAC_SHA256, key.as_ref()))
    }

    /// `purpose` separates names from lines.
    fn hex_mac(&self, purpose: &[u8], text: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose);
        context.update(b"\0");
        context.update(text);
        hex(context.sign().as_ref())
    }
}

impl std::fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EntryKey(..)")
    }
}

/// Which file, in which coding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    url: String,
    encoding: Encoding,
    has_query: bool,
}

/// A file as its host has sent it.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// What is kept of its fields.
    pub(super) fields: HeaderMap,
    /// When it came, or was last confirmed.
    pub(super) received: UnixSeconds,
    /// The bytes, in the coding that the fields name.
    pub(super) content: Content,
}

/// The line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    url: String,
    encoding: String,
    received: i64,
    fields: Vec<(String, String)>,
    length: u64,
    pieces: String,
}

impl Key {
    pub(super) fn new(url: &Url, encoding: Encoding) -> Self {
        Self {
            url: url.as_str().to_owned(),
            encoding,
            has_query: url.query().is_some(),
        }
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Its name on disk: a keyed hash, so that no URL decides where a file lies, and gateways with different secrets do not
    /// meet in one folder. The name says whether the URL has a query: such entries are evicted first.
    pub(super) fn file_name(&self, key: &EntryKey) -> String {
        let text = [self.encoding.name().as_bytes(), b" ", self.url.as_bytes()].concat();
        let mut name = key.hex_mac(b"name", &text);
        if self.has_query {
            name.push(QUERY_SUFFIX);
        }
        name
    }
}

/// Whether `name` is that of an entry, and then whether its URL has a query.
pub(super) fn entry_name(name: &str) -> Option<bool> {
    let (digits, has_query) = match name.strip_suffix(QUERY_SUFFIX) {
        Some(digits) => (digits, true),
        None => (name, false),
    };
    let is_name = digits.len() == MAC_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then_some(has_query)
}

/// Makes what stands behind the bytes of an entry: line and tail.
pub(super) fn seal(described: &Described, key: &Key, entry_key: &EntryKey) -> serde_json::Result<Vec<u8>> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let line = Line {
        url: key.url.clone(),
        encoding: key.encoding.name().to_owned(),
        received: described.received.0,
        fields: described
            .fields
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        length: described.length,
        pieces: BASE64_STANDARD_NO_PAD.encode(described.pieces.concat()),
    };
    let mut sealed = serde_json::to_vec(&line)?;
    let mac = entry_key.hex_mac(b"entry", &sealed);
    let tail = format!("{MAGIC} {:0LENGTH_DIGITS$x} {mac}\n", sealed.len());
    sealed.extend_from_slice(tail.as_bytes());
    Ok(sealed)
}

/// Reads the length of the line from the tail of an entry.
pub(super) fn line_length(tail: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(tail).ok()?;
    let (digits, _) = text.strip_prefix(MAGIC)?.strip_prefix(' ')?.split_once(' ')?;
    let length = usize::from_str_radix(digits, 16).ok()?;
    (digits.len() == LENGTH_DIGITS && length <= LONGEST_LINE).then_some(length)
}

/// What line and tail of an entry say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) fields: HeaderMap,
    pub(super) received: UnixSeconds,
    pub(super) length: u64,
    pub(super) pieces: Vec<PieceDigest>,
}

/// Opens line and tail of the entry of `key`; `None` when they are not what [`seal`] made for it.
pub(super) fn open(line: &[u8], tail: &[u8], key: &Key, entry_key: &EntryKey) -> Option<Described> {
    let stated = std::str::from_utf8(tail).ok()?.strip_suffix('\n')?.rsplit(' ').next()?;
    let mac = entry_key.hex_mac(b"entry", line);
    aws_lc_rs::constant_time::verify_slices_are_equal(mac.as_bytes(), stated.as_bytes()).ok()?;
    let line: Line = serde_json::from_slice(line).ok()?;
    if line.url != key.url || line.encoding != key.encoding.name() {
        return None;
    }
    let fields = line.fields.iter().map(|(name, value)| {
        let name = HeaderName::try_from(name.as_str()).ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    let fields = fields.collect::<Option<HeaderMap>>()?;
    let digests = BASE64_STANDARD_NO_PAD.decode(line.pieces).ok()?;
    let (digests, rest) = digests.as_chunks::<{ size_of::<PieceDigest>() }>();
    let pieces = usize::try_from(line.length).ok()?.div_ceil(PIECE_BYTES);
    if !rest.is_empty() || digests.len() != pieces {
        return None;
    }
    Some(Described {
        fields,
        received: UnixSeconds(line.received),
        length: line.length,
        pieces: digests.to_vec(),
    })
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string does not fail.
        let _always = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::super::content::digest_of;
    use super::*;
    use coze_auth::SeededRandom;

    const FILE: &[u8] = b"SDK = 1;\n\n";

    fn key(url: &str, encoding: Encoding) -> Key {
        Key::new(&url.parse().unwrap(), encoding)
    }

    fn entry_key(seed: u64) -> EntryKey {
        EntryKey::derive(&GatewaySecret::throw_away(&SeededRandom::new(seed)))
    }

    fn described() -> Described {
        Described {
            fields: HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("\"1\""))]),
            received: UnixSeconds(1_900_000_000),
            length: 10,
            pieces: vec![digest_of(FILE)],
        }
    }

    fn opened(sealed: &[u8], key: &Key, entry_key: &EntryKey) -> Option<Described> {
        let (line, tail) = sealed.split_at_checked(sealed.len().checked_sub(TAIL_BYTES)?)?;
        if line_length(tail) != Some(line.len()) {
            return None;
        }
        open(line, tail, key, entry_key)
    }

    #[test]
    fn entry_is_opened_for_its_own_key_and_secret_alone() {
        let this = key("https://a.test/x.js", Encoding::Brotli);
        let sealed = seal(&described(), &this, &entry_key(1)).unwrap();

        assert_eq!(opened(&sealed, &this, &entry_key(1)), Some(described()));
        assert_eq!(opened(&sealed, &this, &entry_key(2)), None, "another secret");
        for other in [
            key("https://a.test/x.js", Encoding::Gzip),
            key("https://a.test/y.js", Encoding::Brotli),
        ] {
            assert_eq!(opened(&sealed, &other, &entry_key(1)), None);
            assert_ne!(other.file_name(&entry_key(1)), this.file_name(&entry_key(1)));
        }
        assert_ne!(this.file_name(&entry_key(1)), this.file_name(&entry_key(2)));
    }

    #[test]
    fn no_change_of_a_byte_and_no_cut_is_opened() {
        let key = key("https://a.test/x.js", Encoding::Identity);
        let sealed = seal(&described(), &key, &entry_key(1)).unwrap();
        let mut let_through = 0;
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let_through += usize::from(opened(&changed, &key, &entry_key(1)).is_some());
            let_through += usize::from(opened(&sealed[..at], &key, &entry_key(1)).is_some());
        }

        println!(
            "damaged entries: bad tried {} / let through {let_through}",
            2 * sealed.len()
        );
        assert_eq!(let_through, 0);
    }

    #[test]
    fn name_tells_whether_the_url_has_a_query() {
        let name = |url| key(url, Encoding::Identity).file_name(&entry_key(1));

        assert_eq!(entry_name(&name("https://a.test/x.js")), Some(false));
        assert_eq!(entry_name(&name("https://a.test/x.js?a")), Some(true));
        for other in [
            "",
            "q",
            "unfinished-1-2",
            &"g".repeat(64),
            &"0".repeat(63),
            &"0".repeat(66),
        ] {
            assert_eq!(entry_name(other), None, "{other}");
        }
    }
}
