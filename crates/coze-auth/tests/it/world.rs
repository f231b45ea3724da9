//! A token source with everything around it that a test may want to touch.

use crate::keys;
use crate::platform::Platform;
use coze_auth::{
    App, AuthError, Endpoints, JwtApp, ManualClock, MemoryStore, Policy, SeededRandom, SessionName, SigningKey,
    Subject, Token, TokenSource, TokenSourceParts, TokenStore, UnixSeconds, transport,
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

    pub(crate) async fn with_store(store: Arc<dyn TokenStore>) -> Self {
        let clock = ManualClock::new(NOW);
        let platform = Platform::start(&clock).await;
        let tasks = TaskTracker::new();
        let mut parts = parts(jwt_app(&platform.base), &clock);
        parts.tasks = tasks.clone();
        parts.store = store;
        Self {
            clock,
            platform,
            tasks,
            tokens: TokenSource::new(parts),
        }
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
    })
}

pub(crate) fn parts(app: App, clock: &ManualClock) -> TokenSourceParts {
    TokenSourceParts {
        http: transport::http_client_for(app.endpoints(), "test/1").unwrap(),
        app,
        store: Arc::new(MemoryStore::default()),
        clock: Arc::new(clock.clone()),
        random: Arc::new(SeededRandom::new(1)),
        policy: Policy::default(),
        runtime: tokio::runtime::Handle::current(),
        tasks: TaskTracker::new(),
    }
}

pub(crate) fn user(name: &str) -> Subject {
    Subject::of(SessionName::parse(name).unwrap())
}

pub(crate) fn text(token: &Token) -> String {
    token.access_token().expose().to_owned()
}
