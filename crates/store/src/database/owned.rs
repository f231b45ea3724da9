//! Rows of the ownership register. Only [`Backend`](crate::Backend) uses them.

use super::error::DatabaseError;
use super::open::Database;
use super::pool::on_pool;
use super::within::within;
use crate::owned_row::{FoundOwner, OwnedDigest, OwnedId};
use std::collections::HashMap;

/// Ids per look-up. A shorter list is filled up with its last id.
const AT_A_TIME: usize = 8;

const FIND: &str = "
    SELECT kind, id_digest, owner_digest, seen_day FROM owned
    WHERE (kind = $1 AND id_digest = $2) OR (kind = $3 AND id_digest = $4) OR (kind = $5 AND id_digest = $6)
        OR (kind = $7 AND id_digest = $8) OR (kind = $9 AND id_digest = $10) OR (kind = $11 AND id_digest = $12)
        OR (kind = $13 AND id_digest = $14) OR (kind = $15 AND id_digest = $16)";

/// The first owner stays.
const WRITE: &str = "
    INSERT INTO owned (kind, id_digest, owner_digest, seen_day) VALUES ($1, $2, $3, $4)
    ON CONFLICT (kind, id_digest) DO UPDATE SET seen_day = excluded.seen_day
        WHERE owned.owner_digest = excluded.owner_digest AND owned.seen_day < excluded.seen_day";

type Row = (String, Vec<u8>, Vec<u8>, i64);

impl Database {
    pub(crate) async fn find_owned(&self, ids: &[OwnedId]) -> Result<Vec<Option<FoundOwner>>, DatabaseError> {
        let mut known = HashMap::new();
        for some in ids.chunks(AT_A_TIME) {
            for (kind, id, owner, seen_day) in self.find_some_owned(some).await? {
                if let (Ok(id), Ok(owner)) = (OwnedDigest::try_from(id), OwnedDigest::try_from(owner)) {
                    let seen_day = Some(seen_day);
                    known.insert((kind, id), FoundOwner { owner, seen_day });
                }
            }
        }
        let found = ids
            .iter()
            .map(|(kind, id)| known.get(&(kind.name().to_owned(), *id)).copied());
        Ok(found.collect())
    }

    async fn find_some_owned(&self, ids: &[OwnedId]) -> Result<Vec<Row>, DatabaseError> {
        let Some(last) = ids.last() else {
            return Ok(Vec::new());
        };
        let filled = ids.iter().chain(std::iter::repeat(last)).take(AT_A_TIME);
        within(
            "look up owners",
            on_pool!(&self.pool, db => {
                let mut query = sqlx::query_as(FIND);
                for (kind, id) in filled {
                    query = query.bind(kind.name()).bind(id.as_slice());
                }
                query.fetch_all(db)
            }),
        )
        .await
    }

    pub(crate) async fn write_owned(
        &self,
        ids: &[OwnedId],
        owner: &OwnedDigest,
        day: i64,
    ) -> Result<(), DatabaseError> {
        within(
            "save owners",
            on_pool!(&self.pool, db => async {
                let mut transaction = db.begin().await?;
                for (kind, id) in ids {
                    sqlx::query(WRITE)
                        .bind(kind.name())
                        .bind(id.as_slice())
                        .bind(owner.as_slice())
                        .bind(day)
                        .execute(&mut *transaction)
                        .await?;
                }
                transaction.commit().await
            }),
        )
        .await
    }
}
