//! [`Database`]: opens a SQL database, brings its schema up to date and compares the seal keys.

use super::error::{DatabaseError, OpenError};
use super::pool::{self, Pool};
use super::within::within;
use super::{migrate, seal_mark};
use crate::seal::Sealer;
use coze_auth::Random;
use std::sync::Arc;
#[cfg(feature = "sqlite")]
use std::sync::Mutex;

/// The database, open and of the right schema. Cloning counts references.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) pool: Pool,
    pub(super) sealer: Sealer,
    pub(super) random: Arc<dyn Random>,
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
