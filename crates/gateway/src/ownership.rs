//! Ownership register: which visitor may use which conversation, chat and file (`identity.md` A6).
//!
//! Coze keeps visitors apart by `session_name`; this register is a second wall that does not depend on it. It learns from
//! answers that pass, keeps keyed digests and no ids, and asks memory first, then the store.

use coze_auth::{Clock, Subject};
use cozegate_core::Id;
use cozegate_core::ownership::{DigestKey, Kind};
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
pub(crate) enum Owner {
    /// The visitor's own.
    Own,
    /// Another visitor's.
    Other,
    /// Not known to the register.
    Unknown,
}

/// The register of this process, in front of the store's.
#[derive(Debug)]
pub(crate) struct OwnershipRegister {
    key: DigestKey,
    known: papaya::HashMap<OwnedId, OwnedDigest>,
    lookups: Mutex<HashMap<OwnedDigest, Arc<Lookups>>>,
    backend: Backend,
    /// The runtime that the backend's connections belong to.
    background: Handle,
    clock: Arc<dyn Clock>,
}

/// The questions that one visitor has caused at the platform.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    /// Held while one is under way: the next one may find what this one learned.
    pub(crate) turn: tokio::sync::Mutex<()>,
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
    pub(crate) fn new(key: DigestKey, backend: Backend, background: Handle, clock: Arc<dyn Clock>) -> Self {
        Self {
            key,
            known: papaya::HashMap::new(),
            lookups: Mutex::default(),
            backend,
            background,
            clock,
        }
    }

    /// Whose each of `ids` is for `owner`, in their order.
    pub(crate) async fn owners(&self, ids: &[OwnedId], owner: &OwnedDigest) -> Result<Vec<Owner>, BackendError> {
        let mut found = self.known(ids);
        let missing: Vec<OwnedId> = ids
            .iter()
            .zip(&found)
            .filter(|(_, owner)| owner.is_none())
            .map(|(id, _)| *id)
            .collect();
        if !missing.is_empty() {
            let (backend, asked) = (self.backend.clone(), missing.clone());
            // A task of the background runtime, since connections of another runtime would end with it.
            let stored = self
                .background
                .spawn(async move { backend.find_owners(&asked).await })
                .await;
            let stored = stored.unwrap_or_else(|_| Ok(vec![None; missing.len()]))?;
            let mut stored = missing.into_iter().zip(stored);
            for (at, id) in ids.iter().enumerate() {
                let Some(slot) = found.get_mut(at).filter(|owner| owner.is_none()) else {
                    continue;
                };
                if let Some((_, Some(digest))) = stored.by_ref().find(|(asked, _)| asked == id) {
                    self.keep(*id, digest);
                    *slot = Some(digest);
                }
            }
        }
        Ok(found
            .into_iter()
            .map(|found| match found {
                Some(found) if found == *owner => Owner::Own,
                Some(_) => Owner::Other,
                None => Owner::Unknown,
            })
            .collect())
    }

    fn known(&self, ids: &[OwnedId]) -> Vec<Option<OwnedDigest>> {
        let known = self.known.pin();
        ids.iter().map(|id| known.get(id).copied()).collect()
    }

    fn keep(&self, id: OwnedId, owner: OwnedDigest) {
        let known = self.known.pin();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(id, owner);
    }

    /// Registers ids that the platform gave to `owner`, in the store before the answer goes on. An id that has an owner
    /// keeps it. A store that is away costs the entry, not the answer.
    pub(crate) async fn learn(&self, ids: Vec<OwnedId>, owner: OwnedDigest) {
        let unknown: Vec<OwnedId> = {
            let known = self.known.pin();
            ids.into_iter().filter(|id| !known.contains_key(id)).collect()
        };
        if unknown.is_empty() {
            return;
        }
        let (backend, asked) = (self.backend.clone(), unknown.clone());
        let day = self.clock.now().0.div_euclid(SECONDS_PER_DAY);
        let stored = self.background.spawn(async move {
            backend.insert_owned(&asked, &owner, day).await?;
            // Another instance may have been first.
            backend.find_owners(&asked).await
        });
        match stored.await {
            Ok(Ok(owners)) => {
                for (id, found) in unknown.into_iter().zip(owners) {
                    self.keep(id, found.unwrap_or(owner));
                }
            }
            Ok(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "The owner of a conversation or file could not be stored; this instance knows it until it stops"
                );
                for id in unknown {
                    self.keep(id, owner);
                }
            }
            Err(_stopping) => {}
        }
    }

    /// The same as [`learn`](Self::learn) for a stream that goes on meanwhile: this process knows the owner at once, the
    /// store a moment later.
    pub(crate) fn learn_meanwhile(self: &Arc<Self>, ids: Vec<OwnedId>, owner: OwnedDigest) {
        let new: Vec<OwnedId> = {
            let known = self.known.pin();
            ids.into_iter().filter(|id| !known.contains_key(id)).collect()
        };
        let register = Arc::clone(self);
        self.background.spawn(async move { register.learn(new, owner).await });
    }

    /// The owner of an id, as far as this process knows.
    pub(crate) fn known_owner(&self, id: &OwnedId) -> Option<OwnedDigest> {
        self.known.pin().get(id).copied()
    }

    /// The questions of one visitor at the platform.
    pub(crate) fn lookups_of(&self, owner: &OwnedDigest) -> Arc<Lookups> {
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
    pub(crate) fn begin(&self, id: &OwnedId) -> bool {
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
    pub(crate) fn remember_absent(&self, id: &OwnedId) {
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
    pub(crate) fn entry(&self, kind: Kind, id: Id) -> OwnedId {
        let stored = match kind {
            Kind::Conversation => OwnedKind::Conversation,
            Kind::Chat => OwnedKind::Chat,
            Kind::File => OwnedKind::File,
        };
        (stored, self.key.id(kind, id).0)
    }

    /// The digest of a visitor. A `session_name` is derived from app, site and visitor, so it names the owner alone.
    pub(crate) fn owner(&self, subject: &Subject) -> OwnedDigest {
        let name = subject.session_name.as_ref().map_or("", |name| name.as_str());
        self.key.owner(name).0
    }
}
