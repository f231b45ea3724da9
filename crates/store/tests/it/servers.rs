//! Room for a test on the servers that are there: a schema in PostgreSQL, a key prefix in Redis, both removed afterwards.
//!
//! The lifecycle benchmark uses this file as well.

use coze_auth::{Random as _, SystemRandom};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;

/// Random text that no other run has seen: 32 lower-case hexadecimal digits.
pub(crate) fn fresh_text() -> String {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Schemas on the PostgreSQL server for tests.
#[derive(Debug)]
pub(crate) struct PostgresSchemas {
    url: String,
    admin: sqlx::PgPool,
    made: Mutex<Vec<String>>,
}

impl PostgresSchemas {
    /// Runs `test` if there is a server, and removes its schemas whatever becomes of it.
    pub(crate) async fn run<T>(test: impl AsyncFnOnce(&Self) -> T) -> Option<T> {
        let url = variable("COZEGATE_TEST_POSTGRES")?;
        let admin = sqlx::PgPool::connect(&url).await.unwrap();
        let made = Mutex::default();
        let schemas = Self { url, admin, made };
        let outcome = AssertUnwindSafe(test(&schemas)).catch_unwind().await;
        schemas.remove_all().await;
        Some(outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    /// Makes a new, empty schema and returns the address that leads to it.
    pub(crate) async fn fresh_url(&self) -> String {
        let schema = format!("cozegate_test_{}", fresh_text());
        self.execute(format!("CREATE SCHEMA {schema}")).await;
        let separator = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}options=-c%20search_path%3D{schema}", self.url);
        self.made.lock().unwrap().push(schema);
        url
    }

    async fn remove_all(&self) {
        let made = std::mem::take(&mut *self.made.lock().unwrap());
        for schema in made {
            self.execute(format!("DROP SCHEMA {schema} CASCADE")).await;
        }
    }

    async fn execute(&self, sql: String) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&self.admin)
            .await
            .unwrap();
    }
}

/// Key prefixes on the Redis server for tests.
#[cfg(feature = "redis")]
#[derive(Debug)]
pub(crate) struct RedisKeys {
    pub(crate) url: String,
    made: Mutex<Vec<String>>,
}

#[cfg(feature = "redis")]
impl RedisKeys {
    /// Runs `test` if there is a server, and removes its keys whatever becomes of it.
    pub(crate) async fn run<T>(test: impl AsyncFnOnce(&Self) -> T) -> Option<T> {
        let url = variable("COZEGATE_TEST_REDIS")?;
        let made = Mutex::default();
        let keys = Self { url, made };
        let outcome = AssertUnwindSafe(test(&keys)).catch_unwind().await;
        keys.remove_all().await;
        Some(outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    /// Returns a prefix under which nothing is.
    pub(crate) fn fresh_prefix(&self) -> String {
        let prefix = format!("{{cozegate-test-{}}}:", fresh_text());
        self.made.lock().unwrap().push(prefix.clone());
        prefix
    }

    async fn remove_all(&self) {
        let made = std::mem::take(&mut *self.made.lock().unwrap());
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        for prefix in made {
            let keys: Vec<String> = redis::cmd("KEYS")
                .arg(format!("{prefix}*"))
                .query_async(&mut connection)
                .await
                .unwrap();
            for key in keys {
                redis::cmd("DEL").arg(key).exec_async(&mut connection).await.unwrap();
            }
        }
    }
}

/// Returns where a server for tests is; says so when nobody told.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where these tests read the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        eprintln!("SKIPPED: {name} is not set, so there is no server to test with");
    }
    value
}
