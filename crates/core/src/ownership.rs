//! Ownership register: which visitor may use which conversation, chat and file (`identity.md` A6).
//!
//! Coze keeps visitors apart by `session_name`; this register is a second wall that does not depend on it. It learns from
//! answers that pass, keeps keyed digests and no ids, and asks memory first, then the store.

use coze_auth::{Clock, Subject};
use cozegate_policy::Id;
use cozegate_policy::ownership::{DigestKey, Kind};
use cozegate_store::{Backend, BackendError, OwnedDigest, OwnedId, OwnedKind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How many owners are kept in memory. Beyond that, memory is emptied and the store is asked again.
const MAX_KNOWN: usize = 200_000;
/// How many visitors' look-ups are remembered.
const MAX_LOOKUPS: usize = 20_000;
/// How often one visitor may cause a question to the platform.
const LOOKUPS_PER_MINUTE: usize = 6;
/// How long the platform's "no" is believed.
const NEGATIVE_FOR: Duration = Duration::from_mins(1);
const MINUTE: Duration = Duration::from_mins(1);
const SECONDS_PER_DAY: i64 = 86_400;

/// Whose an id is, for one visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The visitor's own.
    Own,
    /// Another visitor's.
    Other,
    /// Not known to the register.
    Unknown,
}

/// An entry in memory.
#[derive(Clone, Copy, Debug)]
struct Entry {
    owner: OwnedDigest,
    /// The day on which this process wrote the entry last.
    day: i64,
}

/// The day of an entry that this process has read and not written.
const UNKNOWN_DAY: i64 = i64::MIN;

/// The register of this process, in front of the store's.
#[derive(Debug)]
pub struct OwnershipRegister {
    key: DigestKey,
    known: papaya::HashMap<OwnedId, Entry>,
    lookups: Mutex<HashMap<OwnedDigest, Arc<Lookups>>>,
    backend: Backend,
    /// The runtime that the backend's connections belong to.
    background: Handle,
    clock: Arc<dyn Clock>,
}

/// The questions that one visitor has caused at the platform.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Held while one is under way: the next one may find what this one learned.
    pub turn: tokio::sync::Mutex<()>,
    asked: Mutex<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    /// When the last ones began.
    begun: Vec<Instant>,
    /// What the platform's list did not hold.
    absent: HashMap<OwnedDigest, Instant>,
}

impl OwnershipRegister {
    pub fn new(key: DigestKey, backend: Backend, background: Handle, clock: Arc<dyn Clock>) -> Self {
        Self {
            key,
            known: papaya::HashMap::new(),
            lookups: Mutex::default(),
            backend,
            background,
            clock,
        }
    }

    /// Whose each of `ids` is for `owner`, in their order. The visitor's own are used by this, so their entries are renewed.
    pub async fn owners(&self, ids: &[OwnedId], owner: &OwnedDigest) -> Result<Vec<Owner>, BackendError> {
        self.load(ids).await?;
        let (today, mut due) = (self.today(), Vec::new());
        let found = {
            let known = self.known.pin();
            let judge = |id: &OwnedId| match known.get(id) {
                Some(entry) if entry.owner == *owner => {
                    if entry.day < today {
                        due.push(*id);
                    }
                    Owner::Own
                }
                Some(_) => Owner::Other,
                None => Owner::Unknown,
            };
            ids.iter().map(judge).collect()
        };
        if !due.is_empty() {
            self.store(due, *owner).await;
        }
        Ok(found)
    }

    /// Brings the entries that memory does not have from the store.
    async fn load(&self, ids: &[OwnedId]) -> Result<(), BackendError> {
        let missing = self.unknown(ids);
        if missing.is_empty() {
            return Ok(());
        }
        let (backend, asked) = (self.backend.clone(), missing.clone());
        // A task of the background runtime, since connections of another runtime would end with it.
        let stored = self.background.spawn(async move { backend.find_owners(&asked).await });
        // A task that did not end is one of a process that stops.
        let Ok(stored) = stored.await else {
            return Ok(());
        };
        for (id, owner) in missing.into_iter().zip(stored?) {
            if let Some(owner) = owner {
                self.keep(
                    id,
                    Entry {
                        owner,
                        day: UNKNOWN_DAY,
                    },
                );
            }
        }
        Ok(())
    }

    fn unknown(&self, ids: &[OwnedId]) -> Vec<OwnedId> {
        let known = self.known.pin();
        ids.iter().filter(|id| !known.contains_key(*id)).copied().collect()
    }

    fn keep(&self, id: OwnedId, entry: Entry) {
        let known = self.known.pin();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(id, entry);
    }

    fn today(&self) -> i64 {
        self.clock.now().0.div_euclid(SECONDS_PER_DAY)
    }

    /// Registers ids that the platform gave to `owner`, in the store before the answer goes on. An id that has an owner
    /// keeps it. A store that is away costs the entry, not the answer.
    pub async fn learn(&self, ids: &[OwnedId], owner: OwnedDigest) {
        let new = self.unknown(ids);
        if !new.is_empty() {
            self.store(new, owner).await;
        }
    }

    /// The same as [`learn`](Self::learn) for a stream that goes on meanwhile: this process knows the owner at once, the
    /// store a moment later.
    pub fn learn_meanwhile(self: &Arc<Self>, ids: &[OwnedId], owner: OwnedDigest) {
        let new = self.unknown(ids);
        if new.is_empty() {
            return;
        }
        for id in &new {
            self.keep(
                *id,
                Entry {
                    owner,
                    day: self.today(),
                },
            );
        }
        let register = Arc::clone(self);
        self.background.spawn(async move { register.store(new, owner).await });
    }

    /// Writes entries, or renews their day, and keeps in memory what the store says then: another instance may have been
    /// first.
    async fn store(&self, ids: Vec<OwnedId>, owner: OwnedDigest) {
        let (backend, asked, day) = (self.backend.clone(), ids.clone(), self.today());
        let stored = self.background.spawn(async move {
            backend.insert_owned(&asked, &owner, day).await?;
            backend.find_owners(&asked).await
        });
        let owners = match stored.await {
            Ok(Ok(owners)) => owners,
            Ok(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "The owner of a conversation or file could not be stored; this instance knows it until it stops"
                );
                vec![None; ids.len()]
            }
            Err(_stopping) => return,
        };
        for (id, found) in ids.into_iter().zip(owners) {
            let owner = found.unwrap_or(owner);
            self.keep(id, Entry { owner, day });
        }
    }

    /// The owner of an id, as far as this process knows.
    pub fn known_owner(&self, id: &OwnedId) -> Option<OwnedDigest> {
        self.known.pin().get(id).map(|entry| entry.owner)
    }

    /// The questions of one visitor at the platform.
    pub fn lookups_of(&self, owner: &OwnedDigest) -> Arc<Lookups> {
        let mut all = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_LOOKUPS {
            all.retain(|_, lookups| Arc::strong_count(lookups) > 1 || !lookups.is_stale());
        }
        Arc::clone(all.entry(*owner).or_default())
    }
}

impl Lookups {
    /// Whether the platform may be asked about `id` now: it has not just said no, and the visitor has not asked too often.
    /// Counts the question.
    pub fn begin(&self, id: &OwnedId) -> bool {
        let now = Instant::now();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.begun.retain(|begun| now.duration_since(*begun) < MINUTE);
        asked
            .absent
            .retain(|_, since| now.duration_since(*since) < NEGATIVE_FOR);
        if asked.absent.contains_key(&id.1) || asked.begun.len() >= LOOKUPS_PER_MINUTE {
            return false;
        }
        asked.begun.push(now);
        true
    }

    /// The platform's list does not hold `id`.
    pub fn remember_absent(&self, id: &OwnedId) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.absent.insert(id.1, Instant::now());
    }

    fn is_stale(&self) -> bool {
        let now = Instant::now();
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.begun.iter().all(|begun| now.duration_since(*begun) >= MINUTE)
    }
}

impl OwnershipRegister {
    /// The entry of an id.
    pub fn entry(&self, kind: Kind, id: Id) -> OwnedId {
        let stored = match kind {
            Kind::Conversation => OwnedKind::Conversation,
            Kind::Chat => OwnedKind::Chat,
            Kind::File => OwnedKind::File,
        };
        (stored, self.key.id(kind, id).0)
    }

    /// The digest of a visitor. A `session_name` is derived from app, site and visitor, so it names the owner alone.
    pub fn owner(&self, subject: &Subject) -> OwnedDigest {
        let name = subject.session_name.as_ref().map_or("", |name| name.as_str());
        self.key.owner(name).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::{ManualClock, Random, SystemRandom, UnixSeconds};
    use cozegate_store::{Database, SealKeys, Sealer};

    const FIRST_DAY: i64 = 20_000;

    fn register(backend: &Backend, clock: &Arc<ManualClock>) -> Arc<OwnershipRegister> {
        let key = DigestKey::new(b"a secret of the test");
        let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
        Arc::new(OwnershipRegister::new(key, backend.clone(), Handle::current(), clock))
    }

    async fn backend() -> Backend {
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let sealer = Sealer::new(&SealKeys::throw_away(random.as_ref()), Arc::clone(&random)).unwrap();
        Database::open_in_memory(sealer, random).await.unwrap().into()
    }

    fn clock_at(day: i64) -> Arc<ManualClock> {
        Arc::new(ManualClock::new(UnixSeconds(day * SECONDS_PER_DAY)))
    }

    #[tokio::test]
    async fn ids_of_a_stream_are_known_before_the_store_has_them() {
        let register = register(&backend().await, &clock_at(FIRST_DAY));
        let id = register.entry(Kind::Conversation, Id::parse(b"75").unwrap());

        register.learn_meanwhile(&[id], [1; 16]);

        // No await in between: the caller may ask for the conversation as soon as it has read the event.
        assert_eq!(register.known_owner(&id), Some([1; 16]));
    }

    #[tokio::test]
    async fn first_owner_stays_whoever_learns_later() {
        let backend = backend().await;
        let (one, other) = (
            register(&backend, &clock_at(FIRST_DAY)),
            register(&backend, &clock_at(FIRST_DAY)),
        );
        let id = one.entry(Kind::File, Id::parse(b"75").unwrap());
        one.learn(&[id], [1; 16]).await;

        other.learn(&[id], [2; 16]).await;

        assert_eq!(other.owners(&[id, id], &[2; 16]).await.unwrap(), [Owner::Other; 2]);
        assert_eq!(other.owners(&[id], &[1; 16]).await.unwrap(), [Owner::Own]);
    }

    #[tokio::test]
    async fn entry_in_use_outlives_the_sweep_and_one_out_of_use_does_not() {
        let backend = backend().await;
        let clock = clock_at(FIRST_DAY);
        let long_lived = register(&backend, &clock);
        let [used, unused] = [&b"75"[..], b"76"].map(|id| long_lived.entry(Kind::File, Id::parse(id).unwrap()));
        long_lived.learn(&[used, unused], [1; 16]).await;

        clock.advance(Duration::from_hours(24 * 179));
        long_lived.owners(&[used], &[1; 16]).await.unwrap();
        clock.advance(Duration::from_hours(24 * 100));
        backend.sweep(clock.now()).await.unwrap();

        let after_a_restart = register(&backend, &clock);
        let found = after_a_restart.owners(&[used, unused], &[1; 16]).await.unwrap();
        assert_eq!(found, [Owner::Own, Owner::Unknown]);
    }
}
