//! Connection to Redis that is replaced when a command stays unanswered.
//!
//! redis-rs reconnects after an I/O error, and a response timeout is none for it. A connection that fails silently (a dead
//! host, a failover without RST, an idle drop in a firewall, a proxy that reads and never answers) would stay in use until
//! the kernel gives up retransmitting, about 15 minutes on Linux. Here a timeout replaces the connection, as in go-redis
//! and redis-py. The command itself fails: whether Redis executed it is unknown.
//!
//! A caller may drop a command before its timeout. The time of the oldest unanswered command is therefore kept, and the next
//! command replaces a connection that has been silent for that long.

use ::redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use ::redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use ::redis::{Client, Cmd, IntoConnectionInfo as _, Pipeline, RedisFuture, RedisResult, Value};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Limit for one command, connecting included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Attempts to connect for one command.
const RETRIES: usize = 2;

/// Idle time before the first TCP keep-alive probe, so that an idle connection to a dead host is found before a command
/// needs it.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// Time between two probes.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Shared connection; clones use the same one.
#[derive(Clone)]
pub(super) struct Connection(Arc<Shared>);

struct Shared {
    client: Client,
    config: ConnectionManagerConfig,
    current: Mutex<Arc<Link>>,
}

/// One connection with its health.
struct Link {
    manager: ConnectionManager,
    /// When the oldest command was sent after which no answer has come.
    unanswered_since: Mutex<Option<Instant>>,
}

impl Connection {
    /// Connects to the server at `url`.
    pub(super) async fn open(url: &str) -> Result<Self, OpenError> {
        // The parser's words are not kept, since they may quote the password.
        let info = url.into_connection_info().map_err(|_| OpenError::InvalidUrl)?;
        let keepalive = TcpKeepalive::new()
            .with_time(KEEPALIVE_IDLE)
            .with_interval(KEEPALIVE_INTERVAL);
        let info = info.set_tcp_settings(TcpSettings::default().set_keepalive(keepalive));
        let client = Client::open(info).map_err(|_| OpenError::InvalidUrl)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(ANSWER_TIMEOUT))
            // `Connection::command` has a timeout of its own.
            .set_response_timeout(None)
            .set_number_of_retries(RETRIES);
        let manager = ConnectionManager::new_with_config(client.clone(), config.clone())
            .await
            .map_err(OpenError::Unreachable)?;
        let current = Mutex::new(Arc::new(Link::new(manager)));
        Ok(Self(Arc::new(Shared {
            client,
            config,
            current,
        })))
    }

    /// Returns a link that is not known to be dead, and notes that a command is sent on it.
    fn link(&self) -> RedisResult<Arc<Link>> {
        let now = Instant::now();
        let mut current = lock(&self.0.current);
        if current.is_silent(now) {
            *current = Arc::new(self.0.new_link()?);
        }
        current.note_sent(now);
        Ok(Arc::clone(&current))
    }

    /// Runs one command; a timeout replaces the link.
    async fn command<T>(&self, run: impl AsyncFnOnce(ConnectionManager) -> RedisResult<T>) -> RedisResult<T> {
        let link = self.link()?;
        match timeout(ANSWER_TIMEOUT, run(link.manager.clone())).await {
            Ok(Err(error)) if error.is_timeout() => {
                self.replace(&link)?;
                Err(error)
            }
            Ok(outcome) => {
                *lock(&link.unanswered_since) = None;
                outcome
            }
            Err(_) => {
                self.replace(&link)?;
                Err(io::Error::from(io::ErrorKind::TimedOut).into())
            }
        }
    }

    /// Replaces `link`, unless another command has done so.
    fn replace(&self, link: &Arc<Link>) -> RedisResult<()> {
        let mut current = lock(&self.0.current);
        if Arc::ptr_eq(&current, link) {
            tracing::warn!(
                seconds = ANSWER_TIMEOUT.as_secs(),
                "Redis did not answer in time; the connection is replaced"
            );
            *current = Arc::new(self.0.new_link()?);
        }
        Ok(())
    }
}

impl Shared {
    /// A link that connects with its first command. Commands in flight keep the old one until they end.
    fn new_link(&self) -> RedisResult<Link> {
        ConnectionManager::new_lazy_with_config(self.client.clone(), self.config.clone()).map(Link::new)
    }
}

impl Link {
    fn new(manager: ConnectionManager) -> Self {
        Self {
            manager,
            unanswered_since: Mutex::new(None),
        }
    }

    fn note_sent(&self, now: Instant) {
        lock(&self.unanswered_since).get_or_insert(now);
    }

    /// Whether a command has been waiting for longer than an answer may take, and nothing has come since.
    fn is_silent(&self, now: Instant) -> bool {
        lock(&self.unanswered_since).is_some_and(|since| now.duration_since(since) >= ANSWER_TIMEOUT)
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.command(async |mut manager| manager.send_packed_command(command).await))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(self.command(async move |mut manager| manager.send_packed_commands(pipeline, offset, count).await))
    }

    fn get_db(&self) -> i64 {
        lock(&self.0.current).manager.get_db()
    }
}

/// Why there is no first connection.
pub(super) enum OpenError {
    InvalidUrl,
    Unreachable(::redis::RedisError),
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
