//! The rows behind the handles: hashed, with what they stand for sealed beside them.
//!
//! Only [`HandleRegister`](crate::HandleRegister) comes here; it keeps what was found in memory.

use super::pool::on_pool;
use super::{Database, DatabaseError, within};
use crate::handles::{HandleHash, HandleRecord};
use crate::seal::{Place, SealError};
use crate::token_row::UnreadableRow;
use coze_auth::{Subject, TokenKey, UnixSeconds};

const INSERT: &str = "
    INSERT INTO handles (handle_hash, subject_digest, sealed_subject, expires_at) VALUES ($1, $2, $3, $4)";

const FIND: &str = "SELECT sealed_subject, expires_at FROM handles WHERE handle_hash = $1 AND expires_at > $2";

const DELETE: &str = "DELETE FROM handles WHERE handle_hash = $1";

const DELETE_OF_SUBJECT: &str = "DELETE FROM handles WHERE subject_digest = $1";

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

/// What the handles of a subject are found by when all of them are revoked, whichever app they are of.
fn subject_digest(subject: &Subject) -> [u8; 32] {
    as_key("", subject).digest()
}

impl Database {
    pub(crate) async fn insert_handle(&self, hash: &HandleHash, record: &HandleRecord) -> Result<(), DatabaseError> {
        let digest = subject_digest(&record.subject);
        let key = as_key(&record.app, &record.subject);
        let sealed = self.seal(place(hash, record.expires_at), &key.to_bytes())?;
        within(
            "save a handle",
            on_pool!(&self.pool, db => async {
                sqlx::query(INSERT)
                    .bind(hash.as_slice())
                    .bind(digest.as_slice())
                    .bind(&sealed)
                    .bind(record.expires_at.0)
                    .execute(db)
                    .await?;
                Ok(())
            }),
        )
        .await
    }

    pub(crate) async fn find_handle(
        &self,
        hash: &HandleHash,
        now: UnixSeconds,
    ) -> Result<Option<HandleRecord>, DatabaseError> {
        let row: Option<(Vec<u8>, i64)> = within(
            "look up a handle",
            on_pool!(&self.pool, db => {
                sqlx::query_as(FIND).bind(hash.as_slice()).bind(now.0).fetch_optional(db)
            }),
        )
        .await?;
        let Some((sealed, expires_at)) = row else {
            return Ok(None);
        };
        let expires_at = UnixSeconds(expires_at);
        let place = place(hash, expires_at);
        let opened = self.open_sealed(place, &sealed)?;
        let key = TokenKey::from_bytes(&opened).map_err(|_| UnreadableRow::at(place)(SealError::UnknownContent))?;
        Ok(Some(HandleRecord {
            app: key.client_id.into(),
            subject: key.subject,
            expires_at,
        }))
    }

    /// Returns whether there was one.
    pub(crate) async fn delete_handle(&self, hash: &HandleHash) -> Result<bool, DatabaseError> {
        let deleted = within(
            "revoke a handle",
            on_pool!(&self.pool, db => async {
                let done = sqlx::query(DELETE).bind(hash.as_slice()).execute(db).await?;
                Ok(done.rows_affected())
            }),
        )
        .await?;
        Ok(deleted > 0)
    }

    /// Returns how many there were.
    pub(crate) async fn delete_handles_of(&self, subject: &Subject) -> Result<u64, DatabaseError> {
        let digest = subject_digest(subject);
        within(
            "revoke the handles of a subject",
            on_pool!(&self.pool, db => async {
                let done = sqlx::query(DELETE_OF_SUBJECT).bind(digest.as_slice()).execute(db).await?;
                Ok(done.rows_affected())
            }),
        )
        .await
    }
}
