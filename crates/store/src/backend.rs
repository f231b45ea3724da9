//! The one place where everything rests, whichever of them it is: a SQL database, or Redis.
//!
//! What differs between them stands in `database` and in `redis`; what is kept in the same form everywhere (rows that are
//! hashed and sealed) in `token_row`, `handle_row` and `one_time`. Whoever keeps something asks this.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::database::{Database, DatabaseError};
use crate::generation_row::GenerationKey;
use crate::handle_row::{FoundHandle, HandlePage, HandleRow};
use crate::handles::{HandleHash, HandleRecord};
use crate::one_time::{OneTimeKind, OneTimeRow};
use crate::owned_row::{FoundOwner, OwnedDigest, OwnedId};
#[cfg(feature = "redis")]
use crate::redis::{RedisError, RedisStore};
use crate::seal::Sealer;
use crate::sealed_row::UnreadableRow;
use coze_auth::{Subject, TokenStore, UnixSeconds};
use std::collections::HashMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Where tokens, handles, pending logins and tickets rest. Cloning counts references.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Backend {
    /// SQLite or PostgreSQL.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    Database(Database),
    /// Redis or Valkey.
    #[cfg(feature = "redis")]
    Redis(RedisStore),
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl From<Database> for Backend {
    fn from(database: Database) -> Self {
        Self::Database(database)
    }
}

#[cfg(feature = "redis")]
impl From<RedisStore> for Backend {
    fn from(store: RedisStore) -> Self {
        Self::Redis(store)
    }
}

/// Why a backend could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The database could not.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Redis could not.
    #[cfg(feature = "redis")]
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// What is there does not open, or could not be sealed.
    #[error(transparent)]
    Unreadable(#[from] UnreadableRow),
}

impl BackendError {
    /// Says whether the backend was not reached or refused, so that trying again can help. What cannot be read stays so.
    pub fn is_away(&self) -> bool {
        match self {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Self::Database(_) => true,
            #[cfg(feature = "redis")]
            Self::Redis(_) => true,
            Self::Unreadable(_) => false,
        }
    }
}

/// Does the same on whichever backend it is.
macro_rules! on_backend {
    ($backend:expr, $store:ident => $work:expr) => {
        match $backend {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Self::Database($store) => $work,
            #[cfg(feature = "redis")]
            Self::Redis($store) => $work,
        }
    };
}

impl Backend {
    /// Returns the store of tokens and leases.
    pub fn tokens(&self) -> Arc<dyn TokenStore> {
        on_backend!(self, store => Arc::new(store.clone()))
    }

    /// Finds out whether it answers.
    pub async fn ping(&self) -> Result<(), BackendError> {
        on_backend!(self, store => Ok(store.ping().await?))
    }

    /// Removes what ended long ago, and returns how much that was. Redis does so by itself.
    pub async fn sweep(&self, now: UnixSeconds) -> Result<u64, BackendError> {
        match self {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Self::Database(database) => Ok(database.sweep(now).await?.total()),
            #[cfg(feature = "redis")]
            Self::Redis(_) => Ok(0),
        }
    }

    /// Waits for running work and closes the connections.
    pub async fn close(&self) {
        match self {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Self::Database(database) => database.close().await,
            // Its connection closes with the last clone.
            #[cfg(feature = "redis")]
            Self::Redis(_) => {}
        }
    }

    fn sealer(&self) -> &Sealer {
        on_backend!(self, store => store.sealer())
    }

    pub(crate) async fn insert_handle(&self, hash: &HandleHash, record: &HandleRecord) -> Result<(), BackendError> {
        let row = HandleRow::seal(self.sealer(), hash, record)?;
        on_backend!(self, store => Ok(store.insert_handle(hash, &row).await?))
    }

    pub(crate) async fn find_handle(
        &self,
        hash: &HandleHash,
        now: UnixSeconds,
    ) -> Result<Option<HandleRecord>, BackendError> {
        let found = on_backend!(self, store => store.find_handle(hash).await?);
        match found {
            Some((sealed, expires_at)) if now < expires_at => {
                Ok(Some(HandleRow::open(self.sealer(), hash, &sealed, expires_at)?))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Returns what up to `limit` handles stand for that work at `now`. One that does not open is left out: it opens for
    /// nobody else either.
    pub(crate) async fn live_handles(&self, now: UnixSeconds, limit: u32) -> Result<Vec<HandleRecord>, BackendError> {
        let rows = on_backend!(self, store => store.live_handles(now, limit).await?);
        let opened = rows
            .into_iter()
            .filter_map(|(hash, sealed, expires_at)| HandleRow::open(self.sealer(), &hash, &sealed, expires_at).ok());
        Ok(opened.collect())
    }

    /// Returns the records under `hashes`, in their order; `None` for those that are gone, ended, or do not open.
    pub(crate) async fn find_handles(
        &self,
        hashes: &[HandleHash],
        now: UnixSeconds,
    ) -> Result<Vec<Option<HandleRecord>>, BackendError> {
        let rows = on_backend!(self, store => store.find_handles(hashes).await?);
        let mut records: HashMap<HandleHash, HandleRecord> = rows
            .into_iter()
            .filter_map(|row| Some((row.0, self.open_live(row, now)?)))
            .collect();
        Ok(hashes.iter().map(|hash| records.remove(hash)).collect())
    }

    /// Hands every record of a handle that works at `now` to `visit`, in no order, until it returns `false`.
    pub(crate) async fn visit_live_handles(
        &self,
        now: UnixSeconds,
        mut visit: impl FnMut(HandleRecord) -> bool,
    ) -> Result<(), BackendError> {
        let mut page = HandlePage::default();
        loop {
            let rows;
            (rows, page) = on_backend!(self, store => store.handles_of_page(page, now).await?);
            for row in rows {
                if let Some(record) = self.open_live(row, now)
                    && !visit(record)
                {
                    return Ok(());
                }
            }
            if page == HandlePage::End {
                return Ok(());
            }
        }
    }

    fn open_live(&self, (hash, sealed, expires_at): FoundHandle, now: UnixSeconds) -> Option<HandleRecord> {
        let record = HandleRow::open(self.sealer(), &hash, &sealed, expires_at).ok()?;
        (now < expires_at).then_some(record)
    }

    /// Deletes a handle and raises the revocation counter. Returns whether there was one.
    pub(crate) async fn delete_handle(&self, hash: &HandleHash) -> Result<bool, BackendError> {
        on_backend!(self, store => Ok(store.delete_handle(hash).await?))
    }

    /// Deletes the handles of a subject and raises the revocation counter. Returns how many there were.
    pub(crate) async fn delete_handles_of(&self, app: &str, subject: &Subject) -> Result<u64, BackendError> {
        let digest = HandleRow::subject_digest(app, subject);
        on_backend!(self, store => Ok(store.delete_handles_of(&digest).await?))
    }

    /// Deletes all handles and raises the revocation counter. Returns how many there were.
    pub(crate) async fn delete_all_handles(&self) -> Result<u64, BackendError> {
        on_backend!(self, store => Ok(store.delete_all_handles().await?))
    }

    /// Returns the revocation counter. Equal numbers mean that nothing was revoked in between.
    pub(crate) async fn revocations(&self) -> Result<i64, BackendError> {
        on_backend!(self, store => Ok(store.revocations().await?))
    }

    pub(crate) async fn find_owned(&self, ids: &[OwnedId]) -> Result<Vec<Option<FoundOwner>>, BackendError> {
        on_backend!(self, store => Ok(store.find_owned(ids).await?))
    }

    pub(crate) async fn write_owned(&self, ids: &[OwnedId], owner: &OwnedDigest, day: i64) -> Result<(), BackendError> {
        match self {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Self::Database(database) => Ok(database.write_owned(ids, owner, day).await?),
            // Its entries expire by the server's clock.
            #[cfg(feature = "redis")]
            Self::Redis(store) => Ok(store.write_owned(ids, owner).await?),
        }
    }

    /// Keeps `content` until `expires_at` for whoever brings `secret`.
    pub(crate) async fn insert_one_time(
        &self,
        kind: OneTimeKind,
        secret: &str,
        content: &[u8],
        expires_at: UnixSeconds,
    ) -> Result<(), BackendError> {
        let row = OneTimeRow::seal(self.sealer(), kind, secret, content, expires_at)?;
        on_backend!(self, store => Ok(store.insert_one_time(&row).await?))
    }

    /// Returns the content and leaves it there; `None` when it is unknown, was given out or has ended.
    pub(crate) async fn peek_one_time(
        &self,
        kind: OneTimeKind,
        secret: &str,
        now: UnixSeconds,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, BackendError> {
        let hash = crate::handles::hash(secret);
        let found = on_backend!(self, store => store.find_one_time(kind, &hash).await?);
        self.open_one_time(kind, &hash, found, now)
    }

    /// Gives the content out, once; `None` when it is unknown, was given out before or has ended.
    pub(crate) async fn spend_one_time(
        &self,
        kind: OneTimeKind,
        secret: &str,
        now: UnixSeconds,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, BackendError> {
        let hash = crate::handles::hash(secret);
        let found = on_backend!(self, store => store.spend_one_time(kind, &hash).await?);
        self.open_one_time(kind, &hash, found, now)
    }

    fn open_one_time(
        &self,
        kind: OneTimeKind,
        hash: &[u8; 32],
        found: Option<(Vec<u8>, UnixSeconds)>,
        now: UnixSeconds,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, BackendError> {
        match found {
            Some((sealed, expires_at)) if now < expires_at => {
                Ok(Some(OneTimeRow::open(self.sealer(), kind, hash, &sealed, expires_at)?))
            }
            Some(_) | None => Ok(None),
        }
    }

    pub(crate) async fn find_generation(&self, key: &GenerationKey) -> Result<i64, BackendError> {
        on_backend!(self, store => Ok(store.find_generation(key).await?))
    }

    pub(crate) async fn write_generation(&self, key: &GenerationKey, day: i64) -> Result<(), BackendError> {
        on_backend!(self, store => Ok(store.write_generation(key, day).await?))
    }

    /// Returns the number of this name; `value` becomes it if there is none.
    pub(crate) async fn number_or_insert(&self, name: &'static str, value: i64) -> Result<i64, BackendError> {
        on_backend!(self, store => Ok(store.number_or_insert(name, value).await?))
    }
}
