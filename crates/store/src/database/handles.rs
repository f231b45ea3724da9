//! The rows behind the handles. Only [`Backend`](crate::Backend) comes here.

use super::error::DatabaseError;
use super::open::Database;
use super::pool::on_pool;
use super::within::within;
use crate::handle_row::{FoundHandle, HandlePage, HandleRow};
use crate::handles::HandleHash;
use coze_auth::UnixSeconds;

const INSERT: &str = "
    INSERT INTO handles (handle_hash, subject_digest, sealed_subject, expires_at, site) VALUES ($1, $2, $3, $4, $5)";

const FIND: &str = "SELECT sealed_subject, expires_at FROM handles WHERE handle_hash = $1";

const LIVE: &str = "
    SELECT handle_hash, sealed_subject, expires_at FROM handles WHERE expires_at > $1 ORDER BY expires_at DESC LIMIT $2";

/// Hashes per look-up. A shorter list is filled up with its last hash.
const AT_A_TIME: usize = 32;

const FIND_SEVERAL: &str = "
    SELECT handle_hash, sealed_subject, expires_at FROM handles WHERE handle_hash IN (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32
    )";

const PAGE: &str = "
    SELECT handle_hash, sealed_subject, expires_at FROM handles
    WHERE handle_hash > $1 AND expires_at > $2 ORDER BY handle_hash LIMIT $3";

/// Rows per page of the walk over all handles.
const PAGE_ROWS: usize = 500;

const DELETE_ALL: &str = "DELETE FROM handles";

/// In the transaction of the deletion: an instance that sees the new number finds the handles gone.
const RAISE_REVOCATIONS: &str = "
    INSERT INTO numbers (name, value) VALUES ('revocations', 1)
    ON CONFLICT (name) DO UPDATE SET value = numbers.value + 1";

const REVOCATIONS: &str = "SELECT value FROM numbers WHERE name = 'revocations'";

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
        Ok(found(rows))
    }

    /// Returns the rows that are there under `hashes`, in no order.
    pub(crate) async fn find_handles(&self, hashes: &[HandleHash]) -> Result<Vec<FoundHandle>, DatabaseError> {
        let mut all = Vec::with_capacity(hashes.len());
        for some in hashes.chunks(AT_A_TIME) {
            let filled = some.iter().chain(some.last().into_iter().cycle()).take(AT_A_TIME);
            let rows: Vec<(Vec<u8>, Vec<u8>, i64)> = within(
                "look up handles",
                on_pool!(&self.pool, db => {
                    let mut query = sqlx::query_as(FIND_SEVERAL);
                    for hash in filled {
                        query = query.bind(hash.as_slice());
                    }
                    query.fetch_all(db)
                }),
            )
            .await?;
            all.extend(found(rows));
        }
        Ok(all)
    }

    /// Returns some rows of handles that work at `now`, and where the walk goes on.
    pub(crate) async fn handles_of_page(
        &self,
        page: HandlePage,
        now: UnixSeconds,
    ) -> Result<(Vec<FoundHandle>, HandlePage), DatabaseError> {
        let after: &[u8] = match &page {
            HandlePage::After(hash) => hash,
            _ => &[],
        };
        let limit = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX);
        let rows: Vec<(Vec<u8>, Vec<u8>, i64)> = within(
            "list handles",
            on_pool!(&self.pool, db => {
                sqlx::query_as(PAGE).bind(after).bind(now.0).bind(limit).fetch_all(db)
            }),
        )
        .await?;
        let is_full = rows.len() == PAGE_ROWS;
        let found = found(rows);
        let next = match found.last() {
            Some((hash, ..)) if is_full => HandlePage::After(*hash),
            _ => HandlePage::End,
        };
        Ok((found, next))
    }

    /// Returns whether there was one.
    pub(crate) async fn delete_handle(&self, hash: &HandleHash) -> Result<bool, DatabaseError> {
        let deleted = self.revoke("revoke a handle", DELETE, Some(hash)).await?;
        Ok(deleted > 0)
    }

    /// Returns how many there were.
    pub(crate) async fn delete_handles_of(&self, subject_digest: &[u8; 32]) -> Result<u64, DatabaseError> {
        let operation = "revoke the handles of a subject";
        self.revoke(operation, DELETE_OF_SUBJECT, Some(subject_digest)).await
    }

    /// Returns how many there were.
    pub(crate) async fn delete_all_handles(&self) -> Result<u64, DatabaseError> {
        self.revoke("revoke all handles", DELETE_ALL, None).await
    }

    /// Returns how many revocations there were.
    pub(crate) async fn revocations(&self) -> Result<i64, DatabaseError> {
        let counter: Option<i64> = within(
            "read the revocation counter",
            on_pool!(&self.pool, db => sqlx::query_scalar(REVOCATIONS).fetch_optional(db)),
        )
        .await?;
        Ok(counter.unwrap_or_default())
    }

    async fn revoke(
        &self,
        operation: &'static str,
        delete: &'static str,
        digest: Option<&[u8; 32]>,
    ) -> Result<u64, DatabaseError> {
        within(
            operation,
            on_pool!(&self.pool, db => async {
                let mut transaction = db.begin().await?;
                let mut query = sqlx::query(delete);
                if let Some(digest) = digest {
                    query = query.bind(digest.as_slice());
                }
                let deleted = query.execute(&mut *transaction).await?.rows_affected();
                if deleted > 0 {
                    sqlx::query(RAISE_REVOCATIONS).execute(&mut *transaction).await?;
                }
                transaction.commit().await?;
                Ok(deleted)
            }),
        )
        .await
    }
}

fn found(rows: Vec<(Vec<u8>, Vec<u8>, i64)>) -> Vec<FoundHandle> {
    rows.into_iter()
        .filter_map(|(hash, sealed, expires_at)| Some((hash.try_into().ok()?, sealed, UnixSeconds(expires_at))))
        .collect()
}
