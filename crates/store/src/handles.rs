//! Handles: what a page or a program holds instead of a Coze token.
//!
//! A handle is 256 random bits. It is kept as its SHA-256 only, so that whoever reads our memory dump or our
//! database finds nothing that opens a chat. Looking one up is on the proxy's hot path: one hash, one lock-free read.
//!
//! This is the "phantom token" arrangement: revoking a handle acts at once, although the Coze token behind it lives on.

use aws_lc_rs::digest::{SHA256, digest};
use coze_auth::{Random, Subject, UnixSeconds};
use secrecy::{ExposeSecret, SecretString};
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
pub type HandleHash = [u8; 32];

/// The record of an issued handle, and the digest under which it is stored.
#[derive(Clone, Debug)]
pub struct KnownHandle {
    /// The key of the handle in every store. Not a secret: the handle cannot be computed from it.
    pub hash: HandleHash,
    /// What is stored under it.
    pub record: HandleRecord,
}

impl Deref for KnownHandle {
    type Target = HandleRecord;

    fn deref(&self) -> &HandleRecord {
        &self.record
    }
}

/// One cached record.
#[derive(Debug)]
struct Kept {
    handle: Arc<KnownHandle>,
    sighting: Sighting,
}

/// When a record was issued here or read from the backend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    pub(crate) at: UnixSeconds,
    /// The number of the watch's epoch before the backend was asked; see [`crate::revocations`].
    pub(crate) epoch: u64,
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

/// Cache of the live handles of this process. Reads take no lock.
#[derive(Debug, Default)]
pub(crate) struct HandleTable {
    records: papaya::HashMap<HandleHash, Kept, BuildHasherDefault<FirstBytes>>,
    kept: AtomicUsize,
}

impl HandleTable {
    /// Caches a record.
    pub(crate) fn keep(&self, handle: Arc<KnownHandle>, sighting: Sighting) {
        if self.kept.fetch_add(1, Ordering::Relaxed) % KEPT_BETWEEN_SWEEPS == KEPT_BETWEEN_SWEEPS - 1 {
            self.sweep(sighting.at);
        }
        self.records.pin().insert(handle.hash, Kept { handle, sighting });
    }

    /// Returns the record under `hash` if it has not expired and `is_current` accepts its sighting.
    pub(crate) fn find(
        &self,
        hash: &HandleHash,
        now: UnixSeconds,
        is_current: impl FnOnce(Sighting) -> bool,
    ) -> Option<Arc<KnownHandle>> {
        let records = self.records.pin();
        let kept = records.get(hash)?;
        (now < kept.handle.expires_at && is_current(kept.sighting)).then(|| Arc::clone(&kept.handle))
    }

    /// Forgets all handles of `subject` at the app of this name at once.
    pub(crate) fn revoke_all_of(&self, app: &str, subject: &Subject) {
        self.records
            .pin()
            .retain(|_, kept| *kept.handle.app != *app || kept.handle.subject != *subject);
    }

    /// Forgets a handle at once. Returns whether it was known.
    pub(crate) fn revoke(&self, hash: &HandleHash) -> bool {
        self.records.pin().remove(hash).is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Forgets every handle.
    pub(crate) fn clear(&self) {
        self.records.pin().clear();
    }

    /// Drops the expired ones.
    pub(crate) fn sweep(&self, now: UnixSeconds) {
        self.records.pin().retain(|_, kept| now < kept.handle.expires_at);
    }
}

/// Returns the beginning of a handle's hash in hexadecimal, by which an operator finds its row.
pub fn fingerprint(handle: &str) -> String {
    hash(handle).iter().take(6).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
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
    use std::time::Duration;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn subject(name: &str) -> Subject {
        Subject::of(SessionName::parse(name).unwrap())
    }

    fn keep(table: &HandleTable, handle: &Handle, name: &str, now: UnixSeconds, lifetime: Duration) -> HandleHash {
        let hash = hash(handle.expose());
        let record = HandleRecord {
            app: "main".into(),
            site: DEFAULT_SITE.into(),
            grade: Grade::Anonymous,
            subject: subject(name),
            user_id: "v_1".into(),
            origin: None,
            expires_at: now + lifetime,
        };
        table.keep(Arc::new(KnownHandle { hash, record }), Sighting { at: now, epoch: 0 });
        hash
    }

    fn find(table: &HandleTable, hash: &HandleHash, now: UnixSeconds) -> Option<Arc<KnownHandle>> {
        table.find(hash, now, |_| true)
    }

    #[test]
    fn a_handle_finds_its_own_subject_until_it_expires() {
        let table = HandleTable::default();
        let random = SeededRandom::new(1);
        let handle_a = keep(&table, &Handle::draw(&random), "a", NOW, HOUR);
        let handle_b = keep(&table, &Handle::draw(&random), "b", NOW, HOUR);

        assert_eq!(find(&table, &handle_a, NOW).unwrap().subject, subject("a"));
        assert_eq!(find(&table, &handle_b, NOW).unwrap().subject, subject("b"));
        assert!(find(&table, &handle_a, NOW + HOUR).is_none());
        assert!(find(&table, &hash("cgh_unknown"), NOW).is_none());
        assert!(table.find(&handle_a, NOW, |_| false).is_none());
    }

    #[test]
    fn a_handle_is_256_random_bits_and_is_not_kept_in_clear() {
        let table = HandleTable::default();
        let handle = Handle::draw(&SeededRandom::new(1));
        keep(&table, &handle, "a", NOW, HOUR);

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
        let revoked = keep(&table, &Handle::draw(&random), "a", NOW, HOUR);
        let short = keep(&table, &Handle::draw(&random), "a", NOW, Duration::from_secs(1));
        let long = keep(&table, &Handle::draw(&random), "a", NOW, HOUR);

        assert!(table.revoke(&revoked));
        assert!(!table.revoke(&revoked));
        table.sweep(NOW + Duration::from_secs(1));

        assert!(find(&table, &revoked, NOW).is_none());
        assert!(find(&table, &short, NOW).is_none());
        assert!(find(&table, &long, NOW).is_some());
        assert_eq!(table.records.len(), 1);
    }

    #[test]
    fn expired_handles_do_not_pile_up_while_new_ones_are_issued() {
        let table = HandleTable::default();
        let random = SeededRandom::new(1);
        for round in 0..4 * KEPT_BETWEEN_SWEEPS {
            let now = NOW + Duration::from_secs(round.try_into().unwrap());
            keep(&table, &Handle::draw(&random), "a", now, Duration::from_secs(10));
        }

        let held = table.records.len();
        assert!(held <= KEPT_BETWEEN_SWEEPS + 10, "{held} held");
    }
}
