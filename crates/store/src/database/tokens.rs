//! Coze tokens: [`coze_auth::TokenStore`] on the database.
//!
//! What a row holds is [`crate::token_row`]; leases have a file of their own. The check of the version, the check of the
//! lease and the write are one transaction.

use super::error::DatabaseError;
use super::leases;
use super::open::Database;
use super::pool::on_pool;
use super::within::within;
use crate::token_row::{self, TokenRow, public_version, stored_version};
use coze_auth::{DueQuery, Lease, LeaseRequest, Save, StoreError, StoreFuture, Stored, TokenKey, TokenStore, Version};
use std::time::Duration;

const LOAD: &str = "SELECT version, sealed_token FROM tokens WHERE key_digest = $1";

const INSERT: &str = "
    INSERT INTO tokens (key_digest, app_digest, version, sealed_key, sealed_token, renew_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (key_digest) DO NOTHING";

const REPLACE: &str = "
    UPDATE tokens
    SET app_digest = $2, version = $3, sealed_key = $4, sealed_token = $5, renew_at = $6, ends_at = $7
    WHERE key_digest = $1 AND version = $8";

const DELETE: &str = "DELETE FROM tokens WHERE key_digest = $1 AND version = $2";

const EXISTS: &str = "SELECT COUNT(*) FROM tokens WHERE key_digest = $1";

const DUE: &str = "
    SELECT key_digest, version, sealed_key FROM tokens
    WHERE app_digest = $1 AND renew_at <= $2
    ORDER BY renew_at LIMIT $3";

/// How a save ended.
enum Saved {
    Done,
    Conflict,
    Fenced,
}

impl Database {
    async fn load_token(&self, key: &TokenKey) -> Result<Option<Stored>, StoreError> {
        let key_digest = key.digest();
        let row: Option<(i64, Vec<u8>)> = within(
            "load a token",
            on_pool!(&self.pool, db => {
                sqlx::query_as(LOAD).bind(key_digest.as_slice()).fetch_optional(db)
            }),
        )
        .await
        .map_err(|error| error.into_store_error("load a token"))?;
        row.map(|(version, sealed)| token_row::open_token(&self.sealer, &key_digest, version, &sealed))
            .transpose()
    }

    async fn save_token(&self, key: &TokenKey, save: Save<'_>) -> Result<Version, StoreError> {
        let expected = save.expected.map(stored_version);
        let unavailable = |error: DatabaseError| error.into_store_error("save a token");
        let row = TokenRow::seal(&self.sealer, self.random.as_ref(), key, save)?;
        let saved = within(
            "save a token",
            on_pool!(&self.pool, db => async {
                let mut transaction = db.begin().await?;
                if let Some(lease) = save.lease {
                    // A write, so that a taker of the lease waits until we are done; whoever is late finds another number.
                    let held = sqlx::query(leases::HOLD)
                        .bind(&lease.name)
                        .bind(leases::in_database(lease.fencing))
                        .execute(&mut *transaction)
                        .await?;
                    if held.rows_affected() == 0 {
                        return Ok(Saved::Fenced);
                    }
                }
                let query = sqlx::query(if expected.is_some() { REPLACE } else { INSERT })
                    .bind(row.key_digest.as_slice())
                    .bind(row.app_digest.as_slice())
                    .bind(row.version)
                    .bind(&row.sealed_key)
                    .bind(&row.sealed_token)
                    .bind(row.renew_at)
                    .bind(row.ends_at);
                let query = match expected {
                    Some(expected) => query.bind(expected),
                    None => query,
                };
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Ok(Saved::Conflict);
                }
                transaction.commit().await?;
                Ok(Saved::Done)
            }),
        )
        .await
        .map_err(unavailable)?;
        match saved {
            Saved::Done => Ok(public_version(row.version)),
            Saved::Conflict => Err(StoreError::VersionConflict),
            Saved::Fenced => Err(StoreError::Fenced),
        }
    }

    async fn delete_token(&self, key: &TokenKey, expected: Version) -> Result<(), StoreError> {
        let key_digest = key.digest();
        let left: i64 = within(
            "delete a token",
            on_pool!(&self.pool, db => async {
                let mut transaction = db.begin().await?;
                sqlx::query(DELETE)
                    .bind(key_digest.as_slice())
                    .bind(stored_version(expected))
                    .execute(&mut *transaction)
                    .await?;
                let left = sqlx::query_scalar(EXISTS)
                    .bind(key_digest.as_slice())
                    .fetch_one(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(left)
            }),
        )
        .await
        .map_err(|error| error.into_store_error("delete a token"))?;
        match left {
            0 => Ok(()),
            _ => Err(StoreError::VersionConflict),
        }
    }

    async fn due_tokens(&self, query: DueQuery<'_>) -> Result<Vec<TokenKey>, DatabaseError> {
        let app_digest = token_row::app_digest(query.audience, query.client_id, query.tenant);
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let rows: Vec<(Vec<u8>, i64, Vec<u8>)> = within(
            "list due tokens",
            on_pool!(&self.pool, db => {
                sqlx::query_as(DUE)
                    .bind(app_digest.as_slice())
                    .bind(query.now.0)
                    .bind(limit)
                    .fetch_all(db)
            }),
        )
        .await?;
        // One row that does not open must not keep all others from being renewed.
        let open = |(digest, version, sealed): &(Vec<u8>, i64, Vec<u8>)| {
            token_row::open_key(&self.sealer, digest, *version, sealed)
        };
        Ok(rows.iter().filter_map(open).collect())
    }
}

impl TokenStore for Database {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(self.load_token(key))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, save: Save<'a>) -> StoreFuture<'a, Version> {
        Box::pin(self.save_token(key, save))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey, expected: Version) -> StoreFuture<'a, ()> {
        Box::pin(self.delete_token(key, expected))
    }

    fn due<'a>(&'a self, query: DueQuery<'a>) -> StoreFuture<'a, Vec<TokenKey>> {
        Box::pin(async move {
            let due = self.due_tokens(query).await;
            due.map_err(|error| error.into_store_error("list due tokens"))
        })
    }

    fn take_lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Option<Lease>> {
        Box::pin(async move {
            let taken = leases::take(self, request).await;
            taken.map_err(|error| error.into_store_error("take a lease"))
        })
    }

    fn extend_lease<'a>(&'a self, lease: &'a Lease, time: Duration) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let extended = leases::extend(self, lease, time).await;
            extended.map_err(|error| error.into_store_error("extend a lease"))
        })
    }

    fn release_lease<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let released = leases::release(self, lease).await;
            released.map_err(|error| error.into_store_error("release a lease"))
        })
    }
}
