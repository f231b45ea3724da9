//! The schema: made once whoever comes first, kept over restarts, refused when it is newer than the program.

use crate::backends::{SqliteFile, key, open_postgres, over, sealer, token_set};
use crate::servers::PostgresSchemas;
use coze_auth::{SeededRandom, SystemRandom, TokenStore as _};
use cozegate_store::{Database, OpenError, SealKeys, Sealer};
use futures_util::future::join_all;
use std::sync::Arc;

const NEWER: &str = "INSERT INTO cozegate_schema (version) VALUES (999)";

#[tokio::test]
async fn token_is_there_after_a_restart() {
    let file = SqliteFile::new();
    let first = file.open().await;
    let version = first
        .save(&key("a"), over(&token_set("czu_1", "r1"), None))
        .await
        .unwrap();
    first.close().await;

    let stored = file.open().await.load(&key("a")).await.unwrap().unwrap();

    assert_eq!(stored.version, version);
    assert!(stored.token_set.is_same_as(&token_set("czu_1", "r1")));
}

#[tokio::test]
async fn newer_schema_in_a_file_is_refused_by_name() {
    let file = SqliteFile::new();
    file.open().await.close().await;
    sqlx::query(NEWER).execute(&file.raw().await).await.unwrap();

    let opened = Database::open_sqlite(&file.path, sealer(1), Arc::new(SystemRandom)).await;

    let error = opened.unwrap_err();
    assert!(
        matches!(error, OpenError::NewerSchema { found: 999, known: 2 }),
        "{error:?}"
    );
}

#[tokio::test]
async fn newer_schema_in_postgresql_is_refused_by_name() {
    PostgresSchemas::run(async |schemas| {
        let url = schemas.fresh_url().await;
        open_postgres(&url).await.close().await;
        let raw = sqlx::PgPool::connect(&url).await.unwrap();
        sqlx::query(NEWER).execute(&raw).await.unwrap();
        raw.close().await;

        let opened = Database::open_postgres(&url.into(), sealer(1), Arc::new(SystemRandom)).await;

        let error = opened.unwrap_err();
        assert!(
            matches!(error, OpenError::NewerSchema { found: 999, known: 2 }),
            "{error:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_first_starts_at_once_make_one_sqlite_schema() {
    for _ in 0..10 {
        let file = SqliteFile::new();

        let databases = join_all((0..8).map(|_| file.open())).await;

        databases[0]
            .save(&key("a"), over(&token_set("czu_1", "r1"), None))
            .await
            .unwrap();
        for database in &databases {
            assert!(database.load(&key("a")).await.unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_first_starts_at_once_make_one_postgresql_schema() {
    PostgresSchemas::run(async |schemas| {
        let url = schemas.fresh_url().await;

        let databases = join_all((0..8).map(|_| open_postgres(&url))).await;

        databases[0]
            .save(&key("a"), over(&token_set("czu_1", "r1"), None))
            .await
            .unwrap();
        for database in &databases {
            assert!(database.load(&key("a")).await.unwrap().is_some());
        }
    })
    .await;
}

#[tokio::test]
async fn file_of_something_else_is_refused_and_left_as_it_is() {
    let file = SqliteFile::new();
    file.open().await.close().await;
    std::fs::write(
        &file.path,
        "no database at all, but long enough to be looked at ".repeat(40),
    )
    .unwrap();
    let before = std::fs::read(&file.path).unwrap();

    let opened = Database::open_sqlite(&file.path, sealer(1), Arc::new(SystemRandom)).await;

    assert!(matches!(opened, Err(OpenError::Unreachable { .. })), "{opened:?}");
    assert_eq!(std::fs::read(&file.path).unwrap(), before);
}

#[tokio::test]
async fn address_that_is_none_is_refused_without_its_password() {
    let password = crate::servers::fresh_text();
    for address in [
        format!("postgres://user:{password}@host:port/database"),
        format!("mysql://user:{password}@host/database"),
        password.clone(),
    ] {
        let opened = Database::open_postgres(&address.into(), sealer(1), Arc::new(SystemRandom)).await;

        let error = opened.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&password));
    }
}

/// Opens a store with the key of this seed.
async fn open_with_key(file: &SqliteFile, keys: SealKeys) -> Result<Database, OpenError> {
    let sealer = Sealer::new(&keys, Arc::new(SystemRandom)).unwrap();
    Database::open_sqlite(&file.path, sealer, Arc::new(SystemRandom)).await
}

#[tokio::test]
async fn store_that_was_sealed_with_another_key_is_refused_by_name() {
    let file = SqliteFile::new();
    let ours = || SealKeys::throw_away(&SeededRandom::new(1));
    open_with_key(&file, ours()).await.unwrap().close().await;

    let foreign = open_with_key(&file, SealKeys::throw_away(&SeededRandom::new(2))).await;

    assert!(matches!(foreign, Err(OpenError::OtherSealKey)), "{foreign:?}");
    assert!(open_with_key(&file, ours()).await.is_ok());
}

#[tokio::test]
async fn old_key_may_go_after_a_start_with_the_new_one_in_front() {
    let file = SqliteFile::new();
    let [old, new] = [1, 2].map(|seed| coze_auth::random::base64url(&SeededRandom::new(seed), 32));
    open_with_key(&file, SealKeys::parse(&old).unwrap())
        .await
        .unwrap()
        .close()
        .await;

    let both = SealKeys::parse(&format!("{new} {old}")).unwrap();
    open_with_key(&file, both).await.unwrap().close().await;

    assert!(open_with_key(&file, SealKeys::parse(&new).unwrap()).await.is_ok());
    assert!(open_with_key(&file, SealKeys::parse(&old).unwrap()).await.is_err());
}
