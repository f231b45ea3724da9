//! Starts the listeners on a checked configuration, and stops them in order.
//!
//! Everything that can fail at the start fails here, before the first request: addresses, keys, the API base. What runs
//! afterwards is [`Running`].

use crate::session_watch;
use arc_swap::ArcSwap;
use axum::extract::ConnectInfo;
use coze_auth::{Clock, Random};
use cozegate_config::{Config, ConfigSource, LimitsConfig, Mode};
use cozegate_core::addresses::{base_of, origins, own_hosts, scheme};
use cozegate_core::apps::{AppError, Apps, TokenMeans};
use cozegate_core::caller::{TrustedProxies, VisitorKeys};
use cozegate_core::connections::{Certificate, Connections, RequestBody, Tls, descriptors};
use cozegate_core::dns::Resolve;
use cozegate_core::guard::{Guard, Scheme};
use cozegate_core::limits::Limits;
use cozegate_core::listen::{self, Spread};
use cozegate_core::ownership::OwnershipRegister;
use cozegate_core::sites::Sites;
use cozegate_core::state::{Live, Shared};
use cozegate_core::targets::Allowed;
use cozegate_core::telemetry::Telemetry;
use cozegate_core::telemetry::labels::{Listener, Reload, StoreUse};
use cozegate_core::telemetry::metrics::OpenConnection;
#[cfg(feature = "otel")]
use cozegate_core::telemetry::traces::{Traces, TracesError};
use cozegate_policy::ownership::DigestKey;
use cozegate_proxy::files::{self, Files};
use cozegate_proxy::workers::{self, Sockets, WorkerError, WorkerSetup};
use cozegate_store::{Backend, GatewaySecret, HandleRegister, PrivateFileError};
use http::Request;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often what has ended is removed from the store.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// How long a renewal may take to its end: an exchange with the platform, and a save.
const LONGEST_RENEWAL: Duration = Duration::from_secs(40);

/// Which listeners to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Services {
    /// Proxy and auth service.
    Both,
    /// The proxy alone.
    Proxy,
    /// The auth service alone.
    Auth,
}

/// One of the two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// 8080.
    Proxy,
    /// 8081.
    Auth,
}

/// What a start needs.
#[derive(Debug)]
pub struct StartRequest {
    /// The checked configuration.
    pub config: Config,
    /// Which listeners.
    pub services: Services,
    /// From which visitors' cookies and names are derived.
    pub secret: GatewaySecret,
    /// Where everything rests; opened on the runtime of the caller.
    pub backend: Backend,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Finds the addresses of the hosts whose files are fetched.
    pub resolver: Arc<dyn Resolve>,
    /// Where fetched files are kept when the configuration names no place; without one nothing is kept.
    pub files_folder: Option<PathBuf>,
}

/// Why the services could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Somebody listens there already.
    #[error("{addr} is taken")]
    AddressTaken {
        /// Whose address it is.
        service: Service,
        /// Which.
        addr: SocketAddr,
    },
    /// The address cannot be listened on (no such address here, no permission).
    #[error("{addr} cannot be listened on")]
    AddressRefused {
        /// Whose address it is.
        service: Service,
        /// Which.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An app cannot serve.
    #[error(transparent)]
    App(#[from] AppError),
    /// The proxy's threads could not be started.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// Traces cannot be sent where they are to go.
    #[cfg(feature = "otel")]
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// The folder of fetched files cannot be used, or others can change it.
    #[error("fetched files cannot be kept")]
    FilesFolder(#[from] PrivateFileError),
    /// TLS cannot be set up for the listeners.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// The running services.
#[derive(Debug)]
pub struct Running {
    proxy_addr: Option<SocketAddr>,
    auth_addr: Option<SocketAddr>,
    shared: Arc<Shared>,
    /// What we were started with: settings outside [`Live`] stay as they stand here.
    config: Config,
    /// What both listeners show, if they speak TLS.
    certificate: Option<Arc<Certificate>>,
    /// What is in force now.
    current: ArcSwap<Config>,
    stop: CancellationToken,
    grace: Duration,
    workers: Vec<oneshot::Receiver<()>>,
    auth_connections: TaskTracker,
}

/// Starts the services on the runtime of the caller, which carries the auth service and the renewal of tokens; the
/// proxy brings threads of its own.
pub fn start(request: StartRequest) -> Result<Running, StartError> {
    start_spread(request, Spread::of_this_system())
}

fn start_spread(request: StartRequest, spread: Spread) -> Result<Running, StartError> {
    let StartRequest {
        config,
        services,
        secret,
        backend,
        clock,
        random,
        resolver,
        files_folder,
    } = request;
    let telemetry = Arc::new(Telemetry::new(clock.now(), random.as_ref()));
    trace(&config, &telemetry)?;
    let means = TokenMeans::over(&backend, clock, random)
        .counted(&telemetry)
        .within(&config.timeouts);
    let stop = CancellationToken::new();
    let apps = Apps::new(&config, &means, &stop)?;

    let certificate = config
        .server
        .tls
        .as_ref()
        .map(|tls| Certificate::new(tls.certified_key()));
    let tls = certificate.clone().map(Tls::new).transpose()?;
    // Both addresses are taken before either serves: a half start would answer some and fail others.
    let proxy_sockets = match services {
        Services::Both | Services::Proxy => Some(bind_proxy(&config, spread)?),
        Services::Auth => None,
    };
    let auth_listener = match services {
        Services::Both | Services::Auth => Some(bind_auth(&config)?),
        Services::Proxy => None,
    };
    let proxy_addr = proxy_sockets.as_ref().map(Sockets::addr);
    let auth_addr = auth_listener.as_ref().map(|(_, addr)| *addr);

    let proxy_at = proxy_addr.unwrap_or(config.server.proxy_addr);
    let auth_at = auth_addr.unwrap_or(config.server.auth_addr);
    let live = Live {
        targets: targets(&config),
        apps,
        origins: origins(&config, [proxy_at, auth_at]),
        sites: Sites::new(&config, [proxy_at, auth_at]),
        chat: config.chat.clone(),
        userscript: config.userscript.clone(),
        handle_lifetime: config.visitors.handle_lifetime,
        pass_lifetime: config.visitors.pass_lifetime,
        limits: Arc::new(Limits::new(limits_config(&config))),
        access_log: config.log.access,
    };
    let shared = Arc::new(Shared {
        mode: config.mode,
        is_demo: config.source == ConfigSource::Demo,
        live: ArcSwap::from_pointee(live),
        handles: Arc::new(HandleRegister::new(backend.clone())),
        ownership: Arc::new(OwnershipRegister::new(
            DigestKey::new(secret.expose()),
            backend.clone(),
            tokio::runtime::Handle::current(),
            Arc::clone(&means.clock),
        )),
        exchanges: Arc::default(),
        backend,
        background: tokio::runtime::Handle::current(),
        visitor_keys: VisitorKeys::derive(&secret),
        means,
        is_https_only: config.mode == Mode::Public && config.server.tls.is_some(),
        scheme: scheme(&config),
        public: config.server.public.clone(),
        proxy_addr: proxy_at,
        auth_addr: auth_at,
        trusted_proxies: trusted_proxies(&config),
        pass_fields: config.server.pass_fields.clone(),
        telemetry,
        stop: stop.clone(),
    });
    let mut running = Running {
        proxy_addr,
        auth_addr,
        shared: Arc::clone(&shared),
        config: config.clone(),
        certificate,
        current: ArcSwap::from_pointee(config.clone()),
        stop: stop.clone(),
        grace: config.timeouts.shutdown,
        workers: Vec::new(),
        auth_connections: TaskTracker::new(),
    };
    let connections = connection_limit(&config);
    shared.background.spawn(sweep_now_and_then(Arc::clone(&shared)));
    shared.background.spawn(session_watch::watch(Arc::clone(&shared)));
    if let Some(sockets) = proxy_sockets {
        let dependencies = files::Dependencies {
            resolver,
            clock: Arc::clone(&shared.means.clock),
            folder: files_folder.as_deref(),
            metrics: Arc::clone(shared.telemetry.common()),
            entry_key: files::EntryKey::derive(&secret),
        };
        let setup = WorkerSetup {
            files: Arc::new(Files::new(&config.files, &config.timeouts, dependencies)?),
            guard: Guard::new(own_hosts(&config, Listener::Proxy, sockets.addr())),
            shared: Arc::clone(&shared),
            connections: Connections::new(connections, &config, tls.clone(), shared.refused_at(Listener::Proxy)),
            timeouts: config.timeouts.clone(),
        };
        running.workers = workers::start(sockets, &setup)?;
    }
    if let Some((listener, addr)) = auth_listener {
        let guard = Guard::new(own_hosts(&config, Listener::Auth, addr));
        let connections = Connections::new(connections, &config, tls.clone(), shared.refused_at(Listener::Auth));
        serve_auth(
            listener,
            addr,
            cozegate_portal::router(shared, guard),
            connections,
            &running,
        )?;
    }
    Ok(running)
}

impl Running {
    /// Where the proxy listens, if it was started.
    pub fn proxy_addr(&self) -> Option<SocketAddr> {
        self.proxy_addr
    }

    /// Where the auth service listens, if it was started.
    pub fn auth_addr(&self) -> Option<SocketAddr> {
        self.auth_addr
    }

    /// The address of the listener at `addr` as people of this machine type it.
    pub fn url_of(&self, addr: SocketAddr) -> String {
        let scheme = if self.certificate.is_some() {
            Scheme::Https
        } else {
            Scheme::Http
        };
        format!("{scheme}://{addr}")
    }

    /// Where visitors reach the proxy and the auth service, in public mode.
    pub fn public_urls(&self) -> Option<[String; 2]> {
        let public = self.shared.public.as_ref()?;
        Some([base_of(&public.proxy), base_of(&public.auth)])
    }

    /// Puts `config` in force for the requests that come from now on; those under way end with what they began with.
    ///
    /// Tokens and handles stay, so that a key or an app can be exchanged without a refused request. All or nothing:
    /// on an error the old configuration stays. Returns the sections whose changes need a restart.
    pub fn apply(&self, config: &Config) -> Result<Vec<&'static str>, StartError> {
        let apps = Apps::new(config, &self.shared.means, &self.stop).inspect_err(|_| self.refused_config())?;
        self.shared.replace_live(Live {
            targets: targets(config),
            apps,
            origins: origins(config, [self.shared.proxy_addr, self.shared.auth_addr]),
            sites: Sites::new(config, [self.shared.proxy_addr, self.shared.auth_addr]),
            chat: config.chat.clone(),
            userscript: config.userscript.clone(),
            handle_lifetime: config.visitors.handle_lifetime,
            pass_lifetime: config.visitors.pass_lifetime,
            limits: self.limits_of(config),
            access_log: config.log.access,
        });
        self.shared.exchanges.look_now();
        if let (Some(certificate), Some(tls)) = (&self.certificate, &config.server.tls) {
            certificate.replace(tls.certified_key());
        }
        self.current.store(Arc::new(config.clone()));
        self.shared.telemetry.common().reloaded(Reload::Applied);
        let fixed = [
            ("mode", self.config.mode == config.mode),
            ("server", self.config.server == config.server),
            ("store", self.config.store.is_same_as(&config.store)),
            (
                "limits.connections",
                self.config.limits.connections == config.limits.connections
                    && self.config.limits.connections_per_address == config.limits.connections_per_address,
            ),
            ("timeouts", self.config.timeouts == config.timeouts),
            ("files", self.config.files.is_same_but_for_hosts(&config.files)),
            (
                "visitors.secret_file",
                self.config.visitors.secret_file == config.visitors.secret_file,
            ),
        ];
        Ok(fixed
            .into_iter()
            .filter(|(_, is_same)| !is_same)
            .map(|(section, _)| section)
            .collect())
    }

    /// The limits of `config`: those in force, with what was used of them, unless they change.
    fn limits_of(&self, config: &Config) -> Arc<Limits> {
        let live = self.shared.live();
        let limits = limits_config(config);
        if *live.limits.config() == limits {
            Arc::clone(&live.limits)
        } else {
            Arc::new(live.limits.changed_to(limits))
        }
    }

    /// Takes note of a new configuration that was not even tried, because it has mistakes. [`apply`](Self::apply) does so
    /// itself.
    pub fn refused_config(&self) {
        self.shared.telemetry.common().reloaded(Reload::Refused);
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.current.load_full()
    }

    /// Begins to stop: no new connection, idle ones closed, running answers finished within the grace period.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for the end after [`stop`](Self::stop). What still runs after the grace period is cut.
    pub async fn stopped(self) {
        self.stop.cancelled().await;
        self.auth_connections.close();
        let auth_ended = tokio::time::timeout(self.grace, self.auth_connections.wait());
        let workers_ended = async {
            for worker in self.workers {
                // An error means that the thread has ended without a word: ended all the same.
                let _ended = worker.await;
            }
        };
        let (auth_ended, ()) = tokio::join!(auth_ended, workers_ended);
        if auth_ended.is_err() {
            tracing::warn!("Answers of the auth service still running after the grace period are cut");
        }
        // A redeemed refresh token that is not saved yet would be a lost login: these have as long as the platform may
        // take to answer. Whoever cannot wait sends a second signal.
        let renewals = &self.shared.means.tasks;
        renewals.close();
        if tokio::time::timeout(self.grace.max(LONGEST_RENEWAL), renewals.wait())
            .await
            .is_err()
        {
            tracing::warn!("Renewals of tokens that still run are cut; a login among them may be lost");
        }
        self.shared.backend.close().await;
        #[cfg(feature = "otel")]
        if let Some(traces) = self.shared.telemetry.traces().cloned() {
            let stopping = self.shared.background.spawn_blocking(move || traces.stop());
            if stopping.await.is_err() {
                tracing::warn!("The last traces were not exported");
            }
        }
    }
}

/// Sets up traces, if the environment asks for them.
#[cfg(feature = "otel")]
fn trace(config: &Config, telemetry: &Telemetry) -> Result<(), TracesError> {
    if let Some(traces) = &config.traces {
        telemetry.traces_to(Traces::new(traces, tokio::runtime::Handle::current())?);
    }
    Ok(())
}

#[cfg(not(feature = "otel"))]
#[expect(clippy::unnecessary_wraps, reason = "with traces it may fail")]
fn trace(config: &Config, _: &Telemetry) -> Result<(), StartError> {
    if config.traces.is_some() {
        tracing::warn!("Traces are asked for, and this build has none: build it with the feature otel");
    }
    Ok(())
}

/// Removes what has ended from the store, until we stop. Any number of instances may do so.
async fn sweep_now_and_then(shared: Arc<Shared>) {
    let sweeping = async {
        // Decided with the first start: from then on passes without a date count.
        if let Err(error) = shared.backend.passes_dated_since(shared.means.clock.now()).await {
            shared.telemetry.common().store_failed(StoreUse::Handles);
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Could not note since when passes of visitors carry a date; the first use of an old one does"
            );
        }
        loop {
            match shared.backend.sweep(shared.means.clock.now()).await {
                Ok(0) => {}
                Ok(rows) => tracing::debug!(rows, "Removed what has ended from the store"),
                Err(error) => {
                    shared.telemetry.common().store_failed(StoreUse::Sweep);
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Could not remove what has ended"
                    );
                }
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    };
    shared.stop.run_until_cancelled(sweeping).await;
}

fn trusted_proxies(config: &Config) -> TrustedProxies {
    let server = &config.server;
    TrustedProxies::new(server.trusted_proxies.clone(), server.forwarded_field)
}

/// The configured limits, with room in memory for one file of the largest size.
fn limits_config(config: &Config) -> LimitsConfig {
    let limits = config.limits.clone();
    let buffer_mib = match limits.buffer_mib {
        0 => 0,
        mib => mib.max(config.files.file_mib),
    };
    LimitsConfig { buffer_mib, ..limits }
}

/// How many connections each listener may have: as many as are configured, and no more than the system lets us open.
fn connection_limit(config: &Config) -> usize {
    let configured = usize::try_from(config.limits.connections).unwrap_or(usize::MAX);
    let connections = match descriptors::connections_per_listener() {
        Some(possible) if possible < configured => {
            // The default is more than many systems allow, and more than most people need.
            tracing::info!(
                configured,
                "The limit of open files leaves room for {possible} connections of each listener"
            );
            possible
        }
        _ => configured,
    };
    tracing::info!(connections, "Each listener takes up to {connections} connections");
    connections
}

fn bind_proxy(config: &Config, spread: Spread) -> Result<Sockets, StartError> {
    let addr = config.server.proxy_addr;
    Sockets::bind(addr, config.server.workers, spread).map_err(|source| bind_error(Service::Proxy, addr, source))
}

fn bind_auth(config: &Config) -> Result<(TcpListener, SocketAddr), StartError> {
    let addr = config.server.auth_addr;
    listen::bind(addr)
        .and_then(|listener| listener.local_addr().map(|addr| (listener, addr)))
        .map_err(|source| bind_error(Service::Auth, addr, source))
}

fn bind_error(service: Service, addr: SocketAddr, source: io::Error) -> StartError {
    if source.kind() == io::ErrorKind::AddrInUse {
        StartError::AddressTaken { service, addr }
    } else {
        StartError::AddressRefused { service, addr, source }
    }
}

fn serve_auth(
    listener: TcpListener,
    addr: SocketAddr,
    router: axum::Router,
    connections: Connections,
    running: &Running,
) -> Result<(), StartError> {
    let listener =
        tokio::net::TcpListener::from_std(listener).map_err(|source| bind_error(Service::Auth, addr, source))?;
    let tasks = running.auth_connections.clone();
    let portal = TowerToHyperService::new(router);
    let metrics = Arc::clone(running.shared.telemetry.common());
    running.auth_connections.spawn(connections.accept_until(
        listener,
        move |peer| PortalService {
            portal: portal.clone(),
            peer,
            _open: OpenConnection::new(&metrics, Listener::Auth),
        },
        tasks,
        running.stop.clone(),
    ));
    Ok(())
}

/// The auth service as hyper calls it, for one connection.
struct PortalService {
    portal: TowerToHyperService<axum::Router>,
    peer: SocketAddr,
    _open: OpenConnection,
}

impl hyper::service::Service<Request<RequestBody>> for PortalService {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<axum::Router> as hyper::service::Service<Request<RequestBody>>>::Future;

    fn call(&self, mut request: Request<RequestBody>) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.portal.call(request)
    }
}

/// The hosts of files, and the APIs of all apps.
fn targets(config: &Config) -> Arc<Allowed> {
    let api_bases = config.apps.values().map(|app| &app.endpoints.api_base);
    Arc::new(Allowed::new(config.files.hosts.clone(), api_bases))
}

#[cfg(test)]
mod tests {
    use super::*;
    use coze_auth::{Endpoints, SeededRandom, SystemClock, SystemRandom};
    use cozegate_config::{AppConfig, Credentials, SecretText};
    use cozegate_core::guard::OwnHosts;
    use cozegate_core::telemetry::labels;
    use cozegate_portal::{Audience, Effect, Route};
    use http::Method;
    use hyper::service::Service as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    /// A configuration with a personal access token, which nothing here uses.
    fn config() -> Config {
        let app = AppConfig {
            name: "main".to_owned(),
            credentials: Credentials::PersonalAccessToken {
                token: SecretText::new("pat_unused"),
                expires_at: None,
            },
            endpoints: Endpoints::from_api_base(&"http://127.0.0.1:9".parse().unwrap()),
            duration_seconds: 900,
        };
        let mut config = Config::for_app(ConfigSource::Demo, app);
        config.server.proxy_addr = ([127, 0, 0, 1], 0).into();
        config.server.auth_addr = ([127, 0, 0, 1], 0).into();
        config.server.workers = 3.try_into().ok();
        config
    }

    async fn request() -> StartRequest {
        let random = Arc::new(SeededRandom::new(1));
        StartRequest {
            config: config(),
            services: Services::Proxy,
            secret: GatewaySecret::throw_away(random.as_ref()),
            backend: crate::store::in_memory(Arc::new(SystemRandom)).await.unwrap(),
            clock: Arc::new(SystemClock),
            random,
            resolver: Arc::new(cozegate_core::dns::SystemResolver),
            files_folder: None,
        }
    }

    #[tokio::test]
    async fn every_worker_serves_whoever_spreads_the_connections() {
        for spread in [Spread::of_this_system(), Spread::Acceptor] {
            let running = start_spread(request().await, spread).unwrap();
            let addr = running.proxy_addr().unwrap();

            for _ in 0..6 {
                let mut stream = TcpStream::connect(addr).await.unwrap();
                let head = format!("GET / HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{spread:?}: {answer}");
            }

            running.stop();
            running.stopped().await;
        }
    }

    /// Addresses that somebody adds to the table.
    static ADDED: [Route; 3] = [
        added("/added/local", Audience::LocalOnly),
        added("/added/operator", Audience::Operator),
        added("/added/listed", Audience::ListedOrigins),
    ];

    const fn added(path: &'static str, audience: Audience) -> Route {
        Route {
            path,
            methods: &[Method::GET],
            handler: || axum::routing::get(|| async { "added" }),
            label: labels::Route::None,
            audience,
            effect: Effect::None,
        }
    }

    /// The status that a stranger gets who asks a service in `mode` for `path`.
    async fn status_for_a_stranger(mode: Mode, path: &str) -> u16 {
        let mut start_request = request().await;
        start_request.config.mode = mode;
        let running = start(start_request).unwrap();
        let hosts = OwnHosts::loopback(([127, 0, 0, 1], 8081).into(), Scheme::Http);
        let router = cozegate_portal::serving(&ADDED, Arc::clone(&running.shared), Guard::new(hosts));
        let mut request = Request::get(path)
            .header("host", "127.0.0.1:8081")
            .body(axum::body::Body::empty())
            .unwrap();
        let stranger: SocketAddr = ([192, 0, 2, 1], 4711).into();
        request.extensions_mut().insert(ConnectInfo(stranger));

        let answer = TowerToHyperService::new(router).call(request).await.unwrap();

        running.stop();
        running.stopped().await;
        answer.status().as_u16()
    }

    #[tokio::test]
    async fn page_that_is_added_for_nobody_in_particular_is_closed_to_strangers() {
        for (path, local, public) in [
            ("/added/local", 200, 403),
            ("/added/operator", 200, 403),
            ("/added/listed", 200, 200),
            ("/added/elsewhere", 404, 404),
            // What the usual table serves is not served by another one.
            ("/chat", 404, 404),
        ] {
            assert_eq!(status_for_a_stranger(Mode::Local, path).await, local, "local: {path}");
            assert_eq!(
                status_for_a_stranger(Mode::Public, path).await,
                public,
                "public: {path}"
            );
        }
    }
}
