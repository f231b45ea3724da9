//! The schema: made once whoever comes first, kept over restarts, refused when it is newer than the program.

use crate::backends::{NOW, SqliteFile, key, open_postgres, over, sealer, subject, token_set};
use crate::servers::PostgresSchemas;
use aws_lc_rs::digest::{SHA256, digest};
use coze_auth::{SeededRandom, SystemRandom, TokenKey, TokenStore as _, UnixSeconds};
use cozegate_store::seal::Place;
use cozegate_store::{Backend, Database, Grade, HandleRegister, OpenError, SealKeys, Sealer};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

/// The schema before handles had a site.
const SQLITE_2: [&str; 2] = [
    include_str!("../../migrations/sqlite/0001_first.sql"),
    include_str!("../../migrations/sqlite/0002_seal_mark.sql"),
];
const POSTGRES_2: [&str; 2] = [
    include_str!("../../migrations/postgres/0001_first.sql"),
    include_str!("../../migrations/postgres/0002_seal_mark.sql"),
];
const VERSION_2: &str = "
    CREATE TABLE cozegate_schema (version BIGINT PRIMARY KEY NOT NULL);
    INSERT INTO cozegate_schema (version) VALUES (1), (2)";
const OLD_HANDLE: &str = "
    INSERT INTO handles (handle_hash, subject_digest, sealed_subject, expires_at) VALUES ($1, $2, $3, $4)";
/// The text of a handle that an old version issued.
const HANDLE: &str = "cgh_0000000000000000000000000000000000000000000";
const ENDS_AT: UnixSeconds = UnixSeconds(NOW.0 + 3600);

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
        matches!(error, OpenError::NewerSchema { found: 999, known: 3 }),
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
            matches!(error, OpenError::NewerSchema { found: 999, known: 3 }),
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
    // A file that was a database before could have a write-ahead log beside it, from which SQLite reads the pages.
    let file = SqliteFile::new();
    let text = "no database at all, but long enough to be looked at ".repeat(40);
    file.write(text.as_bytes());
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

/// The parts of a row of a handle as the version before sites wrote it.
struct OldRow {
    hash: Vec<u8>,
    subject_digest: [u8; 32],
    sealed_subject: Vec<u8>,
}

impl OldRow {
    fn new() -> Self {
        let hash = digest(&SHA256, HANDLE.as_bytes()).as_ref().to_vec();
        let key = TokenKey {
            audience: String::new(),
            client_id: "main".to_owned(),
            tenant: None,
            subject: subject("a"),
        };
        let place = Place {
            column: "handles.sealed_subject",
            row: &hash,
            version: ENDS_AT.0,
        };
        let sealed_subject = sealer(1).seal(place, &key.to_bytes()).unwrap();
        Self {
            subject_digest: key.digest(),
            sealed_subject,
            hash,
        }
    }
}

async fn assert_old_handle_is_anonymous_and_can_be_revoked(backend: impl Into<Backend>) {
    let register = HandleRegister::new(backend);

    let record = register.find(HANDLE, NOW).await.unwrap().unwrap();

    assert_eq!(
        (&*record.app, &*record.site, record.grade, &*record.user_id),
        ("main", "main", Grade::Anonymous, "")
    );
    assert_eq!((&record.subject, &record.origin), (&subject("a"), &None));
    assert_eq!(record.expires_at, ENDS_AT);
    assert_eq!(register.live(NOW, 10).await.unwrap().len(), 1);
    assert_eq!(register.revoke_all_of("main", &subject("a")).await.unwrap(), 1);
    let later = NOW + Duration::from_secs(6);
    assert!(register.find(HANDLE, later).await.unwrap().is_none());
}

#[tokio::test]
async fn handle_in_a_file_of_the_version_before_sites_opens_as_anonymous() {
    let file = SqliteFile::new();
    file.write(b"");
    let raw = file.raw().await;
    for sql in SQLITE_2.into_iter().chain([VERSION_2]) {
        sqlx::raw_sql(sql).execute(&raw).await.unwrap();
    }
    let old = OldRow::new();
    sqlx::query(OLD_HANDLE)
        .bind(&old.hash)
        .bind(old.subject_digest.as_slice())
        .bind(&old.sealed_subject)
        .bind(ENDS_AT.0)
        .execute(&raw)
        .await
        .unwrap();
    raw.close().await;

    assert_old_handle_is_anonymous_and_can_be_revoked(file.open().await).await;
}

#[tokio::test]
async fn handle_in_postgresql_of_the_version_before_sites_opens_as_anonymous() {
    PostgresSchemas::run(async |schemas| {
        let url = schemas.fresh_url().await;
        let raw = sqlx::PgPool::connect(&url).await.unwrap();
        for sql in POSTGRES_2.into_iter().chain([VERSION_2]) {
            sqlx::raw_sql(sql).execute(&raw).await.unwrap();
        }
        let old = OldRow::new();
        sqlx::query(OLD_HANDLE)
            .bind(&old.hash)
            .bind(old.subject_digest.as_slice())
            .bind(&old.sealed_subject)
            .bind(ENDS_AT.0)
            .execute(&raw)
            .await
            .unwrap();
        raw.close().await;

        assert_old_handle_is_anonymous_and_can_be_revoked(open_postgres(&url).await).await;
    })
    .await;
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn handle_in_redis_of_the_version_before_sites_opens_as_anonymous() {
    crate::servers::RedisKeys::run(async |keys| {
        let prefix = keys.fresh_prefix();
        let hexadecimal = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .concat()
        };
        let old = OldRow::new();
        let handle_key = format!("{prefix}handle:{}", hexadecimal(&old.hash));
        let subject_key = format!("{prefix}handles_of:{}", hexadecimal(&old.subject_digest));
        let client = redis::Client::open(keys.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd("HSET")
            .arg(&handle_key)
            .arg(&[
                ("sealed_subject", old.sealed_subject.as_slice()),
                ("expires_at", ENDS_AT.0.to_string().as_bytes()),
                ("subject_key", subject_key.as_bytes()),
            ])
            .exec_async(&mut connection)
            .await
            .unwrap();
        redis::cmd("SADD")
            .arg(&subject_key)
            .arg(&handle_key)
            .exec_async(&mut connection)
            .await
            .unwrap();

        let url = keys.url.clone().into();
        let store = cozegate_store::RedisStore::connect(&url, &prefix, sealer(1), Arc::new(SystemRandom)).await;

        assert_old_handle_is_anonymous_and_can_be_revoked(store.unwrap()).await;
    })
    .await;
}
