//! Entry of the ownership register: whose id it is, and how long it is kept.

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
