//! What a handle looks like at rest, whichever backend keeps it: found by its hash, what it stands for sealed.

use crate::handles::{HandleHash, HandleRecord};
use crate::seal::{Place, SealError, Sealer};
use crate::sealed_row::UnreadableRow;
use coze_auth::{Subject, TokenKey, UnixSeconds};

/// One handle as it was found in a list: its hash, what is sealed there, and its end.
pub(crate) type FoundHandle = (HandleHash, Vec<u8>, UnixSeconds);

/// One handle, ready to be written.
pub(crate) struct HandleRow {
    /// What all handles of one subject are found by.
    pub(crate) subject_digest: [u8; 32],
    pub(crate) sealed_subject: Vec<u8>,
    pub(crate) expires_at: UnixSeconds,
}

impl HandleRow {
    pub(crate) fn seal(sealer: &Sealer, hash: &HandleHash, record: &HandleRecord) -> Result<Self, UnreadableRow> {
        let place = place(hash, record.expires_at);
        let key = as_key(&record.app, &record.subject);
        Ok(Self {
            subject_digest: key.digest(),
            sealed_subject: sealer.seal(place, &key.to_bytes()).map_err(UnreadableRow::at(place))?,
            expires_at: record.expires_at,
        })
    }

    /// Opens what was stored under `hash` with this end.
    pub(crate) fn open(
        sealer: &Sealer,
        hash: &HandleHash,
        sealed: &[u8],
        expires_at: UnixSeconds,
    ) -> Result<HandleRecord, UnreadableRow> {
        let place = place(hash, expires_at);
        let key = sealer
            .open(place, sealed)
            .and_then(|bytes| TokenKey::from_bytes(&bytes).map_err(|_| SealError::UnknownContent))
            .map_err(UnreadableRow::at(place))?;
        Ok(HandleRecord {
            app: key.client_id.into(),
            subject: key.subject,
            expires_at,
        })
    }

    /// What the handles of a subject are found by when all of them are revoked.
    pub(crate) fn subject_digest(app: &str, subject: &Subject) -> [u8; 32] {
        as_key(app, subject).digest()
    }
}

/// The end of a handle is sealed with it: nobody prolongs one in the file.
fn place(hash: &HandleHash, expires_at: UnixSeconds) -> Place<'_> {
    Place {
        column: "handles.sealed_subject",
        row: hash,
        version: expires_at.0,
    }
}

/// Writes an app and a subject as the key of a token: one written form for both. The app stands there by its name in the
/// configuration.
fn as_key(app: &str, subject: &Subject) -> TokenKey {
    TokenKey {
        audience: String::new(),
        client_id: app.to_owned(),
        tenant: None,
        subject: subject.clone(),
    }
}
