//! The apps that serve: each with its source of tokens, its platform and its visitors' cookie.
//!
//! Several apps may stand side by side; one is the default, the others are chosen by name. A handle remembers its app, so
//! that a visitor's requests go to the platform, and are made with the token, of the app that opened the session.

use crate::caller::VisitorCookie;
use crate::config::{AppConfig, Config, Credentials, JwtAccount, JwtOptions};
use crate::service::StartError;
use coze_auth::{
    AccessToken, App, Clock, JwtApp, Random, Region, Tenant, TokenSource, TokenSourceParts, TokenStore, transport,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use url::Url;

/// One app, ready to serve.
#[derive(Debug)]
pub(crate) struct ServingApp {
    /// Its name in the configuration.
    pub(crate) name: Arc<str>,
    /// Which of the platform's two regions; `None` for an address of one's own.
    pub(crate) region: Option<Region>,
    /// The platform's API.
    pub(crate) api_base: Url,
    /// What separates this app's visitors from another's: the `client_id`, or `pat`.
    pub(crate) tenant: String,
    /// Whether every visitor has a history of their own: with a personal access token there is one for all.
    pub(crate) isolates: bool,
    /// Where its tokens come from.
    pub(crate) tokens: TokenSource,
    /// What its visitors are known by.
    pub(crate) visitor_cookie: VisitorCookie,
}

impl ServingApp {
    fn new(app: &AppConfig, means: &TokenMeans) -> Result<Self, StartError> {
        let (tenant, isolates) = match &app.credentials {
            Credentials::Jwt { client_id, .. } => (client_id.clone(), true),
            // Everybody shares the person who has logged in.
            Credentials::Web { client_id, .. }
            | Credentials::Pkce { client_id, .. }
            | Credentials::Device { client_id } => (client_id.clone(), false),
            Credentials::PersonalAccessToken { .. } => ("pat".to_owned(), false),
            Credentials::ServiceAccessToken { .. } => ("sat".to_owned(), false),
        };
        let api_base = app.endpoints.api_base.clone();
        Ok(Self {
            name: app.name.as_str().into(),
            region: Region::from_api_base(&api_base),
            tokens: token_source(app, means.clone())?,
            visitor_cookie: VisitorCookie::for_tenant(&tenant),
            api_base,
            tenant,
            isolates,
        })
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Apps {
    by_name: BTreeMap<Arc<str>, Arc<ServingApp>>,
    default: Arc<ServingApp>,
}

impl Apps {
    /// Makes every app of `config` ready; renewals run on the runtime of the caller.
    pub(crate) fn new(config: &Config, means: &TokenMeans) -> Result<Self, StartError> {
        let mut by_name = BTreeMap::new();
        for app in config.apps.values() {
            let serving = Arc::new(ServingApp::new(app, means)?);
            by_name.insert(Arc::clone(&serving.name), serving);
        }
        let default = by_name.get(config.default_app.as_str()).map(Arc::clone);
        let default = default.ok_or_else(|| StartError::UnknownApp(config.default_app.clone()))?;
        Ok(Self { by_name, default })
    }

    /// The app called `name`; the default one where none is named.
    pub(crate) fn find(&self, name: Option<&str>) -> Option<&Arc<ServingApp>> {
        name.map_or(Some(&self.default), |name| self.by_name.get(name))
    }

    /// The app for whoever names none.
    pub(crate) fn default_app(&self) -> &Arc<ServingApp> {
        &self.default
    }

    /// Every app, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<ServingApp>> {
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
}

/// Makes the source of tokens for an app: for the services, and for `cozegate token`.
///
/// Renewals run on the runtime of the caller.
pub fn token_source(app: &AppConfig, means: TokenMeans) -> Result<TokenSource, StartError> {
    let user_agent = concat!("cozegate/", env!("CARGO_PKG_VERSION"));
    Ok(TokenSource::new(TokenSourceParts {
        app: auth_app(app)?,
        http: transport::http_client_for(&app.endpoints, user_agent)?,
        store: means.store,
        clock: means.clock,
        random: means.random,
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
        } => Ok(App::Jwt(JwtApp {
            client_id: client_id.clone(),
            public_key_id: public_key_id.clone(),
            signing_key: signing_key.clone(),
            endpoints: app.endpoints.clone(),
            duration_seconds: app.duration_seconds,
            tenant: tenant_of(app, options)?,
        })),
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

/// For whom the app acts. What would narrow its tokens and cannot be served is refused: a token that may do more than the
/// configuration says is worse than none.
fn tenant_of(app: &AppConfig, options: &JwtOptions) -> Result<Tenant, StartError> {
    let JwtOptions {
        account,
        scope,
        device_info,
    } = options;
    let not_served = |option| StartError::OptionNotServed {
        app: app.name.clone(),
        option,
    };
    if scope.is_some() {
        return Err(not_served("scope"));
    }
    if device_info.is_some() {
        return Err(not_served("session_context"));
    }
    Ok(match account {
        JwtAccount::Own => Tenant::Own,
        JwtAccount::Account(id) => Tenant::Account(id.clone()),
        JwtAccount::Enterprise(id) => Tenant::Enterprise(id.clone()),
    })
}
