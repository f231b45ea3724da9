//! What a handle looks like at rest, whichever backend keeps it: found by its hash, what it stands for sealed.

use crate::handles::{DEFAULT_SITE, Grade, HandleHash, HandleRecord};
use crate::seal::{Place, SealError, Sealer};
use crate::sealed_row::UnreadableRow;
use coze_auth::{Subject, TokenKey, UnixSeconds};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// One handle as it was found in a list: its hash, what is sealed there, and its end.
pub(crate) type FoundHandle = (HandleHash, Vec<u8>, UnixSeconds);

/// Where the walk over all handles goes on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum HandlePage {
    #[default]
    Start,
    /// SQL: behind this hash.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    After(HandleHash),
    /// Redis: at this cursor.
    #[cfg(feature = "redis")]
    Cursor(u64),
    End,
}

/// The written form of everything but the subject.
const FORMAT: u8 = 2;

/// Separates [`Written`] from the subject. Neither is JSON with a line break in it.
const SEPARATOR: u8 = b'\n';

/// Format 2, in front of the app and the subject. Format 1 was the app and the subject alone.
#[derive(Deserialize, Serialize)]
struct Written<'a> {
    format: u8,
    site: Cow<'a, str>,
    grade: Cow<'a, str>,
    user_id: Cow<'a, str>,
    origin: Option<Cow<'a, str>>,
}

/// One handle, ready to be written.
pub(crate) struct HandleRow {
    /// The digest by which all handles of one subject are found.
    pub(crate) subject_digest: [u8; 32],
    pub(crate) site: Arc<str>,
    pub(crate) sealed_subject: Vec<u8>,
    pub(crate) expires_at: UnixSeconds,
}

impl HandleRow {
    pub(crate) fn seal(sealer: &Sealer, hash: &HandleHash, record: &HandleRecord) -> Result<Self, UnreadableRow> {
        let place = place(hash, record.expires_at);
        let key = as_key(&record.app, &record.subject);
        let content = to_bytes(record, &key).ok_or(SealError::UnknownContent);
        let sealed = content.and_then(|content| sealer.seal(place, &content));
        Ok(Self {
            subject_digest: key.digest(),
            site: Arc::clone(&record.site),
            sealed_subject: sealed.map_err(UnreadableRow::at(place))?,
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
        sealer
            .open(place, sealed)
            .and_then(|bytes| from_bytes(&bytes, expires_at).ok_or(SealError::UnknownContent))
            .map_err(UnreadableRow::at(place))
    }

    /// Returns the digest by which all handles of a subject are found.
    pub(crate) fn subject_digest(app: &str, subject: &Subject) -> [u8; 32] {
        as_key(app, subject).digest()
    }
}

fn to_bytes(record: &HandleRecord, key: &TokenKey) -> Option<Vec<u8>> {
    let written = Written {
        format: FORMAT,
        site: Cow::Borrowed(&record.site),
        grade: Cow::Borrowed(record.grade.name()),
        user_id: Cow::Borrowed(&record.user_id),
        origin: record.origin.as_deref().map(Cow::Borrowed),
    };
    let head = serde_json::to_vec(&written).ok()?;
    Some([&head, &[SEPARATOR][..], &key.to_bytes()].concat())
}

/// Reads both formats. A handle in format 1 has the lowest grade.
fn from_bytes(bytes: &[u8], expires_at: UnixSeconds) -> Option<HandleRecord> {
    let end = bytes.iter().position(|byte| *byte == SEPARATOR);
    let (written, key) = match end.and_then(|end| bytes.split_at_checked(end)) {
        Some((head, rest)) => (Some(serde_json::from_slice::<Written<'_>>(head).ok()?), rest.get(1..)?),
        None => (None, bytes),
    };
    let key = TokenKey::from_bytes(key).ok()?;
    let (site, grade, user_id, origin) = match written {
        Some(written) if written.format == FORMAT => (
            written.site.into(),
            Grade::from_name(&written.grade)?,
            written.user_id.into(),
            written.origin.map(Into::into),
        ),
        Some(_) => return None,
        None => (DEFAULT_SITE.into(), Grade::Anonymous, "".into(), None),
    };
    Some(HandleRecord {
        app: key.client_id.into(),
        site,
        grade,
        subject: key.subject,
        user_id,
        origin,
        expires_at,
    })
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
