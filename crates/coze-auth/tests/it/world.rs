//! A token source with everything around it that a test may want to touch.

use crate::keys;
use crate::platform::Platform;
use coze_auth::{
    App, AuthError, ChallengeMethod, Endpoints, JwtApp, ManualClock, MemoryStore, NoObserver, PkceApp, Policy,
    SeededRandom, SessionName, SigningKey, Subject, SystemRandom, Tenant, Token, TokenKey, TokenSource,
    TokenSourceParts, TokenStore, UnixSeconds, transport,
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
        let mut parts = parts(app(&platform.base), &clock);
        parts.tasks = tasks.clone();
        parts.store = store;
        Self {
            clock,
            platform,
            tasks,
            tokens: TokenSource::new(parts),
        }
    }

    /// The same app in another process, with the same store if `store` is one.
    pub(crate) fn second(&self, store: Arc<dyn TokenStore>) -> TokenSource {
        let mut parts = parts(self.tokens.app().clone(), &self.clock);
        parts.store = store;
        // Processes differ in their randomness, and so in the name under which they hold leases.
        parts.random = Arc::new(SystemRandom);
        TokenSource::new(parts)
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
    App::Jwt(JwtApp {
        client_id: "1100000000001".to_owned(),
        public_key_id: "key-id".to_owned(),
        signing_key: SigningKey::parse(&keys::pkcs8_pem()).unwrap().0,
        endpoints: Endpoints::from_api_base(base),
        duration_seconds: JwtApp::DEFAULT_DURATION_SECONDS,
        scope: None,
        session_context: None,
        tenant: Tenant::Own,
    })
}

pub(crate) fn pkce_app(base: &Url) -> App {
    App::Pkce(PkceApp {
        client_id: "1.app.coze".to_owned(),
        endpoints: Endpoints::from_api_base(base),
        workspace_id: None,
        challenge_method: ChallengeMethod::S256,
    })
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

pub(crate) fn parts(app: App, clock: &ManualClock) -> TokenSourceParts {
    TokenSourceParts {
        http: transport::http_client_for(app.endpoints(), "test/1").unwrap(),
        app,
        store: Arc::new(MemoryStore::default()),
        clock: Arc::new(clock.clone()),
        random: Arc::new(SeededRandom::new(1)),
        policy: quick_policy(),
        runtime: tokio::runtime::Handle::current(),
        tasks: TaskTracker::new(),
        observer: Arc::new(NoObserver),
    }
}

pub(crate) fn user(name: &str) -> Subject {
    Subject::of(SessionName::parse(name).unwrap())
}

pub(crate) fn text(token: &Token) -> String {
    token.access_token().expose().to_owned()
}
