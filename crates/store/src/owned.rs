//! Ownership register: which subject may use which conversation, chat or file of the platform.
//!
//! Neither ids nor subjects are stored in clear: the caller hands in keyed digests of both. An id belongs to the first
//! subject that is registered for it, until it was not seen for [`OWNED_DAYS`].

pub use crate::owned_row::{OWNED_DAYS, OwnedDigest, OwnedId, OwnedKind};

use crate::backend::{Backend, BackendError};

impl Backend {
    /// Returns the owner of each id, in the order of `ids`; `None` for an id that is not registered.
    pub async fn find_owners(&self, ids: &[OwnedId]) -> Result<Vec<Option<OwnedDigest>>, BackendError> {
        let found = self.find_owned(ids).await?;
        Ok(found.into_iter().map(|entry| entry.map(|entry| entry.owner)).collect())
    }

    /// Registers `owner` for each id that has no owner yet, and renews the day of those that `owner` has already. An
    /// id of another owner stays as it is. `day` counts from 1970-01-01.
    ///
    /// Repeating it on the same day reads and does not write.
    pub async fn insert_owned(&self, ids: &[OwnedId], owner: &OwnedDigest, day: i64) -> Result<(), BackendError> {
        let found = self.find_owned(ids).await?;
        let mut due: Vec<OwnedId> = ids
            .iter()
            .zip(found)
            .filter(|(_, found)| match found {
                None => true,
                Some(found) => found.owner == *owner && found.seen_day.is_none_or(|seen| seen < day),
            })
            .map(|(id, _)| *id)
            .collect();
        // Two instances that write the same rows must lock them in the same order.
        due.sort_unstable();
        due.dedup();
        if due.is_empty() {
            return Ok(());
        }
        self.write_owned(&due, owner, day).await
    }
}
