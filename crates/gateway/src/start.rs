//! Starts the listeners on a checked configuration.
//!
//! Everything that can fail at the start fails here, before the first request: addresses, keys, the API base. What runs
//! afterwards is [`Running`].

use crate::live::{limits_config, live};
use crate::running::Running;
use crate::start_error::{Service, StartError};
use crate::{auth_service, session_watch, sweep};
use arc_swap::ArcSwap;
use coze_auth::{Clock, Random};
use cozegate_config::{Config, ConfigSource, Mode};
use cozegate_core::addresses::{own_hosts, scheme};
use cozegate_core::apps::{Apps, TokenMeans};
use cozegate_core::caller::{TrustedProxies, VisitorKeys};
use cozegate_core::connections::{Certificate, Connections, Tls, descriptors};
use cozegate_core::dns::Resolve;
use cozegate_core::guard::Guard;
use cozegate_core::limits::Limits;
use cozegate_core::listen::Spread;
use cozegate_core::ownership::OwnershipRegister;
use cozegate_core::state::Shared;
use cozegate_core::telemetry::Telemetry;
use cozegate_core::telemetry::labels::Listener;
#[cfg(feature = "otel")]
use cozegate_core::telemetry::traces::{Traces, TracesError};
use cozegate_policy::ownership::DigestKey;
use cozegate_proxy::files::{self, Files};
use cozegate_proxy::workers::{self, Sockets, WorkerSetup};
use cozegate_store::{Backend, GatewaySecret, HandleRegister};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

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
        Services::Both | Services::Auth => Some(auth_service::bind(&config)?),
        Services::Proxy => None,
    };
    let proxy_addr = proxy_sockets.as_ref().map(Sockets::addr);
    let auth_addr = auth_listener.as_ref().map(|(_, addr)| *addr);

    let proxy_at = proxy_addr.unwrap_or(config.server.proxy_addr);
    let auth_at = auth_addr.unwrap_or(config.server.auth_addr);
    // Made before any task runs, since the folder may be refused.
    let files = match &proxy_sockets {
        Some(_) => {
            let dependencies = files::Dependencies {
                resolver,
                clock: Arc::clone(&means.clock),
                folder: files_folder.as_deref(),
                metrics: Arc::clone(telemetry.common()),
                entry_key: files::EntryKey::derive(&secret),
            };
            Some(Arc::new(Files::new(&config.files, &config.timeouts, dependencies)?))
        }
        None => None,
    };
    let limits = Arc::new(Limits::new(limits_config(&config)));
    let live = live(&config, apps, limits, [proxy_at, auth_at]);
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
    shared.background.spawn(sweep::sweep(Arc::clone(&shared)));
    shared.background.spawn(session_watch::watch(Arc::clone(&shared)));
    if let Some((sockets, files)) = proxy_sockets.zip(files) {
        let setup = WorkerSetup {
            files,
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
        let router = cozegate_portal::router(Arc::clone(&shared), guard);
        auth_service::serve(
            (listener, addr),
            router,
            connections,
            &shared,
            &running.auth_connections,
        )?;
    }
    Ok(running)
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

fn trusted_proxies(config: &Config) -> TrustedProxies {
    let server = &config.server;
    TrustedProxies::new(server.trusted_proxies.clone(), server.forwarded_field)
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
    Sockets::bind(addr, config.server.workers, spread)
        .map_err(|source| StartError::of_address(Service::Proxy, addr, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::ConnectInfo;
    use coze_auth::{Endpoints, SeededRandom, SystemClock, SystemRandom};
    use cozegate_config::{AppConfig, Credentials, SecretText};
    use cozegate_core::guard::OwnHosts;
    use cozegate_core::guard::Scheme;
    use cozegate_core::telemetry::labels;
    use cozegate_portal::{Audience, Effect, Route};
    use http::{Method, Request};
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;
    use std::net::SocketAddr;
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

    /// Addresses that a contributor adds to the table.
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
