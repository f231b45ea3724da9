//! One SQL database for everything that outlives a process: SQLite for one machine, PostgreSQL for several.
//!
//! | file | owns |
//! |---|---|
//! | `pool` | connections, and the one place that tells the two databases apart |
//! | `migrate` | the schema: brought up to date, or refused when it is newer than this program |
//! | `seal_mark` | refusing a store that was sealed with another key |
//! | `tokens`, `leases` | [`coze_auth::TokenStore`]: versions, who may renew, fencing |
//! | `handles` | the rows behind the handles |
//! | `generations` | which passes were withdrawn; single numbers |
//! | `one_time` | what may be used once: pending logins, tickets |
//! | `owned` | which subject owns which id of the platform |
//! | `sweep` | removing what has ended |
//!
//! One SQL text per query serves both: numbered parameters, `RETURNING`, `ON CONFLICT`, integer seconds. Where the
//! dialects differ stands in `migrations/` (types, and a function that SQLite has and PostgreSQL gets from us).

mod error;
mod generations;
mod handles;
mod leases;
mod migrate;
mod one_time;
mod owned;
mod pool;
mod seal_mark;
mod sweep;
mod tokens;

pub use error::{DatabaseError, OpenError};
pub use sweep::Swept;

use crate::seal::Sealer;
use coze_auth::Random;
use pool::Pool;
use std::future::Future;
use std::sync::Arc;
#[cfg(feature = "sqlite")]
use std::sync::Mutex;
use std::time::Duration;

/// How long one piece of work may take before it is given up: longer than SQLite's writers wait for each other, shorter
/// than a person waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database, open and of the right schema. Cloning counts references.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    sealer: Sealer,
    random: Arc<dyn Random>,
    /// What keeps a database in memory alive.
    #[cfg(feature = "sqlite")]
    anchor: Option<Arc<Mutex<sqlx::SqliteConnection>>>,
}

impl Database {
    /// Opens the SQLite file at `path`; makes it (mode 0600, with the folders above it) when it is absent.
    ///
    /// Several processes of one machine may share the file. It must not lie on a network share: SQLite's locks do not
    /// work there.
    #[cfg(feature = "sqlite")]
    pub async fn open_sqlite(
        path: &std::path::Path,
        sealer: Sealer,
        random: Arc<dyn Random>,
    ) -> Result<Self, OpenError> {
        Self::open(Pool::sqlite(path).await?, sealer, random).await
    }

    /// Makes a database that ends with the process: for `demo` and for tests.
    #[cfg(feature = "sqlite")]
    pub async fn open_in_memory(sealer: Sealer, random: Arc<dyn Random>) -> Result<Self, OpenError> {
        let (pool, anchor) = Pool::sqlite_in_memory().await?;
        let mut database = Self::open(pool, sealer, random).await?;
        database.anchor = Some(Arc::new(Mutex::new(anchor)));
        Ok(database)
    }

    /// Opens a PostgreSQL database by its URL (`postgres://user:password@host/database`), which is a secret because of
    /// the password in it.
    ///
    /// Tables are made in the first schema of the connection's `search_path`.
    #[cfg(feature = "postgres")]
    pub async fn open_postgres(
        url: &secrecy::SecretString,
        sealer: Sealer,
        random: Arc<dyn Random>,
    ) -> Result<Self, OpenError> {
        Self::open(Pool::postgres(url).await?, sealer, random).await
    }

    async fn open(pool: Pool, sealer: Sealer, random: Arc<dyn Random>) -> Result<Self, OpenError> {
        migrate::bring_up_to_date(&pool).await?;
        seal_mark::check(&pool, &sealer).await?;
        Ok(Self {
            pool,
            sealer,
            random,
            #[cfg(feature = "sqlite")]
            anchor: None,
        })
    }

    /// Waits for running work and closes all connections. Work that is asked for later fails.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Finds out whether the database answers.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        within(
            "reach",
            pool::on_pool!(&self.pool, db => async {
                sqlx::query(PING).execute(db).await?;
                Ok(())
            }),
        )
        .await
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

const PING: &str = "SELECT 1";

/// Does database work that ends: with an answer, an error, or after [`PATIENCE`].
async fn within<T>(
    operation: &'static str,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, DatabaseError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(DatabaseError::Failed { operation, source }),
        Err(_) => Err(DatabaseError::TimedOut { operation }),
    }
}
