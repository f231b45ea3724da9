//! Every backend keeps the contract of `coze_auth::TokenStore`: one suite for all.

use crate::backends::{SqliteFile, sealer};
use crate::servers::PostgresSchemas;
use coze_auth::{MemoryStore, SystemRandom, TokenStore, conformance};
use cozegate_store::Database;
use std::sync::{Arc, Mutex};

#[tokio::test(flavor = "multi_thread")]
async fn memory_store_keeps_the_contract() {
    conformance::check_all(async || Arc::new(MemoryStore::default()) as Arc<dyn TokenStore>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_file_keeps_the_contract() {
    let files = Mutex::new(Vec::new());

    conformance::check_all(async || {
        let file = SqliteFile::new();
        let database = file.open().await;
        files.lock().unwrap().push(file);
        Arc::new(database) as Arc<dyn TokenStore>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_in_memory_keeps_the_contract() {
    conformance::check_all(async || {
        let database = Database::open_in_memory(sealer(1), Arc::new(SystemRandom)).await;
        Arc::new(database.unwrap()) as Arc<dyn TokenStore>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_keeps_the_contract() {
    PostgresSchemas::run(async |schemas| {
        conformance::check_all(async || Arc::new(schemas.fresh().await) as Arc<dyn TokenStore>).await;
    })
    .await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_contract() {
    crate::servers::RedisKeys::run(async |keys| {
        conformance::check_all(async || Arc::new(keys.fresh().await) as Arc<dyn TokenStore>).await;
    })
    .await;
}
