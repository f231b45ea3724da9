//! One thread with a single-threaded runtime per core, each with its own sockets and its own upstream connections.
//!
//! Nothing on the hot path crosses threads, which is where most of the saving over one multi-threaded runtime comes
//! from (`docs/decisions/0003-proxy-on-plain-hyper.md`). Renewing a token happens elsewhere; a worker only waits for it.

use super::body::Answer;
use super::connect::TargetError;
use super::files::Files;
use super::phases;
use super::state::ProxyState;
use super::upstream::Upstreams;
use cozegate_config::TimeoutsConfig;
use cozegate_core::connections::{self, Connections, RequestBody};
use cozegate_core::guard::Guard;
use cozegate_core::listen::{self, Spread};
use cozegate_core::state::Shared;
use cozegate_core::telemetry::labels::Listener;
use cozegate_core::telemetry::metrics::OpenConnection;
use cozegate_core::telemetry::record::Recorded;
use http::{Request, Response};
use hyper::service::Service;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The proxy's sockets, taken and not yet served.
#[derive(Debug)]
pub struct Sockets {
    listeners: Vec<TcpListener>,
    workers: usize,
    addr: SocketAddr,
}

impl Sockets {
    /// Takes `addr` for `workers` threads (default: one per core).
    pub fn bind(addr: SocketAddr, workers: Option<NonZeroUsize>, spread: Spread) -> io::Result<Self> {
        let workers = workers
            .or_else(|| std::thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        let listeners = match spread {
            Spread::Kernel => listen::bind_shared(addr, workers)?,
            Spread::Acceptor => vec![listen::bind(addr)?],
        };
        let addr = listeners.first().map_or(Ok(addr), TcpListener::local_addr)?;
        Ok(Self {
            listeners,
            workers,
            addr,
        })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// What a worker needs to know.
#[derive(Clone, Debug)]
pub struct WorkerSetup {
    pub shared: Arc<Shared>,
    pub guard: Guard,
    pub files: Arc<Files>,
    pub connections: Connections,
    pub timeouts: TimeoutsConfig,
}

/// Why the workers could not start.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A thread or its runtime could not be made.
    #[error("a proxy worker could not be started")]
    Start(#[from] io::Error),
    /// The API base is none.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Starts the threads. The receivers end when their worker has ended.
pub fn start(sockets: Sockets, setup: &WorkerSetup) -> Result<Vec<oneshot::Receiver<()>>, WorkerError> {
    let mut ends = Vec::with_capacity(sockets.workers);
    if sockets.listeners.len() == sockets.workers {
        for (index, listener) in sockets.listeners.into_iter().enumerate() {
            ends.push(start_worker(index, Intake::Own(listener), setup)?);
        }
        return Ok(ends);
    }
    let mut hand_out = Vec::with_capacity(sockets.workers);
    for index in 0..sockets.workers {
        let (sender, receiver) = mpsc::unbounded_channel();
        ends.push(start_worker(index, Intake::Handed(receiver), setup)?);
        hand_out.push(sender);
    }
    for listener in sockets.listeners {
        ends.push(start_acceptor(listener, hand_out.clone(), setup.shared.stop.clone())?);
    }
    Ok(ends)
}

/// Where a worker's connections come from.
enum Intake {
    /// A socket of its own, beside the others on the same address.
    Own(TcpListener),
    /// The acceptor.
    Handed(mpsc::UnboundedReceiver<(std::net::TcpStream, SocketAddr)>),
}

fn start_worker(index: usize, intake: Intake, setup: &WorkerSetup) -> Result<oneshot::Receiver<()>, WorkerError> {
    let tasks = TaskTracker::new();
    let live = setup.shared.live();
    let bases = live.apps.iter().map(|app| app.api_base.clone());
    let metrics = setup.shared.telemetry.new_core();
    let upstreams = Upstreams::new(
        bases,
        setup.timeouts.clone(),
        tasks.clone(),
        Arc::clone(&metrics),
        Arc::clone(live.limits.buffer()),
    )?;
    let proxy = ProxyState {
        shared: Arc::clone(&setup.shared),
        guard: setup.guard.clone(),
        files: Arc::clone(&setup.files),
        upstreams,
        metrics,
        tunnels: TaskTracker::new(),
    };
    let grace = setup.timeouts.shutdown;
    Ok(run_on_own_thread(
        format!("proxy-{index}"),
        work(proxy, setup.connections.clone(), intake, tasks, grace),
    )?)
}

/// Serves until we stop, then lets running answers end within `grace`.
async fn work(proxy: ProxyState, served: Connections, intake: Intake, tasks: TaskTracker, grace: Duration) {
    let stop = proxy.shared.stop.clone();
    let proxy = Arc::new(proxy);
    let service_for = |peer| ProxyService {
        proxy: Arc::clone(&proxy),
        peer,
        _open: OpenConnection::new(&proxy.metrics, Listener::Proxy),
    };
    // Upstream connections idle in the pool are tasks too, but nobody waits for them. A tunnel is what a connection became.
    let connections = proxy.tunnels.clone();
    match intake {
        Intake::Own(listener) => match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => {
                served
                    .accept_until(listener, service_for, connections.clone(), stop)
                    .await;
            }
            Err(error) => tracing::error!(%error, "A proxy worker cannot listen"),
        },
        Intake::Handed(receiver) => serve_handed(receiver, served, service_for, &connections, stop).await,
    }
    connections.close();
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::warn!(
            open = connections.len(),
            "Answers still running after the grace period are cut"
        );
    }
    tasks.close();
}

async fn serve_handed(
    mut receiver: mpsc::UnboundedReceiver<(std::net::TcpStream, SocketAddr)>,
    served: Connections,
    service_for: impl Fn(SocketAddr) -> ProxyService,
    connections: &TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let handed = tokio::select! {
            biased;
            () = stop.cancelled() => return served.stop(),
            handed = receiver.recv() => handed,
        };
        let Some((stream, peer)) = handed else { return };
        match tokio::net::TcpStream::from_std(stream) {
            Ok(stream) => {
                if let Some(serving) = served.serve(stream, peer, service_for(peer), connections) {
                    connections.spawn(serving);
                }
            }
            Err(error) => tracing::warn!(%error, "A connection could not be taken over"),
        }
    }
}

/// Accepts for all workers, in turn, where the system does not spread connections itself.
fn start_acceptor(
    listener: TcpListener,
    workers: Vec<mpsc::UnboundedSender<(std::net::TcpStream, SocketAddr)>>,
    stop: CancellationToken,
) -> io::Result<oneshot::Receiver<()>> {
    run_on_own_thread("proxy-accept".to_owned(), async move {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "The proxy cannot listen"),
        };
        for worker in workers.iter().cycle() {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let handed = accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer)));
            match handed {
                // A worker that has ended is stopping; so are we.
                Ok(connection) => drop(worker.send(connection)),
                Err(error) => connections::pause_after(&error).await,
            }
        }
    })
}

fn run_on_own_thread(
    name: String,
    work: impl Future<Output = ()> + Send + 'static,
) -> io::Result<oneshot::Receiver<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new().name(name).spawn(move || {
        runtime.block_on(work);
        // Whoever waits may be gone already.
        let _nobody_waits = ended.send(());
    })?;
    Ok(end)
}

/// The proxy as hyper calls it, for one connection.
struct ProxyService {
    proxy: Arc<ProxyState>,
    peer: SocketAddr,
    _open: OpenConnection,
}

impl Service<Request<RequestBody>> for ProxyService {
    type Response = Response<Recorded<Answer>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Recorded<Answer>>, Infallible>> + Send>>;

    fn call(&self, request: Request<RequestBody>) -> Self::Future {
        let (proxy, request, peer) = (Arc::clone(&self.proxy), Box::new(request), self.peer);
        Box::pin(async move { Ok(phases::answer(&proxy, request, peer).await) })
    }
}
