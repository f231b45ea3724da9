//! The rows of what may be used once. Only [`Backend`](crate::Backend) comes here.

use super::error::DatabaseError;
use super::open::Database;
use super::pool::on_pool;
use super::within::within;
use crate::one_time::{OneTimeKind, OneTimeRow};
use coze_auth::UnixSeconds;

const INSERT: &str = "
    INSERT INTO one_time (kind, secret_hash, sealed_content, expires_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (kind, secret_hash) DO NOTHING";

const FIND: &str = "SELECT sealed_content, expires_at FROM one_time WHERE kind = $1 AND secret_hash = $2";

/// Of many that spend the same secret at once, one gets the row.
const SPEND: &str = "
    DELETE FROM one_time WHERE kind = $1 AND secret_hash = $2 RETURNING sealed_content, expires_at";

impl Database {
    pub(crate) async fn insert_one_time(&self, row: &OneTimeRow) -> Result<(), DatabaseError> {
        within(
            "save something for one use",
            on_pool!(&self.pool, db => async {
                sqlx::query(INSERT)
                    .bind(row.kind.name())
                    .bind(row.secret_hash.as_slice())
                    .bind(&row.sealed_content)
                    .bind(row.expires_at.0)
                    .execute(db)
                    .await?;
                Ok(())
            }),
        )
        .await
    }

    /// Takes it out, and returns what is sealed there and its end.
    pub(crate) async fn spend_one_time(
        &self,
        kind: OneTimeKind,
        secret_hash: &[u8; 32],
    ) -> Result<Option<(Vec<u8>, UnixSeconds)>, DatabaseError> {
        let row: Option<(Vec<u8>, i64)> = within(
            "spend something for one use",
            on_pool!(&self.pool, db => {
                sqlx::query_as(SPEND).bind(kind.name()).bind(secret_hash.as_slice()).fetch_optional(db)
            }),
        )
        .await?;
        Ok(row.map(|(sealed, expires_at)| (sealed, UnixSeconds(expires_at))))
    }

    /// Returns what is sealed there and its end, and leaves it.
    pub(crate) async fn find_one_time(
        &self,
        kind: OneTimeKind,
        secret_hash: &[u8; 32],
    ) -> Result<Option<(Vec<u8>, UnixSeconds)>, DatabaseError> {
        let row: Option<(Vec<u8>, i64)> = within(
            "look up something for one use",
            on_pool!(&self.pool, db => {
                sqlx::query_as(FIND).bind(kind.name()).bind(secret_hash.as_slice()).fetch_optional(db)
            }),
        )
        .await?;
        Ok(row.map(|(sealed, expires_at)| (sealed, UnixSeconds(expires_at))))
    }
}
