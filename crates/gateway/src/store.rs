//! Opens the store that the configuration names, with the key that seals it.
//!
//! Files are made at the first start: the SQLite file, and the key beside it. A program that is to outlive nothing (a demo,
//! or a machine without a place for files) gets a store in memory with a key of its own.

use coze_auth::Random;
use cozegate_config::{SealKeySource, StoreConfig, StoreKind};
use cozegate_store::redis::DEFAULT_PREFIX;
use cozegate_store::{
    Backend, Database, OpenError, RedisError, RedisStore, SealError, SealKeys, SealKeysError, Sealer,
};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The SQLite file in the folder for what outlives the process.
const DATABASE_FILE: &str = "cozegate.db";
/// The seal key, there or beside a SQLite file of another place.
const KEY_FILE: &str = "store.key";

/// An open store.
#[derive(Debug)]
pub struct OpenedStore {
    /// The store.
    pub backend: Backend,
    /// Nothing in it outlives the process, although the configuration does not ask for that: there is no folder for it.
    pub is_makeshift: bool,
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// The seal key could not be had.
    #[error(transparent)]
    Keys(#[from] SealKeysError),
    /// The seal key cannot seal.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A store of several machines needs a key that is the same on all of them, and there is no folder to make one in.
    #[error("the store has no seal key, and there is no folder to keep one in")]
    NoPlaceForKey,
    /// The key is to come from the keyring, and this build does not know how.
    #[error(
        "this build has no access to the system's keyring; build it with the feature `keyring`, or keep the key in a file"
    )]
    KeyringNotBuilt,
    /// The database could not be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// Redis could not be reached.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// Opens it. `folder` is where the user keeps what outlives a process, if there is such a place.
///
/// To be called on the runtime that serves: its connections belong to it.
pub async fn open(
    config: &StoreConfig,
    folder: Option<&Path>,
    random: Arc<dyn Random>,
) -> Result<OpenedStore, OpenStoreError> {
    let opened = |backend| OpenedStore {
        backend,
        is_makeshift: false,
    };
    match &config.kind {
        StoreKind::Memory => in_memory(random).await.map(opened),
        StoreKind::Sqlite { path } => {
            let Some(path) = path.clone().or_else(|| Some(folder?.join(DATABASE_FILE))) else {
                return Ok(OpenedStore {
                    backend: in_memory(random).await?,
                    is_makeshift: true,
                });
            };
            let sealer = sealer(&config.seal_key, path.parent(), folder, &random)?;
            Ok(opened(Database::open_sqlite(&path, sealer, random).await?.into()))
        }
        StoreKind::Postgres { url } => {
            let sealer = sealer(&config.seal_key, folder, folder, &random)?;
            let url = SecretString::from(url.expose());
            Ok(opened(Database::open_postgres(&url, sealer, random).await?.into()))
        }
        StoreKind::Redis { url, prefix } => {
            let sealer = sealer(&config.seal_key, folder, folder, &random)?;
            let url = SecretString::from(url.expose());
            let prefix = prefix.as_deref().unwrap_or(DEFAULT_PREFIX);
            Ok(opened(RedisStore::connect(&url, prefix, sealer, random).await?.into()))
        }
    }
}

/// A store that ends with the process.
pub async fn in_memory(random: Arc<dyn Random>) -> Result<Backend, OpenStoreError> {
    let sealer = Sealer::new(&SealKeys::throw_away(random.as_ref()), Arc::clone(&random))?;
    Ok(Database::open_in_memory(sealer, random).await?.into())
}

/// Gets the key: from its usual file `beside` the store, where nothing else is said. `folder` is the person's own.
fn sealer(
    source: &SealKeySource,
    beside: Option<&Path>,
    folder: Option<&Path>,
    random: &Arc<dyn Random>,
) -> Result<Sealer, OpenStoreError> {
    let keys = match source {
        SealKeySource::File(path) => {
            let usual = || beside.map(|folder| folder.join(KEY_FILE));
            let path: PathBuf = path.clone().or_else(usual).ok_or(OpenStoreError::NoPlaceForKey)?;
            SealKeys::load_or_create(&path, random.as_ref())?
        }
        SealKeySource::Text(text) => SealKeys::parse(text.expose())?,
        SealKeySource::Keyring(account) => keys_from_keyring(account, folder, random.as_ref())?,
    };
    Ok(Sealer::new(&keys, Arc::clone(random))?)
}

/// Asks the keyring, which may ask the person: nothing is served yet, so this thread can wait for it.
#[cfg(feature = "keyring")]
fn keys_from_keyring(account: &str, folder: Option<&Path>, random: &dyn Random) -> Result<SealKeys, OpenStoreError> {
    let entry = cozegate_store::KeyringEntry {
        service: "cozegate".to_owned(),
        account: account.to_owned(),
        lock_file: folder.ok_or(OpenStoreError::NoPlaceForKey)?.join("keyring.lock"),
    };
    Ok(SealKeys::load_or_create_in_keyring(&entry, random)?)
}

#[cfg(not(feature = "keyring"))]
fn keys_from_keyring(_: &str, _: Option<&Path>, _: &dyn Random) -> Result<SealKeys, OpenStoreError> {
    Err(OpenStoreError::KeyringNotBuilt)
}
