//! Connections: how each database is opened, and the one place that tells them apart.

use super::error::OpenError;
use std::time::Duration;

#[cfg(feature = "sqlite")]
use {
    crate::private_file,
    sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    sqlx::{ConnectOptions as _, Connection as _},
    std::path::{Path, PathBuf},
    std::str::FromStr as _,
    tokio::time::{Instant, sleep},
};
#[cfg(feature = "postgres")]
use {secrecy::ExposeSecret as _, sqlx::postgres::PgConnectOptions};

/// How long a piece of work waits for a free connection, and SQLite's writers for each other.
const WAIT: Duration = Duration::from_secs(8);

/// Connections per process. Work is short, and SQLite has one writer at a time anyway.
const CONNECTIONS: u32 = 8;

/// No connection is closed for its age or for having rested: looking for such connections, sqlx 0.9 counts those that rest by
/// a number that is -1 for a moment when one is taken while it is given back, and then it goes round for ever with the
/// thread that it runs on. A connection that is dead is found when it is taken.
const NO_MAINTENANCE: Option<Duration> = None;

/// The connections of one database.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
}

/// Runs the same code on either database. The types of sqlx differ, so it is compiled once for each.
macro_rules! on_pool {
    ($pool:expr, $db:ident => $work:expr) => {
        async {
            match $pool {
                #[cfg(feature = "sqlite")]
                $crate::database::pool::Pool::Sqlite($db) => $work.await,
                #[cfg(feature = "postgres")]
                $crate::database::pool::Pool::Postgres($db) => $work.await,
            }
        }
    };
}
pub(super) use on_pool;

impl Pool {
    /// Opens a SQLite file that is ours alone. SQLite gives the files beside it (`-wal`, `-shm`) the same mode.
    #[cfg(feature = "sqlite")]
    pub(super) async fn sqlite(path: &Path) -> Result<Self, OpenError> {
        private_file::create_empty(path).map_err(OpenError::File)?;
        for file in with_neighbours(path) {
            match private_file::check(&file) {
                Err(error) if !(error.is_absent() && file != path) => return Err(OpenError::File(error)),
                Ok(()) | Err(_) => {}
            }
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(WAIT)
            // A refresh token that was saved must be there after a power cut: the platform has voided the one before.
            .synchronous(SqliteSynchronous::Full)
            // What was removed is overwritten, sealed or not.
            .pragma("secure_delete", "ON");
        switch_to_wal(&options).await.map_err(unreachable_sqlite)?;
        Self::connect_sqlite(SqlitePoolOptions::new().max_connections(CONNECTIONS), options).await
    }

    /// Opens a database in memory, and the connection that holds it there: it is gone with the last one.
    ///
    /// The pool alone would lose it: a connection that is given back is lost when its runtime ends just then, and the
    /// next one would find nothing.
    #[cfg(feature = "sqlite")]
    pub(super) async fn sqlite_in_memory() -> Result<(Self, SqliteConnection), OpenError> {
        // A name of its own, by which both find the same database.
        let options = SqliteConnectOptions::from_str("sqlite::memory:").map_err(unreachable_sqlite)?;
        let anchor = options.connect().await.map_err(unreachable_sqlite)?;
        let pool = SqlitePoolOptions::new().max_connections(1);
        Ok((Self::connect_sqlite(pool, options).await?, anchor))
    }

    #[cfg(feature = "sqlite")]
    async fn connect_sqlite(pool: SqlitePoolOptions, options: SqliteConnectOptions) -> Result<Self, OpenError> {
        let pool = pool
            .acquire_timeout(WAIT)
            .idle_timeout(NO_MAINTENANCE)
            .max_lifetime(NO_MAINTENANCE)
            .connect_with(options)
            .await
            .map_err(unreachable_sqlite)?;
        Ok(Self::Sqlite(pool))
    }

    /// Connects to PostgreSQL; with TLS if the server offers it, or as `sslmode` in the URL says.
    #[cfg(feature = "postgres")]
    pub(super) async fn postgres(url: &secrecy::SecretString) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.expose_secret().parse().map_err(|_| OpenError::InvalidUrl)?;
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            .idle_timeout(NO_MAINTENANCE)
            .max_lifetime(NO_MAINTENANCE)
            .connect_with(options.application_name("cozegate"))
            .await
            .map_err(|source| OpenError::Unreachable {
                database: "PostgreSQL",
                source,
            })?;
        Ok(Self::Postgres(pool))
    }

    pub(super) async fn close(&self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => pool.close().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

#[cfg(feature = "sqlite")]
fn unreachable_sqlite(source: sqlx::Error) -> OpenError {
    OpenError::Unreachable {
        database: "SQLite",
        source,
    }
}

/// Puts the file into write-ahead mode, in which readers do not wait for the writer. The file remembers it.
///
/// SQLite does not wait here for others who do the same, whatever its busy timeout; so we do.
#[cfg(feature = "sqlite")]
async fn switch_to_wal(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + WAIT;
    loop {
        match options.clone().journal_mode(SqliteJournalMode::Wal).connect().await {
            Ok(connection) => return connection.close().await,
            Err(error) if is_busy(&error) && Instant::now() < deadline => sleep(WAIT / 400).await,
            Err(error) => return Err(error),
        }
    }
}

/// Says whether somebody else was at the file: `SQLITE_BUSY` (5), in the low byte of its extended forms as well.
#[cfg(feature = "sqlite")]
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

/// Returns the file and those that SQLite puts beside it.
#[cfg(feature = "sqlite")]
fn with_neighbours(path: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", "-journal"].map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}
