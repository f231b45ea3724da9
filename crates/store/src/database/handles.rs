//! The rows behind the handles. Only [`Backend`](crate::Backend) comes here.

use super::pool::on_pool;
use super::{Database, DatabaseError, within};
use crate::handle_row::{FoundHandle, HandleRow};
use crate::handles::HandleHash;
use coze_auth::UnixSeconds;

const INSERT: &str = "
    INSERT INTO handles (handle_hash, subject_digest, sealed_subject, expires_at, site) VALUES ($1, $2, $3, $4, $5)";

const FIND: &str = "SELECT sealed_subject, expires_at FROM handles WHERE handle_hash = $1";

const LIVE: &str = "
    SELECT handle_hash, sealed_subject, expires_at FROM handles WHERE expires_at > $1 ORDER BY expires_at DESC LIMIT $2";

const DELETE: &str = "DELETE FROM handles WHERE handle_hash = $1";

const DELETE_OF_SUBJECT: &str = "DELETE FROM handles WHERE subject_digest = $1";

impl Database {
    pub(crate) async fn insert_handle(&self, hash: &HandleHash, row: &HandleRow) -> Result<(), DatabaseError> {
        within(
            "save a handle",
            on_pool!(&self.pool, db => async {
                sqlx::query(INSERT)
                    .bind(hash.as_slice())
                    .bind(row.subject_digest.as_slice())
                    .bind(&row.sealed_subject)
                    .bind(row.expires_at.0)
                    .bind(&*row.site)
                    .execute(db)
                    .await?;
                Ok(())
            }),
        )
        .await
    }

    /// Returns what is sealed there, and its end.
    pub(crate) async fn find_handle(&self, hash: &HandleHash) -> Result<Option<(Vec<u8>, UnixSeconds)>, DatabaseError> {
        let row: Option<(Vec<u8>, i64)> = within(
            "look up a handle",
            on_pool!(&self.pool, db => {
                sqlx::query_as(FIND).bind(hash.as_slice()).fetch_optional(db)
            }),
        )
        .await?;
        Ok(row.map(|(sealed, expires_at)| (sealed, UnixSeconds(expires_at))))
    }

    /// Returns the rows of handles that work at `now`, those that work longest first.
    pub(crate) async fn live_handles(&self, now: UnixSeconds, limit: u32) -> Result<Vec<FoundHandle>, DatabaseError> {
        let rows: Vec<(Vec<u8>, Vec<u8>, i64)> = within(
            "list handles",
            on_pool!(&self.pool, db => {
                sqlx::query_as(LIVE).bind(now.0).bind(i64::from(limit)).fetch_all(db)
            }),
        )
        .await?;
        let found = rows
            .into_iter()
            .filter_map(|(hash, sealed, expires_at)| Some((hash.try_into().ok()?, sealed, UnixSeconds(expires_at))));
        Ok(found.collect())
    }

    /// Returns whether there was one.
    pub(crate) async fn delete_handle(&self, hash: &HandleHash) -> Result<bool, DatabaseError> {
        let deleted = self.execute("revoke a handle", DELETE, hash).await?;
        Ok(deleted > 0)
    }

    /// Returns how many there were.
    pub(crate) async fn delete_handles_of(&self, subject_digest: &[u8; 32]) -> Result<u64, DatabaseError> {
        self.execute("revoke the handles of a subject", DELETE_OF_SUBJECT, subject_digest)
            .await
    }

    async fn execute(
        &self,
        operation: &'static str,
        delete: &'static str,
        digest: &[u8; 32],
    ) -> Result<u64, DatabaseError> {
        within(
            operation,
            on_pool!(&self.pool, db => async {
                let done = sqlx::query(delete).bind(digest.as_slice()).execute(db).await?;
                Ok(done.rows_affected())
            }),
        )
        .await
    }
}
