//! Fresh stores for tests, on every backend that is there, and what tests put into them.

use crate::servers::PostgresSchemas;
#[cfg(feature = "redis")]
use crate::servers::RedisKeys;
use coze_auth::{
    AccessToken, App, ManualClock, PkceApp, RefreshToken, Region, Save, SeededRandom, SessionName, Subject,
    SystemRandom, TokenKey, TokenSet, TokenSource, UnixSeconds, Version,
};
use cozegate_store::{Backend, Database, Grade, HandleRecord, LoginRecord, SealKeys, Sealer};
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

pub(crate) fn sealer(seed: u64) -> Sealer {
    Sealer::new(&SealKeys::throw_away(&SeededRandom::new(seed)), Arc::new(SystemRandom)).unwrap()
}

pub(crate) fn subject(name: &str) -> Subject {
    Subject::of(SessionName::parse(name).unwrap())
}

/// A handle of the app `main`.
pub(crate) fn record(name: &str, expires_at: UnixSeconds) -> HandleRecord {
    HandleRecord {
        app: "main".into(),
        site: "main".into(),
        grade: Grade::Anonymous,
        subject: subject(name),
        user_id: format!("v_{name}").into(),
        origin: None,
        expires_at,
    }
}

pub(crate) fn key(name: &str) -> TokenKey {
    TokenKey {
        audience: "api.coze.example".to_owned(),
        client_id: "1100000000001".to_owned(),
        tenant: None,
        subject: subject(name),
    }
}

pub(crate) fn token_set(access_token: &str, refresh_token: &str) -> TokenSet {
    TokenSet {
        access_token: AccessToken::parse(access_token).unwrap(),
        token_type: "Bearer".to_owned(),
        issued_at: NOW,
        expires_at: Some(UnixSeconds(NOW.0 + 900)),
        refresh_token: Some(RefreshToken::parse(refresh_token).unwrap()),
        refresh_expires_at: Some(UnixSeconds(NOW.0 + 30 * 86_400)),
    }
}

/// A login of the app `main` that was just begun, at `NOW`.
pub(crate) fn login(browser: &str) -> LoginRecord {
    let app = App::Pkce(PkceApp::new("1.app.coze", Region::China.endpoints()));
    let tokens = TokenSource::builder(app)
        .clock(Arc::new(ManualClock::new(NOW)))
        .build()
        .unwrap();
    LoginRecord {
        app: "main".to_owned(),
        browser: browser.to_owned(),
        pending: tokens.begin_login("http://127.0.0.1:8081/callback").unwrap(),
    }
}

pub(crate) fn over(token_set: &TokenSet, expected: Option<Version>) -> Save<'_> {
    Save {
        token_set,
        expected,
        renew_at: None,
        lease: None,
    }
}

/// A SQLite file in a folder of its own, which goes with this.
#[derive(Debug)]
pub(crate) struct SqliteFile {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl SqliteFile {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cozegate.db");
        Self { folder, path }
    }

    pub(crate) async fn open(&self) -> Database {
        Database::open_sqlite(&self.path, sealer(1), Arc::new(SystemRandom))
            .await
            .unwrap()
    }

    /// Puts other content in the file's place.
    pub(crate) fn write(&self, content: &[u8]) {
        std::fs::write(&self.path, content).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&self.path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// A connection past the store, as somebody with the file has it.
    pub(crate) async fn raw(&self) -> sqlx::SqlitePool {
        sqlx::SqlitePool::connect(&format!("sqlite:{}", self.path.display()))
            .await
            .unwrap()
    }
}

impl PostgresSchemas {
    pub(crate) async fn fresh(&self) -> Database {
        open_postgres(&self.fresh_url().await).await
    }
}

pub(crate) async fn open_postgres(url: &str) -> Database {
    Database::open_postgres(&url.to_owned().into(), sealer(1), Arc::new(SystemRandom))
        .await
        .unwrap()
}

#[cfg(feature = "redis")]
impl RedisKeys {
    pub(crate) async fn fresh(&self) -> cozegate_store::RedisStore {
        let url = self.url.clone().into();
        cozegate_store::RedisStore::connect(&url, &self.fresh_prefix(), sealer(1), Arc::new(SystemRandom))
            .await
            .unwrap()
    }
}

/// Runs `test` on every SQL database that is there: SQLite in memory, SQLite in a file, PostgreSQL.
pub(crate) async fn on_every_database(test: impl AsyncFn(Database)) {
    let in_memory = Database::open_in_memory(sealer(1), Arc::new(SystemRandom));
    test(in_memory.await.unwrap()).await;
    test(SqliteFile::new().open().await).await;
    PostgresSchemas::run(async |schemas| test(schemas.fresh().await).await).await;
}

/// Runs `test` on every backend that is there: every SQL database, and Redis.
pub(crate) async fn on_every_backend(test: impl AsyncFn(Backend)) {
    on_every_database(async |database| test(database.into()).await).await;
    #[cfg(feature = "redis")]
    RedisKeys::run(async |keys| test(keys.fresh().await.into()).await).await;
}
