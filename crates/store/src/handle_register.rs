//! All handles of an installation: the table of this process in front, the backend behind.
//!
//! The proxy asks [`HandleRegister::ready`] first, which is one hash and one read without a lock; only what that does not
//! know goes to the backend. A handle revoked here is gone at once. One revoked by another instance is gone
//! within [`RECHECK`], since a record is asked for again when it is older than that.

use crate::backend::{Backend, BackendError};
use crate::handles::{Handle, HandleRecord, HandleTable, hash};
use coze_auth::{Random, Subject, UnixSeconds};
use std::sync::Arc;
use std::time::Duration;

/// How long a record is believed without asking the backend again.
pub const RECHECK: Duration = Duration::from_secs(5);

/// How long a record is believed while the backend does not answer.
const RECHECK_WHILE_AWAY: Duration = Duration::from_mins(2);

/// Issues, finds and revokes handles.
#[derive(Debug)]
pub struct HandleRegister {
    table: HandleTable,
    backend: Backend,
}

impl HandleRegister {
    /// Makes a register over `backend`.
    pub fn new(backend: impl Into<Backend>) -> Self {
        Self {
            table: HandleTable::default(),
            backend: backend.into(),
        }
    }

    /// Makes a new handle that stands for `record`. It is in the backend before anybody has it.
    pub async fn issue(
        &self,
        record: HandleRecord,
        now: UnixSeconds,
        random: &dyn Random,
    ) -> Result<Handle, BackendError> {
        let handle = Handle::draw(random);
        self.backend.insert_handle(&hash(handle.expose()), &record).await?;
        self.table.keep(handle.expose(), Arc::new(record), now);
        Ok(handle)
    }

    /// Returns what `handle` stands for if that is known without waiting. `None` says nothing: ask
    /// [`find`](Self::find) then.
    pub fn ready(&self, handle: &str, now: UnixSeconds) -> Option<Arc<HandleRecord>> {
        self.table.find_seen_within(handle, now, RECHECK)
    }

    /// Returns what `handle` stands for; `None` when it is unknown, revoked or expired.
    ///
    /// While the backend does not answer, what was known a moment ago stays known for two minutes.
    pub async fn find(&self, handle: &str, now: UnixSeconds) -> Result<Option<Arc<HandleRecord>>, BackendError> {
        if let Some(record) = self.ready(handle, now) {
            return Ok(Some(record));
        }
        match self.backend.find_handle(&hash(handle), now).await {
            Ok(Some(record)) => {
                let record = Arc::new(record);
                self.table.keep(handle, Arc::clone(&record), now);
                Ok(Some(record))
            }
            Ok(None) => {
                self.table.revoke(handle);
                Ok(None)
            }
            Err(error) if error.is_away() => {
                let known = self.table.find_seen_within(handle, now, RECHECK_WHILE_AWAY);
                known.map(Some).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns what up to `limit` handles stand for that work at `now`, of every instance, those that work longest first.
    pub async fn live(&self, now: UnixSeconds, limit: u32) -> Result<Vec<HandleRecord>, BackendError> {
        let mut records = self.backend.live_handles(now, limit).await?;
        records.sort_by_key(|record| std::cmp::Reverse(record.expires_at));
        Ok(records)
    }

    /// Forgets `handle`: here at once, elsewhere within [`RECHECK`]. Returns whether it was known.
    pub async fn revoke(&self, handle: &str) -> Result<bool, BackendError> {
        // Here first: if the backend fails, the handle is at least unknown until the next look.
        let was_kept = self.table.revoke(handle);
        let was_stored = self.backend.delete_handle(&hash(handle)).await?;
        Ok(was_kept || was_stored)
    }

    /// Forgets all handles of `subject` at the app of this name. Returns how many there were.
    pub async fn revoke_all_of(&self, app: &str, subject: &Subject) -> Result<u64, BackendError> {
        self.table.revoke_all_of(app, subject);
        self.backend.delete_handles_of(app, subject).await
    }
}
