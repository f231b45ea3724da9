//! Stores that several gateways of a test share: a SQLite file, and room on the PostgreSQL and Redis servers that
//! `COZEGATE_TEST_POSTGRES` and `COZEGATE_TEST_REDIS` name.
//!
//! Room is made and removed by a few bytes of each server's own protocol: SQL and Redis libraries stay in the store.

use coze_auth::SystemRandom;
use coze_auth::random::base64url;
use cozegate_config::{SecretText, StoreConfig, StoreKind};
use cozegate_gateway::store;
use cozegate_store::Backend;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// One store, empty at first, that can be opened any number of times.
pub struct SharedStore {
    pub name: &'static str,
    config: StoreConfig,
    /// Holds the key that seals, and the SQLite file.
    folder: TempDir,
    room: Room,
}

/// What has to be removed from a server.
enum Room {
    Nothing,
    Schema { server: Url, name: String },
    Keys { server: Url, prefix: String },
}

impl SharedStore {
    pub fn sqlite() -> Self {
        Self::new("SQLite", StoreConfig::default().kind, Room::Nothing)
    }

    /// `None` without a server, which is said.
    pub async fn postgres() -> Option<Self> {
        let server: Url = variable("COZEGATE_TEST_POSTGRES")?.parse().unwrap();
        let name = fresh_name();
        postgres(&server, &format!("CREATE SCHEMA {name}")).await;
        let mut url = server.clone();
        url.set_query(Some(&format!("options=-c%20search_path%3D{name}")));
        let url = SecretText::new(url.as_str());
        let room = Room::Schema { server, name };
        Some(Self::new("PostgreSQL", StoreKind::Postgres { url }, room))
    }

    /// `None` without a server, which is said.
    pub fn redis() -> Option<Self> {
        let server: Url = variable("COZEGATE_TEST_REDIS")?.parse().unwrap();
        let prefix = format!("{{{}}}:", fresh_name());
        let kind = StoreKind::Redis {
            url: SecretText::new(server.as_str()),
            prefix: Some(prefix.clone()),
        };
        Some(Self::new("Redis", kind, Room::Keys { server, prefix }))
    }

    fn new(name: &'static str, kind: StoreKind, room: Room) -> Self {
        let config = StoreConfig {
            kind,
            ..StoreConfig::default()
        };
        let folder = TempDir::new().unwrap();
        Self {
            name,
            config,
            folder,
            room,
        }
    }

    /// Opens it with connections of its own, as another process would.
    pub async fn open(&self) -> Backend {
        let opened = store::open(&self.config, Some(self.folder.path()), Arc::new(SystemRandom)).await;
        opened.unwrap().backend
    }

    /// Removes what is left on a server. A test that fails leaves it.
    pub async fn remove(self) {
        match &self.room {
            Room::Nothing => {}
            Room::Schema { server, name } => postgres(server, &format!("DROP SCHEMA {name} CASCADE")).await,
            Room::Keys { server, prefix } => redis_remove(server, prefix).await,
        }
    }
}

fn fresh_name() -> String {
    let text = base64url(&SystemRandom, 16).to_lowercase().replace('-', "_");
    format!("cozegate_test_{text}")
}

#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "the servers are named by the environment, and a test that skips says so"
)]
fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        eprintln!("SKIPPED: {name} is not set, so there is no server to test with");
    }
    value
}

/// Runs one statement by the simple query protocol (PostgreSQL, "Frontend/Backend Protocol"); the server trusts us.
async fn postgres(server: &Url, statement: &str) {
    let address = (server.host_str().unwrap(), server.port().unwrap_or(5432));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let database = server.path().trim_start_matches('/');
    let parameters = format!("user\0{}\0database\0{database}\0\0", server.username());
    let mut startup = Vec::from(u32::try_from(parameters.len() + 8).unwrap().to_be_bytes());
    startup.extend([0, 3, 0, 0]);
    startup.extend(parameters.as_bytes());
    stream.write_all(&startup).await.unwrap();
    until_ready(&mut stream).await;
    let mut query = vec![b'Q'];
    query.extend(u32::try_from(statement.len() + 5).unwrap().to_be_bytes());
    query.extend(statement.as_bytes());
    query.push(0);
    stream.write_all(&query).await.unwrap();
    until_ready(&mut stream).await;
}

/// Reads messages up to "ready for query".
async fn until_ready(stream: &mut TcpStream) {
    loop {
        let kind = stream.read_u8().await.unwrap();
        let length = usize::try_from(stream.read_u32().await.unwrap()).unwrap();
        let mut body = vec![0; length - 4];
        stream.read_exact(&mut body).await.unwrap();
        assert_ne!(kind, b'E', "{}", String::from_utf8_lossy(&body));
        if kind == b'Z' {
            return;
        }
    }
}

/// Removes all keys below a prefix (RESP, an inline script).
async fn redis_remove(server: &Url, prefix: &str) {
    let address = (server.host_str().unwrap(), server.port().unwrap_or(6379));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end return 'removed'";
    let pattern = format!("{prefix}*");
    let parts = ["EVAL", script, "0", &pattern].map(|part| format!("${}\r\n{part}\r\n", part.len()));
    let command = format!("*{}\r\n{}", parts.len(), parts.concat());
    stream.write_all(command.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, *b"$7\r\nremoved\r", "{}", String::from_utf8_lossy(&answer));
}
