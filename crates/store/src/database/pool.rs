//! Connections: how each database is opened, and the one place that tells them apart.

use super::error::OpenError;
use std::time::Duration;

#[cfg(feature = "sqlite")]
use {
    crate::private_file,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    std::path::{Path, PathBuf},
    tokio::time::Instant,
};
#[cfg(feature = "postgres")]
use {secrecy::ExposeSecret as _, sqlx::postgres::PgConnectOptions};

/// How long a piece of work waits for a free connection, and SQLite's writers for each other.
const WAIT: Duration = Duration::from_secs(8);

/// Connections per process. Work is short, and SQLite has one writer at a time anyway.
const CONNECTIONS: u32 = 8;

/// Between two looks at a file that another process is bringing into its first state.
#[cfg(feature = "sqlite")]
const BUSY_PAUSE: Duration = Duration::from_millis(20);

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
            // Readers do not wait for the writer.
            .journal_mode(SqliteJournalMode::Wal)
            // A refresh token that was saved must be there after a power cut: the platform has voided the one before.
            .synchronous(SqliteSynchronous::Full)
            // What was removed is overwritten, sealed or not.
            .pragma("secure_delete", "ON");
        Self::connect_sqlite(SqlitePoolOptions::new().max_connections(CONNECTIONS), options).await
    }

    /// Opens a database in memory. It lives in its one connection, which is therefore never closed.
    #[cfg(feature = "sqlite")]
    pub(super) async fn sqlite_in_memory() -> Result<Self, OpenError> {
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None);
        Self::connect_sqlite(pool, SqliteConnectOptions::new().in_memory(true)).await
    }

    /// Connects, and tries again while another process brings the file into its first state: SQLite does not wait there,
    /// whatever its busy timeout says, because turning to WAL needs the file for itself for a moment.
    #[cfg(feature = "sqlite")]
    async fn connect_sqlite(pool: SqlitePoolOptions, options: SqliteConnectOptions) -> Result<Self, OpenError> {
        let pool = pool.acquire_timeout(WAIT);
        let deadline = Instant::now() + WAIT;
        loop {
            match pool.clone().connect_with(options.clone()).await {
                Ok(pool) => return Ok(Self::Sqlite(pool)),
                Err(error) if is_busy(&error) && Instant::now() < deadline => tokio::time::sleep(BUSY_PAUSE).await,
                Err(source) => {
                    return Err(OpenError::Unreachable {
                        database: "SQLite",
                        source,
                    });
                }
            }
        }
    }

    /// Connects to PostgreSQL; with TLS if the server offers it, or as `sslmode` in the URL says.
    #[cfg(feature = "postgres")]
    pub(super) async fn postgres(url: &secrecy::SecretString) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.expose_secret().parse().map_err(|_| OpenError::InvalidUrl)?;
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
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

/// Says whether SQLite answered `SQLITE_BUSY`, plain or extended (the low byte is 5).
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
