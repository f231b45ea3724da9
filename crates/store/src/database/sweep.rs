//! Removes what has ended, in small batches, so that nobody waits long for the one writer of SQLite.
//!
//! Late on purpose: a clock that is an hour ahead for a moment must not cost anybody a login.

use super::error::DatabaseError;
use super::open::Database;
use super::pool::on_pool;
use super::within::within;
use crate::generation_row::GENERATION_DAYS;
use crate::owned_row::OWNED_DAYS;
use coze_auth::UnixSeconds;
use std::time::Duration;

/// How long what has ended is left alone.
const GRACE: Duration = Duration::from_hours(7 * 24);

/// Rows per statement.
const BATCH: i64 = 500;

/// Batches per table and sweep. What is left waits for the next one.
const BATCHES: usize = 100;

// The outer conditions stand there again, because a row may have changed between the two looks (PostgreSQL then looks at
// the outer ones only).

const TOKENS: &str = "
    DELETE FROM tokens
    WHERE key_digest IN (SELECT key_digest FROM tokens WHERE ends_at <= $1 LIMIT $2) AND ends_at <= $1";

const HANDLES: &str = "
    DELETE FROM handles
    WHERE handle_hash IN (SELECT handle_hash FROM handles WHERE expires_at <= $1 LIMIT $2) AND expires_at <= $1";

const ONE_TIME: &str = "
    DELETE FROM one_time
    WHERE (kind, secret_hash) IN (SELECT kind, secret_hash FROM one_time WHERE expires_at <= $1 LIMIT $2)
        AND expires_at <= $1";

/// Given back leases only, and by the database's clock, which counts them. One that was left tells the next holder that
/// somebody died in the middle.
const LEASES: &str = "
    DELETE FROM leases
    WHERE name IN (
            SELECT name FROM leases
            WHERE is_released = 1 AND ends_at_millis <= CAST(unixepoch('subsec') * 1000 AS BIGINT) - $1 LIMIT $2
        )
        AND is_released = 1 AND ends_at_millis <= CAST(unixepoch('subsec') * 1000 AS BIGINT) - $1";

const OWNED: &str = "
    DELETE FROM owned
    WHERE (kind, id_digest) IN (SELECT kind, id_digest FROM owned WHERE seen_day < $1 LIMIT $2) AND seen_day < $1";

const GENERATIONS: &str = "
    DELETE FROM generations
    WHERE subject_digest IN (SELECT subject_digest FROM generations WHERE raised_day < $1 LIMIT $2)
        AND raised_day < $1";

/// How many rows a sweep removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swept {
    /// Tokens that could be neither used nor renewed any more.
    pub tokens: u64,
    /// Expired handles.
    pub handles: u64,
    /// Pending logins and tickets that nobody used.
    pub one_time: u64,
    /// Leases that were given back.
    pub leases: u64,
    /// Ids of the platform that were not seen for [`OWNED_DAYS`].
    pub owned: u64,
    /// Generations whose passes have ended.
    pub generations: u64,
}

impl Swept {
    /// Returns how many rows that are together.
    pub fn total(&self) -> u64 {
        self.tokens + self.handles + self.one_time + self.leases + self.owned + self.generations
    }
}

/// Returns the number of whole days since 1970-01-01.
fn day(now: UnixSeconds) -> i64 {
    now.0.div_euclid(86_400)
}

impl Database {
    /// Removes what ended a week ago or earlier. To be called now and then, by any number of processes.
    pub async fn sweep(&self, now: UnixSeconds) -> Result<Swept, DatabaseError> {
        let ended_before = (now - GRACE).0;
        let grace_millis = i64::try_from(GRACE.as_millis()).unwrap_or(i64::MAX);
        Ok(Swept {
            tokens: self.sweep_table(TOKENS, ended_before).await?,
            handles: self.sweep_table(HANDLES, ended_before).await?,
            one_time: self.sweep_table(ONE_TIME, ended_before).await?,
            leases: self.sweep_table(LEASES, grace_millis).await?,
            owned: self.sweep_table(OWNED, day(now) - OWNED_DAYS).await?,
            generations: self.sweep_table(GENERATIONS, day(now) - GENERATION_DAYS).await?,
        })
    }

    async fn sweep_table(&self, delete: &'static str, bound: i64) -> Result<u64, DatabaseError> {
        let mut swept = 0;
        for _ in 0..BATCHES {
            let deleted = within(
                "remove what has ended",
                on_pool!(&self.pool, db => async {
                    let done = sqlx::query(delete).bind(bound).bind(BATCH).execute(db).await?;
                    Ok(done.rows_affected())
                }),
            )
            .await?;
            swept += deleted;
            if deleted < BATCH.unsigned_abs() {
                break;
            }
        }
        Ok(swept)
    }
}
