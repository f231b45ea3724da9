//! Starts the listeners on a checked configuration, and stops them in order.
//!
//! Everything that can fail at the start fails here, before the first request: addresses, keys, the API base. What runs
//! afterwards is [`Running`].

use crate::caller::{VisitorCookie, VisitorKeys};
use crate::config::{AppConfig, AppKind, Config, ConfigSource, Credentials, JwtAccount, JwtOptions};
use crate::connections;
use crate::guard::{COZE_ORIGINS, Guard, OriginList, OwnHosts};
use crate::listen::{self, Spread};
use crate::portal;
use crate::proxy::workers::{self, Sockets, WorkerError, WorkerSetup};
use crate::state::{AppFacts, Shared};
use coze_auth::transport::{self, TransportError};
use coze_auth::{AccessToken, App, Clock, InvalidToken, JwtApp, Random, TokenSource, TokenSourceParts};
use cozegate_store::{GatewaySecret, HandleTable};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
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
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
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
    /// The app's token holds what no header field can carry.
    #[error("the token of app {app} cannot be used")]
    Token {
        /// The app's name.
        app: String,
        /// Why not.
        #[source]
        source: InvalidToken,
    },
    /// The app needs a person who logs in, and nobody can log in here.
    #[error("app {app} is of kind {kind}, which needs a person to log in; use an app of kind jwt, pat or sat to serve")]
    LoginKind {
        /// The app's name.
        app: String,
        /// Its kind.
        kind: AppKind,
    },
    /// The app asks for something that we cannot ask Coze for.
    #[error("app {app} sets {option}, which cannot be served; leave it out")]
    OptionNotServed {
        /// The app's name.
        app: String,
        /// The key in its section.
        option: &'static str,
    },
    /// The HTTP client for the token endpoint could not be built.
    #[error(transparent)]
    HttpClient(#[from] TransportError),
    /// The proxy's threads could not be started.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The app that the configuration names as default is not in it.
    #[error("there is no app {0}")]
    UnknownApp(String),
}

/// The running services.
#[derive(Debug)]
pub struct Running {
    proxy_addr: Option<SocketAddr>,
    auth_addr: Option<SocketAddr>,
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
        clock,
        random,
    } = request;
    let app = config
        .apps
        .get(&config.default_app)
        .ok_or_else(|| StartError::UnknownApp(config.default_app.clone()))?;
    let tokens = token_source(app, Arc::clone(&clock), Arc::clone(&random))?;

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

    let stop = CancellationToken::new();
    let app_facts = app_facts(app, config.source == ConfigSource::Demo);
    let shared = Arc::new(Shared {
        mode: config.mode,
        visitor_cookie: VisitorCookie::for_tenant(&app_facts.tenant),
        app: app_facts,
        chat: config.chat.clone(),
        tokens,
        handles: HandleTable::default(),
        handle_lifetime: Duration::from_secs(config.visitors.handle_ttl_seconds.into()),
        visitor_keys: VisitorKeys::derive(&secret),
        clock,
        random,
        proxy_addr: proxy_addr.unwrap_or(config.server.proxy_addr),
        auth_addr: auth_addr.unwrap_or(config.server.auth_addr),
        stop: stop.clone(),
    });
    let origins = origins(&config, &shared);
    let mut running = Running {
        proxy_addr,
        auth_addr,
        stop: stop.clone(),
        grace: Duration::from_secs(config.timeouts.shutdown_seconds.into()),
        workers: Vec::new(),
        auth_connections: TaskTracker::new(),
    };
    if let Some(sockets) = proxy_sockets {
        let setup = WorkerSetup {
            guard: Guard::new(OwnHosts::loopback(sockets.addr()), origins.clone()),
            shared: Arc::clone(&shared),
            api_base: app.endpoints.api_base.clone(),
            timeouts: config.timeouts.clone(),
        };
        running.workers = workers::start(sockets, &setup)?;
    }
    if let Some((listener, addr)) = auth_listener {
        let guard = Guard::new(OwnHosts::loopback(addr), origins);
        serve_auth(listener, addr, portal::router(shared, guard), &running)?;
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
    }
}

/// Makes the source of tokens for an app: for the services, and for `cozegate token`.
///
/// Renewals run on the runtime of the caller.
pub fn token_source(
    app: &AppConfig,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<TokenSource, StartError> {
    let user_agent = concat!("cozegate/", env!("CARGO_PKG_VERSION"));
    Ok(TokenSource::new(TokenSourceParts {
        app: auth_app(app)?,
        http: transport::http_client_for(&app.endpoints, user_agent)?,
        store: Arc::new(coze_auth::MemoryStore::default()),
        clock,
        random,
        policy: coze_auth::Policy::default(),
        runtime: tokio::runtime::Handle::current(),
        tasks: TaskTracker::new(),
    }))
}

/// Makes coze-auth's app of a configured one: the one place that knows which kinds and options can be served.
fn auth_app(app: &AppConfig) -> Result<App, StartError> {
    match &app.credentials {
        Credentials::Jwt {
            client_id,
            public_key_id,
            signing_key,
            options,
        } => {
            refuse_options(app, options)?;
            Ok(App::Jwt(JwtApp {
                client_id: client_id.clone(),
                public_key_id: public_key_id.clone(),
                signing_key: signing_key.clone(),
                endpoints: app.endpoints.clone(),
                duration_seconds: app.duration_seconds,
            }))
        }
        Credentials::PersonalAccessToken { token, expires_at }
        | Credentials::ServiceAccessToken { token, expires_at } => Ok(App::PersonalAccessToken {
            token: AccessToken::parse(token.expose()).map_err(|source| StartError::Token {
                app: app.name.clone(),
                source,
            })?,
            endpoints: app.endpoints.clone(),
            expires_at: *expires_at,
        }),
        Credentials::Web { .. } | Credentials::Pkce { .. } | Credentials::Device { .. } => Err(StartError::LoginKind {
            app: app.name.clone(),
            kind: app.credentials.kind(),
        }),
    }
}

/// A token that may do more, or belongs to somebody else, than the configuration says is worse than none.
fn refuse_options(app: &AppConfig, options: &JwtOptions) -> Result<(), StartError> {
    let JwtOptions {
        account,
        scope,
        device_info,
    } = options;
    let option = match account {
        JwtAccount::Account(_) => Some("account_id"),
        JwtAccount::Enterprise(_) => Some("enterprise_id"),
        JwtAccount::Own if scope.is_some() => Some("scope"),
        JwtAccount::Own if device_info.is_some() => Some("session_context"),
        JwtAccount::Own => None,
    };
    option.map_or(Ok(()), |option| {
        Err(StartError::OptionNotServed {
            app: app.name.clone(),
            option,
        })
    })
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
    running: &Running,
) -> Result<(), StartError> {
    let listener =
        tokio::net::TcpListener::from_std(listener).map_err(|source| bind_error(Service::Auth, addr, source))?;
    let connections = running.auth_connections.clone();
    let service = TowerToHyperService::new(router);
    running.auth_connections.spawn(connections::accept_until(
        listener,
        service,
        connections,
        running.stop.clone(),
    ));
    Ok(())
}

/// Configured origins, Coze's own, and those of our pages under each of our names.
fn origins(config: &Config, shared: &Shared) -> OriginList {
    let own = [shared.proxy_addr, shared.auth_addr]
        .into_iter()
        .flat_map(|addr| OwnHosts::loopback(addr).http_origins().collect::<Vec<_>>())
        .chain(COZE_ORIGINS.map(str::to_owned));
    config
        .cors
        .origins
        .iter()
        .map(|origin| origin.as_str().to_owned())
        .chain(own)
        .collect()
}

fn app_facts(app: &AppConfig, is_demo: bool) -> AppFacts {
    let (tenant, isolates) = match &app.credentials {
        Credentials::Jwt { client_id, .. } => (client_id.clone(), true),
        // Everybody shares the person who has logged in.
        Credentials::Web { client_id, .. }
        | Credentials::Pkce { client_id, .. }
        | Credentials::Device { client_id } => (client_id.clone(), false),
        Credentials::PersonalAccessToken { .. } => ("pat".to_owned(), false),
        Credentials::ServiceAccessToken { .. } => ("sat".to_owned(), false),
    };
    let api_base = &app.endpoints.api_base;
    AppFacts {
        name: app.name.clone(),
        region: coze_auth::Region::from_api_base(api_base),
        is_demo,
        api_base: api_base.as_str().trim_end_matches('/').to_owned(),
        tenant,
        isolates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SecretText;
    use coze_auth::{Endpoints, SeededRandom, SystemClock};
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

    fn request() -> StartRequest {
        let random = Arc::new(SeededRandom::new(1));
        StartRequest {
            config: config(),
            services: Services::Proxy,
            secret: GatewaySecret::throw_away(random.as_ref()),
            clock: Arc::new(SystemClock),
            random,
        }
    }

    #[tokio::test]
    async fn every_worker_serves_whoever_spreads_the_connections() {
        for spread in [Spread::of_this_system(), Spread::Acceptor] {
            let running = start_spread(request(), spread).unwrap();
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
}
