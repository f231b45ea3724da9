//! What may be used once, at rest: kept by the hash of its secret, with a sealed content, and gone in the moment it is
//! read.
//!
//! The typed layers above are [`crate::logins`] and [`crate::tickets`].

use crate::handles::hash;
use crate::seal::{Place, SealError, Sealer};
use crate::sealed_row::UnreadableRow;
use coze_auth::UnixSeconds;
use zeroize::Zeroizing;

/// What a secret is good for. One kind is never taken for another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OneTimeKind {
    Login,
    /// A login that was used: its browser, which may ask again.
    UsedLogin,
    Ticket,
}

impl OneTimeKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::UsedLogin => "used_login",
            Self::Ticket => "ticket",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Login => "one_time.sealed_content (login)",
            Self::UsedLogin => "one_time.sealed_content (used login)",
            Self::Ticket => "one_time.sealed_content (ticket)",
        }
    }

    /// Says that a content opened, or was to be written, and is none of this kind.
    pub(crate) fn unknown_content(self) -> UnreadableRow {
        UnreadableRow {
            column: self.column(),
            source: SealError::UnknownContent,
        }
    }

    /// The end is sealed with the content: nobody prolongs it in the file.
    fn place(self, hash: &[u8], expires_at: UnixSeconds) -> Place<'_> {
        Place {
            column: self.column(),
            row: hash,
            version: expires_at.0,
        }
    }
}

/// One secret's content, ready to be written.
pub(crate) struct OneTimeRow {
    pub(crate) kind: OneTimeKind,
    pub(crate) secret_hash: [u8; 32],
    pub(crate) sealed_content: Vec<u8>,
    pub(crate) expires_at: UnixSeconds,
}

impl OneTimeRow {
    pub(crate) fn seal(
        sealer: &Sealer,
        kind: OneTimeKind,
        secret: &str,
        content: &[u8],
        expires_at: UnixSeconds,
    ) -> Result<Self, UnreadableRow> {
        let secret_hash = hash(secret);
        let place = kind.place(&secret_hash, expires_at);
        let sealed_content = sealer.seal(place, content).map_err(UnreadableRow::at(place))?;
        Ok(Self {
            kind,
            secret_hash,
            sealed_content,
            expires_at,
        })
    }

    /// Opens what was stored under `secret_hash` with this end.
    pub(crate) fn open(
        sealer: &Sealer,
        kind: OneTimeKind,
        secret_hash: &[u8],
        sealed: &[u8],
        expires_at: UnixSeconds,
    ) -> Result<Zeroizing<Vec<u8>>, UnreadableRow> {
        let place = kind.place(secret_hash, expires_at);
        sealer.open(place, sealed).map_err(UnreadableRow::at(place))
    }
}
