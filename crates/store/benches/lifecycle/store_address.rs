//! Where a store is: what a process has to be told to open the same one as the others.

use anyhow::Context as _;
use coze_auth::{SystemRandom, TokenStore};
use cozegate_store::{Database, RedisStore, SealKeys, Sealer};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// A store and the file of the keys that seal what is in it. Has no `Debug`: an address may hold a password.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct StoreAddress {
    pub(crate) seal_keys: PathBuf,
    pub(crate) server: Server,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) enum Server {
    Sqlite { path: PathBuf },
    Postgres { url: String },
    Redis { url: String, prefix: String },
}

impl StoreAddress {
    pub(crate) async fn open(&self) -> anyhow::Result<Arc<dyn TokenStore>> {
        let keys = SealKeys::load_or_create(&self.seal_keys, &SystemRandom)?;
        let random = Arc::new(SystemRandom);
        let sealer = Sealer::new(&keys, random.clone())?;
        Ok(match &self.server {
            Server::Sqlite { path } => {
                let database = Database::open_sqlite(path, sealer, random).await;
                Arc::new(database.context("could not open the SQLite file")?)
            }
            Server::Postgres { url } => {
                let database = Database::open_postgres(&url.as_str().into(), sealer, random).await;
                Arc::new(database.context("could not open the PostgreSQL database")?)
            }
            Server::Redis { url, prefix } => {
                let store = RedisStore::connect(&url.as_str().into(), prefix, sealer, random).await;
                Arc::new(store.context("could not connect to Redis")?)
            }
        })
    }
}
