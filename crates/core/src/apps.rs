//! The apps that serve: each with its source of tokens, its platform and its visitors' cookie.
//!
//! Several apps may stand side by side; one is the default, the others are chosen by name. A handle remembers its app, so
//! that a visitor's requests go to the platform, and are made with the token, of the app that opened the session.

use crate::caller::VisitorCookie;
use crate::telemetry::Telemetry;
use crate::telemetry::observers::{CountedRequests, CountedStore};
use coze_auth::transport::{Ends, TransportError};
use coze_auth::{
    AccessToken, App, BuildError, ClientSecret, Clock, DeviceApp, InvalidToken, JwtApp, NoObserver, Observer, PkceApp,
    Random, Region, SessionContext, SessionName, Subject, Tenant, TokenSource, TokenStore, UnixSeconds, WebApp,
    transport,
};
use cozegate_config::{AppConfig, AppKind, Config, Credentials, JwtAccount, JwtOptions, TimeoutsConfig};
use cozegate_store::Backend;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use url::Url;

/// Why an app cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The app's token holds what no header field can carry.
    #[error("the token of app {app} cannot be used")]
    Token {
        /// The app's name.
        app: String,
        /// Why not.
        #[source]
        source: InvalidToken,
    },
    /// The HTTP client for the token endpoint could not be built.
    #[error(transparent)]
    HttpClient(#[from] TransportError),
    /// A source of tokens could not be built.
    #[error(transparent)]
    TokenSource(#[from] BuildError),
    /// The app that the configuration names as default is not in it.
    #[error("there is no app {0}")]
    UnknownApp(String),
}

/// One app, ready to serve.
#[derive(Debug)]
pub struct ServingApp {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// How it gets its tokens.
    pub kind: AppKind,
    /// Which of the platform's two regions; `None` for an address of one's own.
    pub region: Option<Region>,
    /// The platform's API.
    pub api_base: Url,
    /// The platform's WebSocket.
    pub ws_base: Url,
    /// What separates this app's visitors from another's: the `client_id`, or `pat`.
    pub tenant: String,
    /// Where its tokens come from.
    pub tokens: TokenSource,
    /// What its visitors are known by.
    pub visitor_cookie: VisitorCookie,
    /// Where the platform sends people back to after a login, if they log in with a browser.
    pub redirect_uri: Option<Url>,
    /// When a fixed token ends, as its owner noted it.
    pub fixed_token_ends_at: Option<UnixSeconds>,
    /// Renews logins that nobody asks for, until a new configuration takes this one's place.
    _keep_alive: Option<AbortOnDropHandle<Option<()>>>,
}

impl ServingApp {
    fn new(app: &AppConfig, means: &TokenMeans, stop: &CancellationToken) -> Result<Self, AppError> {
        let tenant = match &app.credentials {
            Credentials::Jwt { client_id, .. }
            | Credentials::Web { client_id, .. }
            | Credentials::Pkce { client_id, .. }
            | Credentials::Device { client_id, .. } => client_id.clone(),
            Credentials::PersonalAccessToken { .. } => "pat".to_owned(),
            Credentials::ServiceAccessToken { .. } => "sat".to_owned(),
        };
        let (redirect_uri, fixed_token_ends_at) = match &app.credentials {
            Credentials::Web { redirect_uri, .. } | Credentials::Pkce { redirect_uri, .. } => {
                (Some(redirect_uri.clone()), None)
            }
            Credentials::PersonalAccessToken { expires_at, .. }
            | Credentials::ServiceAccessToken { expires_at, .. } => (None, *expires_at),
            Credentials::Jwt { .. } | Credentials::Device { .. } => (None, None),
        };
        let kind = app.credentials.kind();
        let api_base = app.endpoints.api_base.clone();
        let tokens = token_source(app, means.clone())?;
        let keep_alive = kind.needs_login().then(|| {
            // Renewals are tasks of their own, so ending this one cuts none.
            let task = stop.clone().run_until_cancelled_owned(tokens.clone().keep_alive());
            AbortOnDropHandle::new(tokio::runtime::Handle::current().spawn(task))
        });
        Ok(Self {
            name: app.name.as_str().into(),
            kind,
            region: Region::from_api_base(&api_base),
            tokens,
            visitor_cookie: VisitorCookie::for_tenant(&tenant),
            api_base,
            ws_base: app.endpoints.ws_base.clone(),
            tenant,
            redirect_uri,
            fixed_token_ends_at,
            _keep_alive: keep_alive,
        })
    }

    /// Whose token a user of this name gets.
    pub fn subject(&self, name: SessionName) -> Subject {
        if self.kind.needs_login() {
            Subject::app()
        } else {
            Subject::of(name)
        }
    }
}

/// All of them.
#[derive(Debug)]
pub struct Apps {
    by_name: BTreeMap<Arc<str>, Arc<ServingApp>>,
    default: Arc<ServingApp>,
}

impl Apps {
    /// Makes every app of `config` ready; renewals run on the runtime of the caller, and nobody is kept logged in after
    /// `stop`.
    pub fn new(config: &Config, means: &TokenMeans, stop: &CancellationToken) -> Result<Self, AppError> {
        let mut by_name = BTreeMap::new();
        for app in config.apps.values() {
            let serving = Arc::new(ServingApp::new(app, means, stop)?);
            by_name.insert(Arc::clone(&serving.name), serving);
        }
        let default = by_name.get(config.default_app.as_str()).map(Arc::clone);
        let default = default.ok_or_else(|| AppError::UnknownApp(config.default_app.clone()))?;
        Ok(Self { by_name, default })
    }

    /// The app called `name`; the default one where none is named.
    pub fn find(&self, name: Option<&str>) -> Option<&Arc<ServingApp>> {
        name.map_or(Some(&self.default), |name| self.by_name.get(name))
    }

    /// The app for whoever names none.
    pub fn default_app(&self) -> &Arc<ServingApp> {
        &self.default
    }

    /// Every app, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ServingApp>> {
        self.by_name.values()
    }
}

/// What every source of tokens needs beside its app.
#[derive(Clone, Debug)]
pub struct TokenMeans {
    /// Where tokens rest.
    pub store: Arc<dyn TokenStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Renewals under way: who ends the process waits for them.
    pub tasks: TaskTracker,
    /// Who hears of requests for tokens.
    pub observer: Arc<dyn Observer>,
    /// How long the token endpoint may take.
    pub ends: Ends,
}

impl TokenMeans {
    /// The means of a process that keeps its tokens in `backend`.
    pub fn over(backend: &Backend, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            store: backend.tokens(),
            clock,
            random,
            tasks: TaskTracker::new(),
            observer: Arc::new(NoObserver),
            ends: Ends::default(),
        }
    }

    /// The same, counted.
    #[must_use]
    pub fn counted(self, telemetry: &Arc<Telemetry>) -> Self {
        Self {
            store: Arc::new(CountedStore {
                store: self.store,
                metrics: Arc::clone(telemetry.common()),
            }),
            observer: Arc::new(CountedRequests(Arc::clone(telemetry))),
            ..self
        }
    }

    /// The same, where the token endpoint gets no more time than any other address of the platform.
    #[must_use]
    pub fn within(mut self, timeouts: &TimeoutsConfig) -> Self {
        self.ends = self.ends.at_most(Ends {
            connect: timeouts.connect,
            total: timeouts.head,
        });
        self
    }
}

/// Makes the source of tokens for an app: for the services, and for the command line.
///
/// Renewals run on the runtime of the caller.
pub fn token_source(app: &AppConfig, means: TokenMeans) -> Result<TokenSource, AppError> {
    let user_agent = concat!("cozegate/", env!("CARGO_PKG_VERSION"));
    let http_client = transport::http_client_within(means.ends, &app.endpoints, user_agent)?;
    let tokens = TokenSource::builder(auth_app(app)?)
        .http_client(http_client)
        .store(means.store)
        .clock(means.clock)
        .random(means.random)
        .tasks(means.tasks)
        .observer(means.observer)
        .build()?;
    Ok(tokens)
}

/// Makes coze-auth's app of a configured one: the one place that knows both.
fn auth_app(app: &AppConfig) -> Result<App, AppError> {
    let endpoints = app.endpoints.clone();
    let not_a_header = |source: InvalidToken| AppError::Token {
        app: app.name.clone(),
        source,
    };
    Ok(match &app.credentials {
        Credentials::Jwt {
            client_id,
            public_key_id,
            signing_key,
            options:
                JwtOptions {
                    account,
                    scope,
                    device_info,
                    narrows_visitors: _,
                },
        } => App::Jwt(JwtApp {
            client_id: client_id.clone(),
            public_key_id: public_key_id.clone(),
            signing_key: signing_key.clone(),
            endpoints,
            duration_seconds: app.duration_seconds,
            scope: scope.clone(),
            session_context: device_info
                .clone()
                .and_then(|info| SessionContext::new(info.device_id, info.custom_consumer)),
            tenant: match account {
                JwtAccount::Own => Tenant::Own,
                JwtAccount::Account(id) => Tenant::Account(id.clone()),
                JwtAccount::Enterprise(id) => Tenant::Enterprise(id.clone()),
            },
        }),
        Credentials::Web {
            client_id,
            client_secret,
            workspace_id,
            redirect_uri: _,
        } => App::Web(WebApp {
            client_id: client_id.clone(),
            client_secret: ClientSecret::new(client_secret.expose()),
            endpoints,
            workspace_id: workspace_id.clone(),
        }),
        Credentials::Pkce {
            client_id,
            workspace_id,
            challenge_method,
            redirect_uri: _,
        } => App::Pkce(PkceApp {
            client_id: client_id.clone(),
            endpoints,
            workspace_id: workspace_id.clone(),
            challenge_method: *challenge_method,
        }),
        Credentials::Device {
            client_id,
            workspace_id,
        } => App::Device(DeviceApp {
            client_id: client_id.clone(),
            endpoints,
            workspace_id: workspace_id.clone(),
        }),
        Credentials::PersonalAccessToken { token, expires_at }
        | Credentials::ServiceAccessToken { token, expires_at } => App::PersonalAccessToken {
            token: AccessToken::parse(token.expose()).map_err(not_a_header)?,
            endpoints,
            expires_at: *expires_at,
        },
    })
}
