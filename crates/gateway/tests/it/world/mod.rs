//! What the tests stand on: a running gateway, an upstream, and a client that sends exactly what it is told.

mod dialogue;
mod exact_upstream;
mod names;
pub mod person;
mod raw;
mod recording_upstream;
pub mod servers;
mod site;
pub mod websocket;
mod wire;

pub use dialogue::dialogue;
pub use exact_upstream::{ExactUpstream, read_request};
pub use names::Names;
pub use raw::{Answer, read_head, send, send_bytes};
pub use recording_upstream::RecordingUpstream;
pub use site::Site;
pub use wire::{Wire, try_read_head};

use coze_auth::random::base64url;
use coze_auth::{ChallengeMethod, Clock, Endpoints, SeededRandom, SigningKey, SystemClock, SystemRandom};
use coze_emulator::{Emulator, EmulatorConfig};
use cozegate_config::{
    AllowedBots, AppConfig, Config, ConfigSource, Credentials, JwtOptions, LimitsConfig, MAIN_SITE, Mode, PublicUrls,
    SecretText, SiteConfig,
};
use cozegate_core::dns::{Resolve, SystemResolver};
use cozegate_gateway::{Running, Services, StartRequest, store};
use cozegate_policy::Id;
use cozegate_store::{Backend, GatewaySecret};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpSocket;
use url::Url;

/// The page of a site.
pub const SITE: &str = "https://www.shop.example";

/// The id of the emulator's first published bot.
pub fn published_bot(emulator: &Emulator) -> String {
    let bots = emulator.info().bots;
    bots.iter().find(|bot| bot.published).unwrap().id.to_string()
}

/// A gateway on ports of its own.
pub struct World {
    /// What it was started with.
    pub config: Config,
    pub proxy: SocketAddr,
    pub auth: SocketAddr,
    pub gateway: Running,
}

impl World {
    /// In front of the emulator, with its demo app.
    pub async fn with_emulator() -> (Self, Emulator) {
        Self::with_emulator_and(|_| {}).await
    }

    /// The same, with `change` made to the configuration.
    pub async fn with_emulator_and(change: impl FnOnce(&mut Config)) -> (Self, Emulator) {
        let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
        (Self::start(demo_app(&emulator), change).await, emulator)
    }

    /// In public mode in front of the emulator: one site whose pages are at [`SITE`], with the demo app and the bot
    /// [`published_bot`], reached at `chat.example` and `api.chat.example` behind a reverse proxy of this machine.
    pub async fn public() -> (Self, Emulator) {
        Self::public_with(EmulatorConfig::default(), |_| {}).await
    }

    /// The same with an emulator of the test's own, and `change` made to the configuration.
    pub async fn public_with(emulator: EmulatorConfig, change: impl FnOnce(&mut Config)) -> (Self, Emulator) {
        let emulator = Emulator::start(emulator).await.unwrap();
        let bot = Id::parse(published_bot(&emulator).as_bytes()).unwrap();
        let world = Self::start(demo_app(&emulator), |config| {
            config.mode = Mode::Public;
            config.limits = LimitsConfig::of_mode(Mode::Public);
            config.server.public = Some(PublicUrls {
                proxy: "https://api.chat.example".parse().unwrap(),
                auth: "https://chat.example".parse().unwrap(),
            });
            config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
            let site = SiteConfig::new(
                MAIN_SITE,
                "main",
                vec![SITE.parse().unwrap()],
                AllowedBots::Listed(vec![bot]),
            );
            config.sites.insert(MAIN_SITE.to_owned(), site);
            change(config);
        });
        (world.await, emulator)
    }

    /// In front of the emulator, with its demo app (`main`) and one app of each kind in which people log in, named after
    /// its kind. Their redirect URI is the gateway's own `/callback`, here and in the console.
    pub async fn with_logins() -> (Self, Emulator) {
        let backend = store::in_memory(Arc::new(SystemRandom)).await.unwrap();
        Self::with_logins_on(backend, Arc::new(SystemClock)).await
    }

    /// The same on a store and a time of the test's own.
    pub async fn with_logins_on(backend: Backend, clock: Arc<dyn Clock>) -> (Self, Emulator) {
        let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
        let world = Self::with_logins_at(&emulator, backend, clock, |_| {});
        (world, emulator)
    }

    /// The same in front of an emulator of the test's own, with `change` made to the configuration.
    pub fn with_logins_at(
        emulator: &Emulator,
        backend: Backend,
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::for_app(ConfigSource::Demo, demo_app(emulator));
        any_ports(&mut config);
        change(&mut config);
        let mut world = Self::run(config, backend, clock);
        let redirect_uri: Url = format!("http://{}/callback", world.auth).parse().unwrap();
        let endpoints = Endpoints::from_api_base(&emulator.api_base().parse().unwrap());
        for registered in emulator.apps().list() {
            let client_id = registered.client_id.clone();
            let (name, credentials) = match registered.kind {
                coze_emulator::AppKind::Jwt => continue,
                coze_emulator::AppKind::Web => {
                    let secret = registered.client_secret.as_ref().unwrap();
                    let credentials = Credentials::Web {
                        client_id: client_id.clone(),
                        client_secret: SecretText::new(secret.expose()),
                        redirect_uri: redirect_uri.clone(),
                        workspace_id: None,
                    };
                    ("web", credentials)
                }
                coze_emulator::AppKind::Pkce => {
                    let credentials = Credentials::Pkce {
                        client_id: client_id.clone(),
                        redirect_uri: redirect_uri.clone(),
                        workspace_id: None,
                        challenge_method: ChallengeMethod::S256,
                    };
                    ("pkce", credentials)
                }
                coze_emulator::AppKind::Device => {
                    let credentials = Credentials::Device {
                        client_id: client_id.clone(),
                        workspace_id: None,
                    };
                    ("device", credentials)
                }
            };
            if !registered.redirect_uris.is_empty() {
                let uris = vec![redirect_uri.to_string()];
                emulator.apps().set_redirect_uris(&client_id, uris).unwrap();
            }
            let app = AppConfig {
                name: name.to_owned(),
                credentials,
                endpoints: endpoints.clone(),
                duration_seconds: 900,
            };
            world.config.apps.insert(name.to_owned(), app);
        }
        world.gateway.apply(&world.config).unwrap();
        world
    }

    /// Opens a session of the app called `app` and returns its handle.
    pub async fn handle_of(&self, app: &str) -> String {
        let body = format!("{{\"app\":\"{app}\"}}");
        let request = format!(
            "POST /auth/session HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.auth,
            body.len()
        );
        let answer = send(self.auth, &request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["handle"].as_str().unwrap().to_owned()
    }

    /// In front of any upstream, with a personal access token, so that nothing is minted.
    pub async fn with_upstream(api_base: &str) -> Self {
        Self::with_upstream_and(api_base, |_| {}).await
    }

    /// The same, with `change` made to the configuration.
    pub async fn with_upstream_and(api_base: &str, change: impl FnOnce(&mut Config)) -> Self {
        Self::start(fixed_app("main", api_base), change).await
    }

    async fn start(app: AppConfig, change: impl FnOnce(&mut Config)) -> Self {
        let backend = store::in_memory(Arc::new(SystemRandom)).await.unwrap();
        Self::start_on(backend, app, change)
    }

    /// The same on a store of the test's own.
    pub fn start_on(backend: Backend, app: AppConfig, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::for_app(ConfigSource::Demo, app);
        any_ports(&mut config);
        change(&mut config);
        Self::run(config, backend, Arc::new(SystemClock))
    }

    /// A gateway of this configuration, on this store, at this time.
    pub fn run(config: Config, backend: Backend, clock: Arc<dyn Clock>) -> Self {
        Self::run_resolving(config, backend, clock, Arc::new(SystemResolver))
    }

    /// The same with names that this resolver looks up.
    pub fn run_resolving(config: Config, backend: Backend, clock: Arc<dyn Clock>, resolver: Arc<dyn Resolve>) -> Self {
        let random = Arc::new(SeededRandom::new(11));
        let request = StartRequest {
            config: config.clone(),
            services: Services::Both,
            secret: GatewaySecret::throw_away(random.as_ref()),
            backend,
            clock,
            random: Arc::new(SystemRandom),
            resolver,
            files_folder: None,
        };
        let gateway = cozegate_gateway::start(request).unwrap();
        Self {
            config,
            proxy: gateway.proxy_addr().unwrap(),
            auth: gateway.auth_addr().unwrap(),
            gateway,
        }
    }

    /// Opens a session like a new browser and returns its handle.
    pub async fn handle(&self) -> String {
        let answer = send(
            self.auth,
            &format!("POST /auth/session HTTP/1.1\r\nHost: {}\r\n\r\n", self.auth),
        )
        .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["handle"].as_str().unwrap().to_owned()
    }

    /// The head of a proxied request with `credential`, further `fields`, and the empty line.
    pub fn head(&self, line: &str, credential: &str, fields: &str) -> String {
        format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {credential}\r\n{fields}\r\n",
            self.proxy
        )
    }

    /// Asks the proxy for something without a body.
    pub async fn ask(&self, line: &str, credential: &str, fields: &str) -> Answer {
        send(self.proxy, &self.head(line, credential, fields)).await
    }

    /// Stops the gateway and waits for it.
    pub async fn stop(self) {
        self.gateway.stop();
        self.gateway.stopped().await;
    }
}

/// An address of this machine at which nobody listens, and nobody else will for as long as the socket is held.
pub fn vacant() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let addr = socket.local_addr().unwrap();
    (socket, addr)
}

fn any_ports(config: &mut Config) {
    config.server.proxy_addr = ([127, 0, 0, 1], 0).into();
    config.server.auth_addr = ([127, 0, 0, 1], 0).into();
}

/// The emulator's demo app.
pub fn demo_app(emulator: &Emulator) -> AppConfig {
    let demo = emulator.jwt_app();
    let credentials = Credentials::Jwt {
        client_id: demo.client_id.clone(),
        public_key_id: demo.public_key_id.clone(),
        signing_key: SigningKey::parse(&demo.private_key_pem).unwrap().0,
        options: JwtOptions::default(),
    };
    app(credentials, &emulator.api_base().parse().unwrap())
}

/// An app with a personal access token, made from its name.
pub fn fixed_app(name: &str, api_base: &str) -> AppConfig {
    let seed = name.bytes().map(u64::from).sum();
    let token = SecretText::new(format!("pat_{}", base64url(&SeededRandom::new(seed), 32)));
    let credentials = Credentials::PersonalAccessToken {
        token,
        expires_at: None,
    };
    AppConfig {
        name: name.to_owned(),
        ..app(credentials, &api_base.parse().unwrap())
    }
}

fn app(credentials: Credentials, api_base: &Url) -> AppConfig {
    AppConfig {
        name: "main".to_owned(),
        credentials,
        endpoints: Endpoints::from_api_base(api_base),
        duration_seconds: 900,
    }
}
