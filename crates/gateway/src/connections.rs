//! Accepts connections and serves HTTP/1.1 on them until we stop. Used by both listeners.
//!
//! hyper sets no limit on how long a head may take to arrive, so we do (slow-loris); and stopping is orderly: no new
//! connection, idle ones closed, running answers finished within the grace period.

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A head that is not complete by then ends the connection.
const HEAD_READ_LIMIT: Duration = Duration::from_secs(10);
/// Number of header fields in a request; more are answered with 431.
const MAX_HEADERS: usize = 100;
/// What one connection may hold in memory, each way: of a head, and of an answer that its caller does not read. At least
/// 8 KiB is what hyper asks for.
pub(crate) const MAX_BUFFER_BYTES: usize = 36 * 1024;
/// After an error of `accept` (no file handles left, for example): long enough not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts on `listener` until `stop`, and serves every connection with what `service_for` makes for its peer.
///
/// Returns when accepting has ended; the connections go on as tasks of `tasks`.
pub(crate) async fn accept_until<S, B>(
    listener: TcpListener,
    service_for: impl Fn(SocketAddr) -> S,
    tasks: TaskTracker,
    stop: CancellationToken,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                tasks.spawn(serve(stream, peer, service_for(peer), stop.clone()));
            }
            Err(error) => pause_after(&error).await,
        }
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

/// Serves one connection until it ends, or until its running answer has ended after `stop`.
pub(crate) async fn serve<S, B>(stream: TcpStream, peer: SocketAddr, service: S, stop: CancellationToken)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "A connection was gone before it was served");
        return;
    }
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_READ_LIMIT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER_BYTES);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        // Mostly people who left. What went wrong on our side has been logged where it happened.
        tracing::debug!(%error, %peer, "A connection ended early");
    }
}
