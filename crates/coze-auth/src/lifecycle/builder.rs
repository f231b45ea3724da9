//! Builder of a [`TokenSource`]: an app and, where the defaults do not fit, other dependencies.

use super::failures::Failures;
use super::kept::KeptTokens;
use super::lease::Leasing;
use super::lost::LostLogins;
use super::policy::{InvalidPolicy, Policy};
use super::renewals::{Issuer, Renewals};
use super::single_flight::Flights;
use super::token_source::{TokenSource, Way};
use crate::app::{App, LoginClient};
use crate::clock::{Clock, SystemClock};
use crate::observer::{NoObserver, Observer};
use crate::personal_access_token;
use crate::random::{Random, SystemRandom, base64url};
use crate::store::{MemoryStore, TokenStore};
use crate::transport::{self, TransportError};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// 128 random bits distinguish the holders of leases.
const HOLDER_BYTES: usize = 16;

/// The user agent of the default HTTP client.
const USER_AGENT: &str = concat!("coze-auth/", env!("CARGO_PKG_VERSION"));

impl TokenSource {
    /// Begins a source of tokens for `app`. Everything else has a default.
    ///
    /// ```
    /// use coze_auth::{App, DeviceApp, Region, TokenSource};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), coze_auth::BuildError> {
    /// let app = App::Device(DeviceApp::new("1100000000001.app.coze", Region::China.endpoints()));
    /// let tokens = TokenSource::builder(app).build()?;
    /// # let _ = tokens;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(app: App) -> TokenSourceBuilder {
        TokenSourceBuilder {
            app,
            http_client: None,
            store: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            policy: Policy::default(),
            runtime: None,
            tasks: TaskTracker::new(),
            observer: Arc::new(NoObserver),
        }
    }
}

/// Collects the dependencies of a [`TokenSource`]; see [`TokenSource::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing before `build`"]
pub struct TokenSourceBuilder {
    app: App,
    http_client: Option<reqwest::Client>,
    store: Option<Arc<dyn TokenStore>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    policy: Policy,
    runtime: Option<Handle>,
    tasks: TaskTracker,
    observer: Arc<dyn Observer>,
}

impl TokenSourceBuilder {
    /// Sets the HTTP client for the token endpoint.
    ///
    /// Default: a client from [`transport::http_client_for`] with this crate's name as user agent.
    pub fn http_client(mut self, http_client: reqwest::Client) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// Sets the store for tokens and leases.
    ///
    /// Default: a [`MemoryStore`], so a login ends with the process.
    pub fn store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the clock. Default: [`SystemClock`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the source of `jti`, `state`, verifiers and jitter. Default: [`SystemRandom`].
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Sets when tokens are renewed. Default: [`Policy::default`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the runtime for renewals. It needs I/O and time; signing blocks one of its threads for 0.3 ms at a time.
    ///
    /// Default: the runtime in which [`build`](Self::build) is called.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Sets the tracker of running renewals, for a host that waits for them before it stops.
    ///
    /// Default: a tracker of this source alone.
    pub fn tasks(mut self, tasks: TaskTracker) -> Self {
        self.tasks = tasks;
        self
    }

    /// Sets the observer of requests to the token endpoint. Default: [`NoObserver`].
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Makes the source. It sends nothing before the first token is asked for.
    ///
    /// An [`App::PersonalAccessToken`] is never renewed, so it needs neither a runtime nor an HTTP client.
    ///
    /// # Errors
    ///
    /// [`BuildError::NoRuntime`] outside of a tokio runtime when none was set; [`BuildError::Transport`] when the default
    /// HTTP client cannot be set up; [`BuildError::Policy`] when the policy contradicts itself.
    pub fn build(self) -> Result<TokenSource, BuildError> {
        let issuer = match &self.app {
            App::PersonalAccessToken { token, expires_at, .. } => {
                let token = personal_access_token::fixed(token, *expires_at, self.clock.now());
                return Ok(TokenSource::new(self.app, self.clock, Way::Fixed(token)));
            }
            App::Jwt(app) => Issuer::Jwt(app.clone()),
            App::Web(app) => Issuer::Login(LoginClient::from(app)),
            App::Pkce(app) => Issuer::Login(LoginClient::from(app)),
            App::Device(app) => Issuer::Login(LoginClient::from(app)),
        };
        self.policy.check()?;
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => Handle::try_current().map_err(|_| BuildError::NoRuntime)?,
        };
        let http = match self.http_client {
            Some(client) => client,
            None => transport::http_client_for(self.app.endpoints(), USER_AGENT)?,
        };
        let renewals = Renewals {
            issuer,
            http,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryStore::default())),
            clock: Arc::clone(&self.clock),
            exchanges: Semaphore::new(self.policy.concurrent_exchanges.clamp(1, Semaphore::MAX_PERMITS)),
            leasing: Leasing {
                holder: base64url(self.random.as_ref(), HOLDER_BYTES),
                time: self.policy.lease_time,
            },
            random: self.random,
            policy: self.policy,
            runtime,
            tasks: self.tasks,
            observer: self.observer,
            kept: KeptTokens::new(),
            failures: Failures::default(),
            flights: Arc::new(Flights::new()),
            lost: LostLogins::default(),
        };
        Ok(TokenSource::new(self.app, self.clock, Way::Renewed(Arc::new(renewals))))
    }
}

/// Reason why a [`TokenSource`] cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No runtime was set, and the caller is outside of one.
    #[error("renewals need a tokio runtime: set one, or build the token source inside of it")]
    NoRuntime,
    /// The default HTTP client cannot be set up.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The policy contradicts itself.
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
}
