//! Accepts connections and serves HTTP on them until we stop. Used by both listeners.
//!
//! | file | owns |
//! |---|---|
//! | `register` | how many connections there may be, and who goes when there are more |
//! | `state` | what a connection is doing, and since when |
//! | `wire` | what of the bytes the parser gets to see |
//! | `framing`, `head`, `chunks`, `fault` | where one request ends and the next begins, strictly |
//! | `watched` | when a request begins and its answer ends |
//! | `tls` | the certificate; HTTP/2 is spoken only where TLS has agreed on it |
//! | `descriptors` | how many sockets the system lets us open |
//!
//! A connection ends with an answer that said so (`Connection: close`), when the client ends it, after a long rest, or when
//! we stop. A browser may be sending into an idle connection at any time, and repeats what got lost, a message included; so
//! a rest of ours is longer than a browser's.

mod chunks;
pub mod descriptors;
mod fault;
mod framing;
mod head;
mod register;
mod state;
#[cfg(test)]
mod tests;
mod tls;
mod watched;
mod wire;

pub use tls::{Certificate, Tls};
pub use watched::RequestBody;

use crate::alarm::Alarm;
use crate::caller::TrustedProxies;
use crate::telemetry::record::RecordRefused;
use bytes::Bytes;
use cozegate_config::Config;
use http::{Request, Response};
use http_body::Body;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use register::{Bounds, Register, Seat};
use socket2::{SockRef, TcpKeepalive};
use state::{ConnectionState, Overdue, Patience};
use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use watched::Watched;
use wire::Wire;

/// What one connection may hold in memory, each way: of a head, and of an answer that its caller does not read. Longer than
/// any head.
pub const MAX_BUFFER_BYTES: usize = 36 * 1024;
/// Requests at the same time on one HTTP/2 connection; browsers know to wait.
const MOST_STREAMS: u32 = 128;
/// As much as a head of HTTP/1.1.
const MOST_HEADER_BYTES: u32 = 32 * 1024;
/// What one HTTP/2 stream may send ahead of us.
const WINDOW_BYTES: u32 = 128 * 1024;
/// Whoever does not answer a ping is gone, and its streams with it.
const PING_EVERY: Duration = Duration::from_mins(1);
const PONG_WITHIN: Duration = Duration::from_secs(20);
/// How long a peer may be silent before the system asks whether it is there, and the time between two such questions; how
/// many remain without an answer before it is gone is the system's choice (nine on Linux).
const SILENCE: Duration = Duration::from_mins(1);
const PROBE_INTERVAL: Duration = Duration::from_secs(10);
/// After an error of `accept` (no file handles left, for example): long enough not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What serves requests: the proxy, or the auth service's router.
pub trait Serve<B>:
    Service<Request<RequestBody>, Response = Response<B>, Error = Infallible, Future: Send + 'static> + Send + 'static
{
}

impl<S, B> Serve<B> for S where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible, Future: Send + 'static>
        + Send
        + 'static
{
}

/// The connections of one listener, however many threads serve them.
#[derive(Clone, Debug)]
pub struct Connections {
    register: Arc<Register>,
    tls: Option<Tls>,
}

impl Connections {
    /// No connections yet. `limit` is what the configuration and the system allow.
    pub fn new(limit: usize, config: &Config, tls: Option<Tls>, refused: Arc<dyn RecordRefused>) -> Self {
        let (limits, timeouts) = (&config.limits, &config.timeouts);
        let bounds = Bounds {
            all: limit,
            of_address: usize::try_from(limits.connections_per_address)
                .ok()
                .filter(|count| *count > 0),
            trusted: TrustedProxies::new(config.server.trusted_proxies.clone(), config.server.forwarded_field),
        };
        let patience = Patience {
            idle: timeouts.keep_alive,
            stalled: timeouts.idle,
        };
        Self {
            register: Arc::new(Register::new(bounds, patience, refused)),
            tls,
        }
    }

    /// Accepts on `listener` until `stop`, and serves every connection with what `service_for` makes for its peer.
    ///
    /// Returns when accepting has ended; the connections go on as tasks of `tasks`.
    pub async fn accept_until<S, B>(
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
                    if let Some(serving) = self.serve(stream, peer, service_for(peer), &tasks) {
                        tasks.spawn(serving);
                    }
                }
                Err(error) => pause_after(&error).await,
            }
        }
    }

    /// Asks every connection to end: idle ones at once, the others with the answer that is under way.
    pub fn stop(&self) {
        self.register.stop();
    }

    /// Serves one connection until it ends; `None` when there is no room for it.
    pub fn serve<S, B>(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        service: S,
        tasks: &TaskTracker,
    ) -> Option<impl Future<Output = ()> + Send + use<S, B>>
    where
        S: Serve<B>,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if let Err(error) = stream.set_nodelay(true).and_then(|()| probe_when_silent(&stream)) {
            tracing::debug!(%error, %peer, "A connection was gone before it was served");
            return None;
        }
        let Some(seat) = self.register.admit(peer.ip()) else {
            tracing::debug!(%peer, "There is no room for a connection");
            return None;
        };
        let tls = self.tls.clone().map(|tls| (tls, tasks.clone()));
        Some(async move {
            let outcome = match tls {
                None => serve_http1(stream, seat, service).await,
                Some((tls, tasks)) => match shake_hands(&tls, stream, seat.state()).await {
                    Some(stream) if is_http2(&stream) => serve_http2(stream, &seat, service, tasks).await,
                    Some(stream) => serve_http1(stream, seat, service).await,
                    None => Ok(()),
                },
            };
            if let Err(error) = outcome {
                // Mostly people who left. What went wrong on our side has been logged where it happened.
                tracing::debug!(%error, %peer, "A connection ended early");
            }
        })
    }
}

/// A connection that was reset before we took it is nobody's problem; anything else is worth a pause and a line.
pub async fn pause_after(error: &io::Error) {
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    ) {
        return;
    }
    tracing::warn!(%error, "A connection could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Lets the system ask a silent peer whether it is still there, and end the connection if it is not: a WebSocket may be
/// silent for hours, and somebody whose machine is gone says no goodbye.
pub fn probe_when_silent(stream: &TcpStream) -> io::Result<()> {
    let probes = TcpKeepalive::new().with_time(SILENCE).with_interval(PROBE_INTERVAL);
    SockRef::from(stream).set_tcp_keepalive(&probes)
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
        refused: Arc::clone(seat.refused()),
    };
    let mut builder = http1::Builder::new();
    // Heads have their time from `state`; hyper's timer would close idle connections, too.
    builder.header_read_timeout(None).max_buf_size(MAX_BUFFER_BYTES);
    // As the platform writes them: where a handshake is refused, its JavaScript SDK looks for `X-Tt-Logid` in these very
    // letters (docs/upstream/websocket.md). Keeping each name as it came would cost a map beside every head.
    builder.title_case_headers(true);
    let connection = builder
        .serve_connection(TokioIo::new(Wire::new(io, seat)), service)
        .with_upgrades();
    let connection = pin!(connection);
    drive(connection, http1::UpgradeableConnection::graceful_shutdown, &state).await
}

/// TLS's part, within the time for a first byte. Who does not come through it hears nothing that HTTP could say.
async fn shake_hands(tls: &Tls, stream: TcpStream, state: &ConnectionState) -> Option<Box<TlsStream<TcpStream>>> {
    let limit = state.due().map_or_else(Instant::now, |(due_at, _)| due_at);
    tokio::select! {
        shaken = tls.acceptor().accept(stream) => match shaken {
            Ok(stream) => Some(Box::new(stream)),
            Err(error) => {
                tracing::debug!(%error, "A TLS connection did not come about");
                None
            }
        },
        () = state.asked_to_leave() => None,
        () = tokio::time::sleep_until(limit) => None,
    }
}

fn is_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(tls::HTTP_2)
}

/// Speaks HTTP/2 on `io`; its requests are tasks of `tasks`.
async fn serve_http2<IO, S, B>(io: IO, seat: &Seat, service: S, tasks: TaskTracker) -> Result<(), hyper::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Serve<B>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let state = seat.state();
    let service = Watched {
        service,
        state: Arc::clone(state),
        refused: Arc::clone(seat.refused()),
    };
    let mut builder = http2::Builder::new(Spawner(tasks));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(MOST_HEADER_BYTES)
        // Opening streams and resetting them at once costs us more than the other side (CVE-2023-44487).
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(8 * WINDOW_BYTES)
        .max_send_buf_size(MAX_BUFFER_BYTES)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_WITHIN);
    let connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    drive(connection, http2::Connection::graceful_shutdown, state).await
}

/// Spawns what hyper wants to run beside a connection.
#[derive(Clone)]
struct Spawner(TaskTracker);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Spawner {
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
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
    let mut alarm = Alarm::new();
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
            ready!(alarm.poll_until(due_at, context));
            match overdue {
                Overdue::Everything => return Poll::Ready(Ok(())),
                Overdue::Rest => state.ask_to_leave(),
                Overdue::Head => state.head_is_overdue(),
            }
        }
    })
    .await
}
