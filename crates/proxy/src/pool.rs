//! The idle upstream connections of one core.
//!
//! A stack: the connection used last is used next, so the others grow old and go. A connection leaves the pool with a
//! [`Lease`] and comes back only when an exchange has ended cleanly; whatever else happens closes it, at once, be it in the
//! middle of writing to a platform that does not read.
//!
//! HTTP/1.1 knows which answer belongs to which request by their order alone. So an answer that the platform sends unasked, a
//! moment after the one before, would go to the next request on that connection. A connection therefore goes on to the same
//! caller at once, and to another one only after it has idled for [`QUARANTINE`] without a byte: hyper closes an idle connection on
//! which something arrives.

use super::upload::{Course, Upload};
use cozegate_core::alarm::Alarm;
use hyper::client::conn::http1::SendRequest;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

/// Load balancers close connections that idle for a minute; we close earlier, so that we rarely meet a closed one.
const IDLE_LIMIT: Duration = Duration::from_secs(50);
/// After this long a connection is not used again: the name may have moved to other machines.
const AGE_LIMIT: Duration = Duration::from_mins(5);
/// How long a connection's task may take to see that the exchange before has ended, once the answer has.
const READY_WITHIN: Duration = Duration::from_millis(50);
/// How long a connection idles before another caller may use it. Longer than a round trip to most platforms. Measured with an
/// upstream that sends a second answer 0.5 ms after the first (`tests/it/unasked_answers.rs`).
const QUARANTINE: Duration = Duration::from_millis(100);
/// What one core keeps for the next burst.
const MAX_IDLE: usize = 256;

/// An open connection to the upstream.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Upload>,
    born: Instant,
    /// For the head of each answer.
    alarm: Alarm,
    /// Reads and writes, until the connection is dropped.
    task: AbortOnDropHandle<()>,
}

impl Connection {
    pub(super) fn new(sender: SendRequest<Upload>, task: JoinHandle<()>) -> Self {
        Self {
            sender,
            born: Instant::now(),
            alarm: Alarm::new(),
            task: AbortOnDropHandle::new(task),
        }
    }

    /// Ready at once, or as soon as its task has seen the end of the exchange before. One that is not has a caller's body
    /// to write that the platform does not take: nobody has to wait for that.
    async fn is_ready(&mut self) -> bool {
        let ready = self.sender.ready();
        matches!(timeout(READY_WITHIN, ready).await, Ok(Ok(())))
    }
}

/// The pool. Its lock is held for a push or a pop and is met by one thread only.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
    /// Whose answer came last.
    caller: CallerId,
}

/// Identity of a caller; `None` equals no other.
pub(super) type CallerId = Option<NonZeroU64>;

/// A connection in use.
#[derive(Debug)]
pub(super) struct Lease {
    connection: Connection,
    pool: Arc<Pool>,
    caller: CallerId,
    /// The body that is written to it, where that is still coming.
    upload: Option<Arc<Course>>,
}

impl Pool {
    /// Takes the youngest idle connection that is still open and ready, and that this caller may use; `None` when a new one is
    /// needed.
    pub(super) async fn take(self: &Arc<Self>, caller: CallerId, now: Instant) -> Option<Lease> {
        loop {
            let (mut connection, is_callers_own) = self.pop(caller, now)?;
            if !is_callers_own {
                // What has arrived since the last look is read first.
                tokio::task::yield_now().await;
            }
            if connection.sender.is_ready() || Box::pin(connection.is_ready()).await {
                return Some(self.lease(connection, caller));
            }
        }
    }

    /// Wraps a new connection.
    pub(super) fn lease(self: &Arc<Self>, connection: Connection, caller: CallerId) -> Lease {
        Lease {
            connection,
            pool: Arc::clone(self),
            caller,
            upload: None,
        }
    }

    /// Takes a connection off the stack, and says whether this caller used it last.
    fn pop(&self, caller: CallerId, now: Instant) -> Option<(Connection, bool)> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // A stack: everything below has idled longer.
        let outlived = idle.iter().rposition(|idle| now - idle.since > IDLE_LIMIT);
        idle.drain(..outlived.map_or(0, |last| last + 1));
        let is_usable = |idle: &Idle| now - idle.connection.born <= AGE_LIMIT && !idle.connection.sender.is_closed();
        let (mut own, mut rested, mut has_ended) = (None, None, false);
        for (position, entry) in idle.iter().enumerate().rev() {
            if !is_usable(entry) {
                has_ended = true;
            } else if caller.is_some() && entry.caller == caller {
                own = Some(position);
                break;
            } else if rested.is_none() && now - entry.since >= QUARANTINE {
                rested = Some(position);
            }
        }
        let taken = own.or(rested).map(|position| idle.remove(position).connection);
        if has_ended {
            idle.retain(is_usable);
        }
        Some((taken?, own.is_some()))
    }

    fn push(&self, connection: Connection, caller: CallerId) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            let since = Instant::now();
            idle.push(Idle {
                connection,
                since,
                caller,
            });
        }
    }
}

impl Lease {
    /// What requests are sent with, and what watches over the wait for an answer.
    pub(super) fn parts(&mut self) -> (&mut SendRequest<Upload>, &mut Alarm) {
        (&mut self.connection.sender, &mut self.connection.alarm)
    }

    /// Notes which body is written to it.
    pub(super) fn uploads(&mut self, upload: Option<Arc<Course>>) {
        self.upload = upload;
    }

    /// The answer has ended cleanly: the connection may serve the next exchange. But where the platform has answered before
    /// it had the whole body, what is left of that ends here, and the connection with it: the answer was the last word,
    /// and the next caller cannot wait for this one's body.
    pub(super) fn give_back(self) {
        let has_all = self.upload.is_none_or(|upload| upload.has_ended());
        if has_all && !self.connection.sender.is_closed() {
            self.pool.push(self.connection, self.caller);
        }
    }

    /// The connection carries no exchange after this one, and what becomes of it is somebody else's affair.
    pub(super) fn hand_over(self) {
        let _goes_on = self.connection.task.detach();
    }
}

#[cfg(test)]
mod tests {
    use super::super::connect;
    use super::*;
    use bytes::Bytes;
    use http::Request;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_util::task::TaskTracker;

    #[tokio::test(start_paused = true)]
    async fn connection_that_is_still_writing_for_somebody_else_is_not_waited_for() {
        let (mut platform, upstream) = tokio::io::duplex(1024);
        let (mut sender, connection) = connect::http1().handshake(TokioIo::new(upstream)).await.unwrap();
        let task = TaskTracker::new().spawn(async move { drop(connection.await) });
        let answers_early = async {
            let mut begun = [0; 512];
            platform.read_exact(&mut begun).await.unwrap();
            let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
            platform.write_all(answer).await.unwrap();
        };
        let body = Upload::kept(Bytes::from(vec![b'x'; 60_000]));
        let (answer, ()) = tokio::join!(sender.send_request(Request::new(body)), answers_early);
        assert_eq!(answer.unwrap().status(), 403);
        let pool = Arc::new(Pool::default());
        pool.lease(Connection::new(sender, task), CallerId::None).give_back();

        tokio::time::advance(QUARANTINE).await;
        assert!(pool.take(None, Instant::now()).await.is_none());

        // And it is closed: what comes next is the end.
        let mut rest = vec![];
        platform.read_to_end(&mut rest).await.unwrap();
        assert!(rest.len() < 60_000);
    }
}
