//! Why the database could not be opened, or could not do its work.
//!
//! No text here quotes a value or the database's URL. What sqlx reports names hosts, files and tables.

use crate::private_file::PrivateFileError;
use coze_auth::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// How long one piece of work may take before it is given up: longer than SQLite's writers wait for each other, shorter
/// than a person waits.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The SQLite file, or one that stands beside it, could not be made or is not ours alone.
    #[error(transparent)]
    File(PrivateFileError),
    /// The text is no URL of a PostgreSQL database. The parser's words are not kept, since they may quote the password.
    #[error("the address of the PostgreSQL database is not of the form postgres://user:password@host/database")]
    InvalidUrl,
    /// No connection, or no access.
    #[error("could not connect to the {database} database")]
    Unreachable {
        /// `SQLite` or `PostgreSQL`.
        database: &'static str,
        /// What sqlx says.
        #[source]
        source: sqlx::Error,
    },
    /// A later version of the program was here. This one would not know what it writes over.
    #[error(
        "the store was written by a newer version (its schema is {found}, this program knows {known}); start that version, or restore a backup"
    )]
    NewerSchema {
        /// The schema in the database.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Those who wrote there had another key.
    #[error(
        "the store is sealed with another key than the one given here; every process on one store needs the same key"
    )]
    OtherSealKey,
    /// The mark of the key could not be read or written.
    #[error("could not compare the key with the store's")]
    SealMark {
        /// What sqlx says.
        #[source]
        source: sqlx::Error,
    },
    /// The schema could not be read or changed. The change was rolled back.
    #[error("could not bring the store's schema to version {version}")]
    Migration {
        /// The version that was on its way; 0: none yet.
        version: i64,
        /// What sqlx says.
        #[source]
        source: sqlx::Error,
    },
}

/// Why the database could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The database was not reached, or refused.
    #[error("could not {operation} in the store")]
    Failed {
        /// What was tried.
        operation: &'static str,
        /// What sqlx says.
        #[source]
        source: sqlx::Error,
    },
    /// The database did not answer in time. The work may have been done all the same.
    #[error("could not {operation} in the store within {} s", PATIENCE.as_secs())]
    TimedOut {
        /// What was tried.
        operation: &'static str,
    },
}

impl DatabaseError {
    /// Says the same in the words of [`coze_auth::TokenStore`].
    pub(super) fn into_store_error(self, operation: &'static str) -> StoreError {
        StoreError::Unavailable {
            operation,
            source: Arc::new(self.into()),
        }
    }
}
