//! Leases: one statement each, so there is no moment between looking and taking.
//!
//! Time is the database's own, in milliseconds: the holders' clocks differ and jump. For SQLite that is the clock of
//! the machine, the only one that its processes share: if somebody sets it, a lease of that moment ends that much sooner
//! or later, and fencing still keeps a late save out. The fencing number of a new row is that clock, and grows by one with
//! every taking, so it also grows over the gap when a row was swept out long after its lease had ended.

use super::error::DatabaseError;
use super::open::Database;
use super::pool::on_pool;
use super::within::within;
use coze_auth::{Lease, LeaseRequest};
use std::time::Duration;

const TAKE: &str = "
    INSERT INTO leases (name, holder, fencing, ends_at_millis, is_released, is_taken_over)
    VALUES (
        $1, $2, CAST(unixepoch('subsec') * 1000 AS BIGINT), CAST(unixepoch('subsec') * 1000 AS BIGINT) + $3, 0, 0
    )
    ON CONFLICT (name) DO UPDATE SET
        holder = excluded.holder,
        fencing = leases.fencing + 1,
        ends_at_millis = excluded.ends_at_millis,
        is_released = 0,
        is_taken_over = 1 - leases.is_released
    WHERE leases.is_released = 1
        OR leases.holder = excluded.holder
        OR leases.ends_at_millis <= CAST(unixepoch('subsec') * 1000 AS BIGINT)
    RETURNING fencing, is_taken_over";

const EXTEND: &str = "
    UPDATE leases SET ends_at_millis = CAST(unixepoch('subsec') * 1000 AS BIGINT) + $3
    WHERE name = $1 AND fencing = $2 AND is_released = 0";

const RELEASE: &str = "UPDATE leases SET is_released = 1 WHERE name = $1 AND fencing = $2";

/// Finds out whether a lease is still the newest of its name, and keeps it so until the transaction ends.
pub(super) const HOLD: &str = "UPDATE leases SET fencing = fencing WHERE name = $1 AND fencing = $2";

/// A fencing number as the database counts; one that it never gave out fits no row.
pub(super) fn in_database(fencing: u64) -> i64 {
    i64::try_from(fencing).unwrap_or(-1)
}

fn millis(time: Duration) -> i64 {
    // A day is longer than any lease, and small enough to be added to any date.
    i64::try_from(time.min(Duration::from_hours(24)).as_millis()).unwrap_or(0)
}

pub(super) async fn take(database: &Database, request: LeaseRequest<'_>) -> Result<Option<Lease>, DatabaseError> {
    let row: Option<(i64, i64)> = within(
        "take a lease",
        on_pool!(&database.pool, db => {
            sqlx::query_as(TAKE)
                .bind(request.name)
                .bind(request.holder)
                .bind(millis(request.time))
                .fetch_optional(db)
        }),
    )
    .await?;
    Ok(row.map(|(fencing, is_taken_over)| Lease {
        name: request.name.to_owned(),
        holder: request.holder.to_owned(),
        fencing: fencing.unsigned_abs(),
        is_taken_over: is_taken_over != 0,
    }))
}

pub(super) async fn extend(database: &Database, lease: &Lease, time: Duration) -> Result<bool, DatabaseError> {
    let extended = within(
        "extend a lease",
        on_pool!(&database.pool, db => async {
            let done = sqlx::query(EXTEND)
                .bind(&lease.name)
                .bind(in_database(lease.fencing))
                .bind(millis(time))
                .execute(db)
                .await?;
            Ok(done.rows_affected())
        }),
    )
    .await?;
    Ok(extended > 0)
}

pub(super) async fn release(database: &Database, lease: &Lease) -> Result<(), DatabaseError> {
    within(
        "release a lease",
        on_pool!(&database.pool, db => async {
            sqlx::query(RELEASE)
                .bind(&lease.name)
                .bind(in_database(lease.fencing))
                .execute(db)
                .await?;
            Ok(())
        }),
    )
    .await
}
