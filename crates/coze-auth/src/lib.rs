//! Gets access tokens for the Coze platform and keeps them valid.
//!
//! # Vocabulary
//!
//! * **app**: who asks Coze for tokens, with its proof ([`App`]): a service app with a key pair, an app in which people log
//!   in (web, PKCE, device), or a fixed personal access token.
//! * **login**: what a person began and an app renews ([`TokenSource::begin_login`], [`TokenSource::begin_device_login`]).
//!   Its refresh token works once.
//! * **subject**: whose token it is ([`Subject`]): a user named by a [`SessionName`], with a life and a [`Scope`].
//! * **assertion**: a JWT that the app signs and Coze changes for one token ([`Assertion`]).
//! * **renewal**: getting the next token before the last one ends. Once per subject, however many wait.
//! * **store**: where tokens rest between two processes ([`TokenStore`]).
//! * **lease**: the right of one process to renew a login ([`Lease`]).
//!
//! # Example
//!
//! ```no_run
//! use coze_auth::{App, JwtApp, MemoryStore, NoObserver, Policy, Region, SessionName, SigningKey, Subject, SystemClock, SystemRandom,
//!     Tenant, TokenSource, TokenSourceParts, transport};
//! use std::sync::Arc;
//!
//! # async fn example(pem: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let (signing_key, _repairs) = SigningKey::parse(pem)?;
//! let tokens = TokenSource::new(TokenSourceParts {
//!     app: App::Jwt(JwtApp {
//!         client_id: "1100000000001".to_owned(),
//!         public_key_id: "the fingerprint that the console shows".to_owned(),
//!         signing_key,
//!         endpoints: Region::China.endpoints(),
//!         duration_seconds: JwtApp::DEFAULT_DURATION_SECONDS,
//!         scope: None,
//!         session_context: None,
//!         tenant: Tenant::Own,
//!     }),
//!     http: transport::http_client_for(&Region::China.endpoints(), "example/1.0")?,
//!     store: Arc::new(MemoryStore::default()),
//!     clock: Arc::new(SystemClock),
//!     random: Arc::new(SystemRandom),
//!     policy: Policy::default(),
//!     runtime: tokio::runtime::Handle::current(),
//!     tasks: Default::default(),
//!     observer: Arc::new(NoObserver),
//! });
//! let token = tokens.access_token(&Subject::of(SessionName::parse("user-42")?)).await?;
//! println!("{} ...", token.token_type()); // token.access_token().expose() is the secret itself
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! | module | owns |
//! |---|---|
//! | `lifecycle` | [`TokenSource`]: when a token is served, renewed, waited for; logins from beginning to end |
//! | `token_endpoint` | the only code that talks to Coze |
//! | `grant` | one file per grant: what is asked for, with which proof, what a person sees of it |
//! | `app`, `subject`, `scope`, `session_name`, `region` | what a request for a token consists of |
//! | `private_key` | reading, repairing and using RSA keys |
//! | `token`, `token_set`, `secret` | what comes back, without a way into a log |
//! | `error`, `refusal` | why nothing came back |
//! | `store`, `clock`, `observer`, [`random`], [`transport`] | what is handed in |
//!
//! Feature `test-util` adds `ManualClock`, `SeededRandom` and `conformance`: what every [`TokenStore`] must show.

mod app;
mod clock;
#[cfg(feature = "test-util")]
pub mod conformance;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod grant;
mod lifecycle;
mod observer;
mod personal_access_token;
mod private_key;
pub mod random;
mod refusal;
mod region;
mod scope;
mod secret;
mod session_name;
mod store;
mod subject;
mod token;
mod token_endpoint;
mod token_set;
pub mod transport;

pub use app::{App, DeviceApp, JwtApp, PkceApp, Tenant, WebApp};
#[cfg(feature = "test-util")]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock, UnixSeconds};
pub use error::{AnswerFlaw, AuthError, BoxError, FailedSide, InvalidToken, LoginLoss};
pub use grant::authorization_code::{InvalidRedirectUri, PendingLogin};
pub use grant::callback::{Callback, LoginFailure};
pub use grant::device_code::DeviceLogin;
pub use grant::pkce::ChallengeMethod;
pub use lifecycle::{Decision, LoginStatus, Policy, Schedule, TokenSource, TokenSourceParts};
pub use observer::{GrantKind, NoObserver, Observer, TokenRequested};
pub use private_key::{KeyError, KeyRepair, SigningFailed, SigningKey};
#[cfg(feature = "test-util")]
pub use random::SeededRandom;
pub use random::{Random, SystemRandom};
pub use refusal::{Refusal, RefusalKind};
pub use region::{Endpoints, Region};
pub use scope::Scope;
pub use secret::{
    AccessToken, Assertion, AuthorizationCode, ClientSecret, CodeVerifier, DeviceCode, LoginState, RefreshToken,
    TokenKind,
};
pub use session_name::{InvalidSessionName, SessionName};
pub use store::{
    DueQuery, Lease, LeaseRequest, MemoryStore, Save, StoreError, StoreFuture, Stored, TokenKey, TokenStore,
    UnreadableBytes, Version,
};
pub use subject::{SessionContext, Subject};
pub use token::Token;
pub use token_set::TokenSet;
