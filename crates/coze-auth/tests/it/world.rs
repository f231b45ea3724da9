//! A token source with everything around it that a test may want to touch.

use crate::keys;
use crate::platform::Platform;
use coze_auth::{
    App, AuthError, Endpoints, JwtApp, ManualClock, MemoryStore, PkceApp, Policy, SeededRandom, SessionName,
    SigningKey, Subject, SystemRandom, Token, TokenKey, TokenSource, TokenSourceBuilder, TokenStore, UnixSeconds,
};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use url::Url;

pub(crate) const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) platform: Platform,
    pub(crate) tasks: TaskTracker,
    pub(crate) tokens: TokenSource,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with_store(Arc::new(MemoryStore::default())).await
    }

    /// A source of a PKCE app, for logins.
    pub(crate) async fn for_logins() -> Self {
        Self::of(pkce_app, Arc::new(MemoryStore::default())).await
    }

    pub(crate) async fn with_store(store: Arc<dyn TokenStore>) -> Self {
        Self::of(jwt_app, store).await
    }

    pub(crate) async fn of(app: impl FnOnce(&Url) -> App, store: Arc<dyn TokenStore>) -> Self {
        let clock = ManualClock::new(NOW);
        let platform = Platform::start(&clock).await;
        let tasks = TaskTracker::new();
        let tokens = builder(app(&platform.base), &clock).tasks(tasks.clone()).store(store);
        Self {
            clock,
            platform,
            tasks,
            tokens: tokens.build().unwrap(),
        }
    }

    /// The same app in another process, with the same store if `store` is one.
    pub(crate) fn second(&self, store: Arc<dyn TokenStore>) -> TokenSource {
        // Processes differ in their randomness, and so in the name under which they hold leases.
        let random = Arc::new(SystemRandom);
        let tokens = builder(self.tokens.app().clone(), &self.clock)
            .store(store)
            .random(random);
        tokens.build().unwrap()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn token(&self, subject: &Subject) -> Token {
        self.tokens.access_token(subject).await.unwrap()
    }

    pub(crate) async fn error(&self, subject: &Subject) -> AuthError {
        self.tokens.access_token(subject).await.unwrap_err()
    }

    /// The name under which the store keeps a subject's token.
    pub(crate) fn key(&self, subject: &Subject) -> TokenKey {
        self.tokens.token_key(subject).unwrap()
    }

    /// Waits until no renewal runs.
    pub(crate) async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }
}

pub(crate) fn jwt_app(base: &Url) -> App {
    let signing_key = SigningKey::parse(&keys::pkcs8_pem()).unwrap().0;
    let endpoints = Endpoints::from_api_base(base);
    App::Jwt(JwtApp::new("1100000000001", "key-id", signing_key, endpoints))
}

pub(crate) fn pkce_app(base: &Url) -> App {
    App::Pkce(PkceApp::new("1.app.coze", Endpoints::from_api_base(base)))
}

/// Waits that are a matter of moments, because a test has no reason to be patient.
pub(crate) fn quick_policy() -> Policy {
    Policy {
        takeover_grace: Duration::from_millis(5),
        lease_poll: Duration::from_millis(1),
        save_retry: Duration::from_millis(10),
        ..Policy::default()
    }
}

pub(crate) fn builder(app: App, clock: &ManualClock) -> TokenSourceBuilder {
    TokenSource::builder(app)
        .clock(Arc::new(clock.clone()))
        .random(Arc::new(SeededRandom::new(1)))
        .policy(quick_policy())
}

pub(crate) fn user(name: &str) -> Subject {
    Subject::of(SessionName::parse(name).unwrap())
}

pub(crate) fn text(token: &Token) -> String {
    token.access_token().expose().to_owned()
}
