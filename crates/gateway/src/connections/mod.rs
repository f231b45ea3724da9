//! Accepts connections and serves HTTP/1.1 on them until we stop. Used by both listeners.
//!
//! | file | owns |
//! |---|---|
//! | [`register`] | how many connections there may be, and who goes when there are more |
//! | [`state`] | what a connection is doing, and since when |
//! | [`wire`] | what of the bytes the parser gets to see |
//! | [`framing`], [`head`], [`chunks`] | where one request ends and the next begins, strictly |
//! | [`watched`] | when a request begins and its answer ends |
//! | [`descriptors`] | how many sockets the system lets us open |
//!
//! A connection ends with an answer that said so (`Connection: close`), when the client ends it, after a long rest, or when
//! we stop. A browser may be sending into an idle connection at any time, and repeats what got lost, a message included; so
//! a rest of ours is longer than a browser's.

mod chunks;
pub(crate) mod descriptors;
mod framing;
mod head;
mod register;
mod state;
#[cfg(test)]
mod tests;
mod watched;
mod wire;

pub(crate) use watched::RequestBody;

use crate::config::{LimitsConfig, TimeoutsConfig};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use register::{Bounds, Register, Seat};
use state::{ConnectionState, Overdue, Patience};
use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use watched::Watched;
use wire::Wire;

/// What one connection may hold in memory, each way: of a head, and of an answer that its caller does not read. Longer than
/// any head.
pub(crate) const MAX_BUFFER_BYTES: usize = 36 * 1024;
/// After an error of `accept` (no file handles left, for example): long enough not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What serves requests: the proxy, or the auth service's router.
pub(crate) trait Serve<B>:
    Service<Request<RequestBody>, Response = Response<B>, Error = Infallible, Future: Send> + Send + 'static
{
}

impl<S, B> Serve<B> for S where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible, Future: Send> + Send + 'static
{
}

/// The connections of one listener, however many threads serve them.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    register: Arc<Register>,
}

impl Connections {
    /// No connections yet. `limit` is what the configuration and the system allow.
    pub(crate) fn new(limit: usize, limits: &LimitsConfig, timeouts: &TimeoutsConfig) -> Self {
        let bounds = Bounds {
            all: limit,
            of_address: usize::try_from(limits.connections_per_address)
                .ok()
                .filter(|count| *count > 0),
        };
        let patience = Patience {
            idle: Duration::from_secs(timeouts.keep_alive_seconds.into()),
            stalled: Duration::from_secs(timeouts.idle_seconds.into()),
        };
        Self {
            register: Arc::new(Register::new(bounds, patience)),
        }
    }

    /// Accepts on `listener` until `stop`, and serves every connection with what `service_for` makes for its peer.
    ///
    /// Returns when accepting has ended; the connections go on as tasks of `tasks`.
    pub(crate) async fn accept_until<S, B>(
        self,
        listener: TcpListener,
        service_for: impl Fn(SocketAddr) -> S,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) where
        S: Serve<B>,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return self.stop(),
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(serving) = self.serve(stream, peer, service_for(peer)) {
                        tasks.spawn(serving);
                    }
                }
                Err(error) => pause_after(&error).await,
            }
        }
    }

    /// Asks every connection to end: idle ones at once, the others with the answer that is under way.
    pub(crate) fn stop(&self) {
        self.register.stop();
    }

    /// Serves one connection until it ends; `None` when there is no room for it.
    pub(crate) fn serve<S, B>(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        service: S,
    ) -> Option<impl Future<Output = ()> + Send + use<S, B>>
    where
        S: Serve<B>,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %peer, "A connection was gone before it was served");
            return None;
        }
        let Some(seat) = self.register.admit(peer.ip()) else {
            tracing::debug!(%peer, "There is no room for a connection");
            return None;
        };
        Some(async move {
            if let Err(error) = serve_http1(stream, seat, service).await {
                // Mostly people who left. What went wrong on our side has been logged where it happened.
                tracing::debug!(%error, %peer, "A connection ended early");
            }
        })
    }
}

/// A connection that was reset before we took it is nobody's problem; anything else is worth a pause and a line.
pub(crate) async fn pause_after(error: &io::Error) {
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    ) {
        return;
    }
    tracing::warn!(%error, "A connection could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Speaks HTTP/1.1 on `io` until one of the two has enough.
async fn serve_http1<IO, S, B>(io: IO, seat: Seat, service: S) -> Result<(), hyper::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Serve<B>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let state = Arc::clone(seat.state());
    let service = Watched {
        service,
        state: Arc::clone(&state),
    };
    let mut builder = http1::Builder::new();
    // Heads have their time from `state`; hyper's timer would close idle connections, too.
    builder.header_read_timeout(None).max_buf_size(MAX_BUFFER_BYTES);
    let connection = builder
        .serve_connection(TokioIo::new(Wire::new(io, seat)), service)
        .with_upgrades();
    let connection = pin!(connection);
    drive(connection, http1::UpgradeableConnection::graceful_shutdown, &state).await
}

/// Runs a connection to its end, and sees to it that it has one.
async fn drive<C>(
    mut connection: Pin<&mut C>,
    leave: impl Fn(Pin<&mut C>),
    state: &ConnectionState,
) -> Result<(), hyper::Error>
where
    C: Future<Output = Result<(), hyper::Error>>,
{
    // One timer for all: set anew only when something is due earlier, or when it has gone off too early.
    let mut alarm_at = Instant::now();
    let mut alarm = pin!(tokio::time::sleep_until(alarm_at));
    let mut is_leaving = false;
    poll_fn(|context| {
        state.listen(context);
        loop {
            if state.must_leave() && !is_leaving {
                is_leaving = true;
                state.leaves();
                leave(connection.as_mut());
            }
            if let Poll::Ready(outcome) = connection.as_mut().poll(context) {
                return Poll::Ready(outcome);
            }
            let Some((due_at, overdue)) = state.due() else {
                return Poll::Pending;
            };
            let now = Instant::now();
            if due_at > now {
                if due_at < alarm_at || alarm_at <= now {
                    alarm_at = due_at;
                    alarm.as_mut().reset(due_at);
                }
                if alarm.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                continue;
            }
            match overdue {
                Overdue::Everything => return Poll::Ready(Ok(())),
                Overdue::Rest => state.ask_to_leave(),
                Overdue::Head => state.head_is_overdue(),
            }
        }
    })
    .await
}
