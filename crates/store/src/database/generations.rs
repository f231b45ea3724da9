//! Rows of generations and of single numbers. Only [`Backend`](crate::Backend) uses them.

use super::error::DatabaseError;
use super::open::Database;
use super::pool::on_pool;
use super::within::within;
use crate::generation_row::GenerationKey;

const FIND: &str = "SELECT generation FROM generations WHERE subject_digest = $1";

const RAISE: &str = "
    INSERT INTO generations (subject_digest, generation, raised_day) VALUES ($1, $2, $2)
    ON CONFLICT (subject_digest) DO UPDATE SET
        generation = CASE
            WHEN generations.generation >= excluded.generation THEN generations.generation + 1
            ELSE excluded.generation
        END,
        raised_day = excluded.raised_day";

const INSERT_NUMBER: &str = "INSERT INTO numbers (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

const FIND_NUMBER: &str = "SELECT value FROM numbers WHERE name = $1";

impl Database {
    pub(crate) async fn find_generation(&self, key: &GenerationKey) -> Result<i64, DatabaseError> {
        let found: Option<i64> = within(
            "look up a generation",
            on_pool!(&self.pool, db => sqlx::query_scalar(FIND).bind(key.as_slice()).fetch_optional(db)),
        )
        .await?;
        Ok(found.unwrap_or_default())
    }

    pub(crate) async fn write_generation(&self, key: &GenerationKey, day: i64) -> Result<(), DatabaseError> {
        within(
            "raise a generation",
            on_pool!(&self.pool, db => async {
                sqlx::query(RAISE).bind(key.as_slice()).bind(day).execute(db).await?;
                Ok(())
            }),
        )
        .await
    }

    /// Returns the number of this name; `value` becomes it if there is none.
    pub(crate) async fn number_or_insert(&self, name: &'static str, value: i64) -> Result<i64, DatabaseError> {
        within(
            "look up a number",
            on_pool!(&self.pool, db => async {
                if let Some(found) = sqlx::query_scalar(FIND_NUMBER).bind(name).fetch_optional(db).await? {
                    return Ok(found);
                }
                sqlx::query(INSERT_NUMBER).bind(name).bind(value).execute(db).await?;
                sqlx::query_scalar(FIND_NUMBER).bind(name).fetch_one(db).await
            }),
        )
        .await
    }
}
