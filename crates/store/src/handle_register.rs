//! All handles of an installation: a cache in this process in front, the backend behind.
//!
//! The proxy asks [`HandleRegister::ready`] first, which is one hash and one read without a lock; only an unknown handle
//! goes to the backend. A handle revoked here is gone at once. One revoked by another instance is gone with the next
//! reading of the revocation counter ([`HandleRegister::watch`]), or within [`RECHECK`] where the counter is not read.

use crate::backend::{Backend, BackendError};
use crate::generations::{EVERY_PASS, key_of_subject};
use crate::handles::{Handle, HandleHash, HandleRecord, HandleTable, KnownHandle, Sighting, hash};
pub use crate::revocations::RECHECK;
use crate::revocations::Watch;
use coze_auth::{Random, Subject, UnixSeconds};
use std::sync::Arc;

/// Issues, finds and revokes handles.
#[derive(Debug)]
pub struct HandleRegister {
    table: HandleTable,
    watch: Watch,
    backend: Backend,
}

impl HandleRegister {
    /// Makes a register over `backend`.
    pub fn new(backend: impl Into<Backend>) -> Self {
        Self {
            table: HandleTable::default(),
            watch: Watch::default(),
            backend: backend.into(),
        }
    }

    /// Issues a new handle with this `record`. The handle is in the backend before it is returned.
    pub async fn issue(
        &self,
        record: HandleRecord,
        now: UnixSeconds,
        random: &dyn Random,
    ) -> Result<Handle, BackendError> {
        let sighting = self.sighting(now);
        let handle = Handle::draw(random);
        let hash = hash(handle.expose());
        self.backend.insert_handle(&hash, &record).await?;
        self.table.keep(Arc::new(KnownHandle { hash, record }), sighting);
        Ok(handle)
    }

    /// Returns the record of `handle` if it is known without waiting. `None` says nothing: ask [`find`](Self::find) then.
    pub fn ready(&self, handle: &str, now: UnixSeconds) -> Option<Arc<KnownHandle>> {
        self.ready_hash(&hash(handle), now)
    }

    /// The same by the hash of a handle.
    pub fn ready_hash(&self, hash: &HandleHash, now: UnixSeconds) -> Option<Arc<KnownHandle>> {
        self.table
            .find(hash, now, |sighting| self.watch.is_current(sighting, now))
    }

    /// Returns the record of `handle`; `None` when it is unknown, revoked or expired.
    ///
    /// While the backend does not answer, what was confirmed a moment ago stays known for two minutes.
    pub async fn find(&self, handle: &str, now: UnixSeconds) -> Result<Option<Arc<KnownHandle>>, BackendError> {
        let hash = hash(handle);
        if let Some(known) = self.ready_hash(&hash, now) {
            return Ok(Some(known));
        }
        let sighting = self.sighting(now);
        match self.backend.find_handle(&hash, now).await {
            Ok(Some(record)) => {
                let known = Arc::new(KnownHandle { hash, record });
                self.table.keep(Arc::clone(&known), sighting);
                Ok(Some(known))
            }
            Ok(None) => {
                self.table.revoke(&hash);
                Ok(None)
            }
            Err(error) if error.is_away() => {
                let is_current = |sighting| self.watch.is_current_while_away(sighting, now);
                self.table.find(&hash, now, is_current).map(Some).ok_or(error)
            }
            Err(error) => {
                // A row that does not open is worth nothing, whatever was cached before.
                self.table.revoke(&hash);
                Err(error)
            }
        }
    }

    /// Says whether no handle is cached.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Reads the revocation counter. Returns whether it has moved since the last reading: then handles that are in use
    /// have to be checked with [`still_there`](Self::still_there).
    pub async fn watch(&self, now: UnixSeconds) -> Result<bool, BackendError> {
        let counter = self.backend.revocations().await?;
        Ok(self.watch.note(counter, now))
    }

    /// Says of each handle whether it is still stored, readable and not expired.
    pub async fn still_there(&self, hashes: &[HandleHash], now: UnixSeconds) -> Result<Vec<bool>, BackendError> {
        let sighting = self.sighting(now);
        let found = self.backend.find_handles(hashes, now).await?;
        let there = hashes.iter().zip(found).map(|(hash, record)| {
            let Some(record) = record else {
                self.table.revoke(hash);
                return false;
            };
            let hash = *hash;
            self.table.keep(Arc::new(KnownHandle { hash, record }), sighting);
            true
        });
        Ok(there.collect())
    }

    /// Returns the records of up to `limit` handles that work at `now`, of every instance, those that work longest first.
    pub async fn live(&self, now: UnixSeconds, limit: u32) -> Result<Vec<HandleRecord>, BackendError> {
        let mut records = self.backend.live_handles(now, limit).await?;
        records.sort_by_key(|record| std::cmp::Reverse(record.expires_at));
        Ok(records)
    }

    /// Hands every record of a handle that works at `now` to `visit`, in no order, until it returns `false`.
    pub async fn visit_live(
        &self,
        now: UnixSeconds,
        visit: impl FnMut(HandleRecord) -> bool,
    ) -> Result<(), BackendError> {
        self.backend.visit_live_handles(now, visit).await
    }

    /// Revokes `handle`: here at once, elsewhere with the next reading of the counter. Returns whether it was known.
    pub async fn revoke(&self, handle: &str) -> Result<bool, BackendError> {
        // Here first: if the backend fails, the handle is at least unknown until the next look.
        let hash = hash(handle);
        let was_kept = self.table.revoke(&hash);
        let was_stored = self.backend.delete_handle(&hash).await?;
        Ok(was_kept || was_stored)
    }

    /// Revokes all handles of `subject` at the app of this name. Returns how many there were.
    pub async fn revoke_all_of(&self, app: &str, subject: &Subject) -> Result<u64, BackendError> {
        self.table.revoke_all_of(app, subject);
        self.backend.delete_handles_of(app, subject).await
    }

    /// Revokes all handles of `subject` at the app of this name, and withdraws the cookies and passes that lead to it. The
    /// passes first: else one of them could open a session in between. Returns how many handles there were.
    pub async fn withdraw(&self, app: &str, subject: &Subject, now: UnixSeconds) -> Result<u64, BackendError> {
        self.backend
            .raise_generation(&[key_of_subject(app, subject)], now)
            .await?;
        self.revoke_all_of(app, subject).await
    }

    /// Revokes every handle, and withdraws every cookie and pass: each visitor becomes a new one. Returns how many handles
    /// there were.
    pub async fn withdraw_all(&self, now: UnixSeconds) -> Result<u64, BackendError> {
        self.backend.raise_generation(&[EVERY_PASS], now).await?;
        self.revoke_all().await
    }

    /// Revokes every handle. Returns how many there were.
    pub async fn revoke_all(&self) -> Result<u64, BackendError> {
        self.table.clear();
        self.backend.delete_all_handles().await
    }

    fn sighting(&self, now: UnixSeconds) -> Sighting {
        let epoch = self.watch.epoch();
        Sighting { at: now, epoch }
    }
}
