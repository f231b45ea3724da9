//! Ownership register: which subject may use which conversation, chat or file of the platform.
//!
//! Neither ids nor subjects are stored in clear: the caller hands in keyed digests of both. An id belongs to the first
//! subject that is registered for it, until it was not seen for [`OWNED_DAYS`].

use crate::backend::{Backend, BackendError};

/// How long an id stays registered after it was seen last. The platform keeps messages for as long.
pub const OWNED_DAYS: i64 = 180;

/// Keyed digest of an id or of a subject.
pub type OwnedDigest = [u8; 16];

/// The kind of an id. Equal ids of two kinds are two entries.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum OwnedKind {
    /// `conversation_id`
    Conversation,
    /// `chat_id`
    Chat,
    /// `file_id`
    File,
}

impl OwnedKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Chat => "chat",
            Self::File => "file",
        }
    }
}

/// One id: its kind and its digest.
pub type OwnedId = (OwnedKind, OwnedDigest);

/// An entry that was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FoundOwner {
    pub(crate) owner: OwnedDigest,
    /// The day on which the entry was written last; `None` where the backend refreshes entries by itself.
    pub(crate) seen_day: Option<i64>,
}

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
