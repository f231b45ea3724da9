//! The schema: brought up to date at the start, by one process at a time, all of it or nothing.
//!
//! Own code instead of sqlx's migrator: that one wants macros or file names at run time, and would run an older program
//! on a newer schema with an error that names a checksum. Steps are only ever added; a released one never changes.

use super::error::OpenError;
use super::pool::Pool;

/// One step: its statements for each database.
struct Step {
    #[cfg(feature = "sqlite")]
    sqlite: &'static str,
    #[cfg(feature = "postgres")]
    postgres: &'static str,
}

/// All steps; the first one leads to schema 1.
const STEPS: &[Step] = &[
    Step {
        #[cfg(feature = "sqlite")]
        sqlite: include_str!("../../migrations/sqlite/0001_first.sql"),
        #[cfg(feature = "postgres")]
        postgres: include_str!("../../migrations/postgres/0001_first.sql"),
    },
    Step {
        #[cfg(feature = "sqlite")]
        sqlite: include_str!("../../migrations/sqlite/0002_seal_mark.sql"),
        #[cfg(feature = "postgres")]
        postgres: include_str!("../../migrations/postgres/0002_seal_mark.sql"),
    },
    Step {
        #[cfg(feature = "sqlite")]
        sqlite: include_str!("../../migrations/sqlite/0003_authority.sql"),
        #[cfg(feature = "postgres")]
        postgres: include_str!("../../migrations/postgres/0003_authority.sql"),
    },
];

const CREATE: &str = "CREATE TABLE IF NOT EXISTS cozegate_schema (version BIGINT PRIMARY KEY NOT NULL)";
const FIND: &str = "SELECT COALESCE(MAX(version), 0) FROM cozegate_schema";
const RECORD: &str = "INSERT INTO cozegate_schema (version) VALUES ($1)";

/// Starts a transaction that no other starting process can be in at the same time.
#[cfg(feature = "sqlite")]
const BEGIN_ALONE_SQLITE: &str = "BEGIN IMMEDIATE";
/// The number is "cozegate" in ASCII. The lock ends with the transaction.
#[cfg(feature = "postgres")]
const BE_ALONE_POSTGRES: &str = "SELECT pg_advisory_xact_lock(7165080108114474085)";

/// Runs the steps that are missing, in one transaction.
///
/// A macro, since the transactions of the two databases are of different types.
macro_rules! run_missing {
    ($transaction:expr, $dialect:ident) => {{
        let mut transaction = $transaction;
        let at = |version| move |source| OpenError::Migration { version, source };
        sqlx::query(CREATE).execute(&mut *transaction).await.map_err(at(0))?;
        let found: i64 = sqlx::query_scalar(FIND)
            .fetch_one(&mut *transaction)
            .await
            .map_err(at(0))?;
        for (version, step) in missing(found)? {
            sqlx::raw_sql(step.$dialect)
                .execute(&mut *transaction)
                .await
                .map_err(at(version))?;
            sqlx::query(RECORD)
                .bind(version)
                .execute(&mut *transaction)
                .await
                .map_err(at(version))?;
        }
        transaction.commit().await.map_err(at(found))
    }};
}

/// Brings the schema up to date, or refuses one that is newer than this program.
pub(super) async fn bring_up_to_date(pool: &Pool) -> Result<(), OpenError> {
    let begin = |source| OpenError::Migration { version: 0, source };
    match pool {
        #[cfg(feature = "sqlite")]
        Pool::Sqlite(db) => run_missing!(db.begin_with(BEGIN_ALONE_SQLITE).await.map_err(begin)?, sqlite),
        #[cfg(feature = "postgres")]
        Pool::Postgres(db) => {
            let mut transaction = db.begin().await.map_err(begin)?;
            sqlx::query(BE_ALONE_POSTGRES)
                .execute(&mut *transaction)
                .await
                .map_err(begin)?;
            run_missing!(transaction, postgres)
        }
    }
}

/// Returns the steps after schema `found`, each with the schema that it leads to.
fn missing(found: i64) -> Result<impl Iterator<Item = (i64, &'static Step)>, OpenError> {
    let known = (1..).zip(STEPS).last().map_or(0, |(version, _)| version);
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    Ok((1..).zip(STEPS).filter(move |(version, _)| *version > found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_after_the_schema_found_are_missing_and_a_newer_one_is_refused() {
        let known = i64::try_from(STEPS.len()).unwrap();

        assert_eq!(missing(0).unwrap().count(), STEPS.len());
        assert_eq!(missing(known).unwrap().count(), 0);
        assert!(matches!(
            missing(known + 1).err(),
            Some(OpenError::NewerSchema { found, .. }) if found == known + 1
        ));
    }
}
