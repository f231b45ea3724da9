//! The idle upstream connections of one core.
//!
//! A stack: the connection used last is used next, so the others grow old and go. A connection leaves the pool with a
//! [`Lease`] and comes back only when an exchange has ended cleanly; whatever else happens closes it.

use super::body::Upload;
use crate::alarm::Alarm;
use hyper::client::conn::http1::SendRequest;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Load balancers close connections that idle for a minute; we close earlier, so that we rarely meet a closed one.
const IDLE_LIMIT: Duration = Duration::from_secs(50);
/// After this long a connection is not used again: the name may have moved to other machines.
const AGE_LIMIT: Duration = Duration::from_mins(5);
/// What one core keeps for the next burst.
const MAX_IDLE: usize = 256;

/// An open connection to the upstream.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Upload>,
    born: Instant,
    /// For the head of each answer.
    alarm: Alarm,
}

impl Connection {
    pub(super) fn new(sender: SendRequest<Upload>) -> Self {
        Self {
            sender,
            born: Instant::now(),
            alarm: Alarm::new(),
        }
    }
}

/// The pool. Its lock is held for a push or a pop and is met by one thread only.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<(Connection, Instant)>>,
}

/// A connection in use.
#[derive(Debug)]
pub(super) struct Lease {
    connection: Connection,
    pool: Arc<Pool>,
}

impl Pool {
    /// Takes the youngest idle connection that is still open and ready; `None` when a new one is needed.
    pub(super) async fn take(self: &Arc<Self>, now: Instant) -> Option<Lease> {
        loop {
            let mut connection = self.pop(now)?;
            // Ready at once, or as soon as its task has seen the end of the exchange before.
            if connection.sender.ready().await.is_ok() {
                return Some(self.lease(connection));
            }
        }
    }

    /// Wraps a new connection.
    pub(super) fn lease(self: &Arc<Self>, connection: Connection) -> Lease {
        Lease {
            connection,
            pool: Arc::clone(self),
        }
    }

    fn pop(&self, now: Instant) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((connection, since)) = idle.pop() {
            if now - since > IDLE_LIMIT {
                // A stack: everything below has idled longer.
                idle.clear();
                return None;
            }
            if now - connection.born <= AGE_LIMIT && !connection.sender.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    fn push(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push((connection, Instant::now()));
        }
    }
}

impl Lease {
    /// What requests are sent with, and what watches over the wait for an answer.
    pub(super) fn parts(&mut self) -> (&mut SendRequest<Upload>, &mut Alarm) {
        (&mut self.connection.sender, &mut self.connection.alarm)
    }

    /// The exchange has ended cleanly: the connection may serve the next one.
    pub(super) fn give_back(self) {
        if !self.connection.sender.is_closed() {
            self.pool.push(self.connection);
        }
    }
}
