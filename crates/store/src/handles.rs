//! Handles: what a page or a program holds instead of a Coze token.
//!
//! A handle is 256 random bits. It is kept as its SHA-256 only, so that whoever reads our memory dump or our
//! database finds nothing that opens a chat. Looking one up is on the proxy's hot path: one hash, one lock-free read.
//!
//! This is the "phantom token" arrangement: revoking a handle acts at once, although the Coze token behind it lives on.

use aws_lc_rs::digest::{SHA256, digest};
use coze_auth::{Random, Subject, UnixSeconds};
use secrecy::{ExposeSecret, SecretString};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What every handle starts with, so that a person and a secret scanner can tell it from Coze's own tokens.
pub const HANDLE_PREFIX: &str = "cgh_";

/// 256 random bits in base64url.
const RANDOM_CHARACTERS: usize = 43;

/// How many handles are taken in between two sweeps of the expired ones.
const KEPT_BETWEEN_SWEEPS: usize = 1024;

/// An opaque stand-in for a Coze token: `cgh_` and 43 characters of base64url.
///
/// It is a bearer secret: no `==`, no serialization, and [`expose`](Self::expose) is the visible act of reading it.
#[derive(Clone)]
pub struct Handle(SecretString);

impl Handle {
    /// Makes a new one.
    pub(crate) fn draw(random: &dyn Random) -> Self {
        let text = format!("{HANDLE_PREFIX}{}", coze_auth::random::base64url(random, 32));
        Self(SecretString::from(text))
    }

    /// Returns the handle's text, for the one answer that hands it out.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Says whether a text has the form of a handle. What has not need not be looked up anywhere.
pub fn is_well_formed(text: &str) -> bool {
    let random = text.strip_prefix(HANDLE_PREFIX).unwrap_or_default();
    random.len() == RANDOM_CHARACTERS
        && random
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handle(..)")
    }
}

/// The site of handles that were stored before sites existed, and of a configuration without sites.
pub const DEFAULT_SITE: &str = "main";

/// How a handle's holder was recognized when the handle was issued. The visitor policy depends on it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Grade {
    /// An anonymous visitor in public mode.
    #[default]
    Anonymous,
    /// A foreign page in local mode (its origin is listed).
    LocalPage,
    /// The owner of the machine in local mode.
    Local,
}

impl Grade {
    /// Returns the name that is stored and logged.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::LocalPage => "local_page",
            Self::Local => "local",
        }
    }

    /// Returns the grade with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Anonymous, Self::LocalPage, Self::Local]
            .into_iter()
            .find(|grade| grade.name() == name)
    }
}

/// The stored content of a handle.
#[derive(Clone, Debug)]
pub struct HandleRecord {
    /// The app, by its name in the configuration, whose visitor holds it.
    pub app: Arc<str>,
    /// The site, by its name in the configuration, that issued the handle.
    pub site: Arc<str>,
    /// How the holder was recognized.
    pub grade: Grade,
    /// The subject whose Coze token replaces the handle on the way to the platform.
    pub subject: Subject,
    /// The public id of the session's user (`user.id`), to which `user_id` is pinned. Empty for handles that an older
    /// version stored.
    pub user_id: Arc<str>,
    /// The origin of the page that opened the session, if the request named one.
    pub origin: Option<Arc<str>>,
    /// From this second on the handle is unknown.
    pub expires_at: UnixSeconds,
}

/// SHA-256 of a handle's text.
pub(crate) type HandleHash = [u8; 32];

/// One record in hand.
#[derive(Debug)]
struct Kept {
    record: Arc<HandleRecord>,
    /// When it was issued here, or found in the database.
    seen_at: UnixSeconds,
}

/// Takes the first eight bytes of a key: keys are SHA-256 values already, hashing them again would buy nothing.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Called with the length prefix and with the key: mixing both keeps whichever carries the entropy.
        for chunk in bytes.chunks(8).take(1) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_usize(&mut self, _length: usize) {}
}

/// All live handles of this process. Cheap to read from many threads at once.
#[derive(Debug, Default)]
pub struct HandleTable {
    records: papaya::HashMap<HandleHash, Kept, BuildHasherDefault<FirstBytes>>,
    kept: AtomicUsize,
}

impl HandleTable {
    /// Makes a new handle that stands for `record`.
    pub fn issue(&self, record: HandleRecord, now: UnixSeconds, random: &dyn Random) -> Handle {
        let handle = Handle::draw(random);
        self.keep(handle.expose(), Arc::new(record), now);
        handle
    }

    /// Holds a record that was seen just now.
    pub(crate) fn keep(&self, handle: &str, record: Arc<HandleRecord>, now: UnixSeconds) {
        if self.kept.fetch_add(1, Ordering::Relaxed) % KEPT_BETWEEN_SWEEPS == KEPT_BETWEEN_SWEEPS - 1 {
            self.sweep(now);
        }
        self.records.pin().insert(hash(handle), Kept { record, seen_at: now });
    }

    /// Returns what `handle` stands for; `None` when it is unknown, revoked or expired.
    pub fn find(&self, handle: &str, now: UnixSeconds) -> Option<Arc<HandleRecord>> {
        let records = self.records.pin();
        let kept = records.get(&hash(handle))?;
        (now < kept.record.expires_at).then(|| Arc::clone(&kept.record))
    }

    /// The same as [`find`](Self::find) for a record that was issued or seen in the
    /// backend not longer than `age` ago. A record from the future was seen before the clock was set back, nobody knows
    /// when.
    pub fn find_seen_within(&self, handle: &str, now: UnixSeconds, age: Duration) -> Option<Arc<HandleRecord>> {
        let records = self.records.pin();
        let kept = records.get(&hash(handle))?;
        let is_recent = kept.seen_at <= now && now.since(kept.seen_at) <= age;
        (is_recent && now < kept.record.expires_at).then(|| Arc::clone(&kept.record))
    }

    /// Forgets all handles of `subject` at the app of this name at once.
    pub fn revoke_all_of(&self, app: &str, subject: &Subject) {
        self.records
            .pin()
            .retain(|_, kept| *kept.record.app != *app || kept.record.subject != *subject);
    }

    /// Forgets `handle` at once. Returns whether it was known.
    pub fn revoke(&self, handle: &str) -> bool {
        self.records.pin().remove(&hash(handle)).is_some()
    }

    /// Drops what has expired.
    pub fn sweep(&self, now: UnixSeconds) {
        self.records.pin().retain(|_, kept| now < kept.record.expires_at);
    }

    /// Returns how many handles are held, the expired ones not yet swept included.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether no handle is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

pub(crate) fn hash(handle: &str) -> HandleHash {
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(digest(&SHA256, handle.as_bytes()).as_ref()) {
        *to = *from;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::{SeededRandom, SessionName};

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn subject(name: &str) -> Subject {
        Subject::of(SessionName::parse(name).unwrap())
    }

    fn record(name: &str, now: UnixSeconds, lifetime: Duration) -> HandleRecord {
        HandleRecord {
            app: "main".into(),
            site: DEFAULT_SITE.into(),
            grade: Grade::Anonymous,
            subject: subject(name),
            user_id: "v_1".into(),
            origin: None,
            expires_at: now + lifetime,
        }
    }

    #[test]
    fn a_handle_finds_its_own_subject_until_it_expires() {
        let table = HandleTable::default();
        let random = SeededRandom::new(1);
        let handle_a = table.issue(record("a", NOW, HOUR), NOW, &random);
        let handle_b = table.issue(record("b", NOW, HOUR), NOW, &random);

        assert_eq!(table.find(handle_a.expose(), NOW).unwrap().subject, subject("a"));
        assert_eq!(table.find(handle_b.expose(), NOW).unwrap().subject, subject("b"));
        assert!(table.find(handle_a.expose(), NOW + HOUR).is_none());
        assert!(table.find("cgh_unknown", NOW).is_none());
    }

    #[test]
    fn a_handle_is_256_random_bits_and_is_not_kept_in_clear() {
        let table = HandleTable::default();
        let handle = table.issue(record("a", NOW, HOUR), NOW, &SeededRandom::new(1));

        assert!(is_well_formed(handle.expose()));
        for text in [
            "cgh_",
            "cgh_x",
            &handle.expose().replace("cgh_", "cgt_"),
            &format!("{}x", handle.expose()),
        ] {
            assert!(!is_well_formed(text), "{text}");
        }
        assert!(!format!("{table:?} {handle:?}").contains(handle.expose()));
    }

    #[test]
    fn revoking_acts_at_once_and_sweeping_drops_the_expired_ones_only() {
        let table = HandleTable::default();
        let random = SeededRandom::new(1);
        let revoked = table.issue(record("a", NOW, HOUR), NOW, &random);
        let short = table.issue(record("a", NOW, Duration::from_secs(1)), NOW, &random);
        let long = table.issue(record("a", NOW, HOUR), NOW, &random);

        assert!(table.revoke(revoked.expose()));
        assert!(!table.revoke(revoked.expose()));
        table.sweep(NOW + Duration::from_secs(1));

        assert!(table.find(revoked.expose(), NOW).is_none());
        assert!(table.find(short.expose(), NOW).is_none());
        assert!(table.find(long.expose(), NOW).is_some());
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn expired_handles_do_not_pile_up_while_new_ones_are_issued() {
        let table = HandleTable::default();
        let random = SeededRandom::new(1);
        for round in 0..4 * KEPT_BETWEEN_SWEEPS {
            let now = NOW + Duration::from_secs(round.try_into().unwrap());
            drop(table.issue(record("a", now, Duration::from_secs(10)), now, &random));
        }

        assert!(table.len() <= KEPT_BETWEEN_SWEEPS + 10, "{} held", table.len());
    }
}
