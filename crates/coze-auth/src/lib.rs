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
//! use coze_auth::{App, JwtApp, Region, SessionName, SigningKey, Subject, TokenSource};
//!
//! # async fn example(pem: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let (signing_key, _repairs) = SigningKey::parse(pem)?;
//! let app = JwtApp::new("1100000000001", "fingerprint shown by the console", signing_key, Region::China.endpoints());
//! let tokens = TokenSource::builder(App::Jwt(app)).build()?;
//!
//! let token = tokens.access_token(&Subject::of(SessionName::parse("user-42")?)).await?;
//! println!("{} ...", token.token_type()); // token.access_token().expose() is the secret itself
//! # Ok(())
//! # }
//! ```
//!
//! [`TokenSourceBuilder`] takes another store, HTTP client, runtime, clock or policy. The folder `examples` has programs for
//! a service app, both kinds of login and a store of one's own.
//!
//! # Map
//!
//! Each module uses only modules in its row or below.
//!
//! | module | owns |
//! |---|---|
//! | `lifecycle` | [`TokenSource`]: when a token is served, renewed, waited for; logins from beginning to end |
//! | `token_endpoint` | the only code that talks to Coze |
//! | `personal_access_token` | the fixed token of [`App::PersonalAccessToken`] |
//! | `grant` | one file per grant: parameters, proof, and the login as a person sees it |
//! | [`observer`](Observer) | notification of token requests |
//! | `error` | why there is no token |
//! | `store` | [`TokenStore`], the contract of stores, and [`MemoryStore`] |
//! | `app` | [`App`]: who asks, with which proof |
//! | `token`, `token_set`, `secret`, `pkce` | what comes back, without a way into a log |
//! | `private_key` | reading, repairing and using RSA keys |
//! | `subject`, `scope`, `session_name`, `region`, [`transport`] | parts of a request for a token |
//! | `clock`, [`random`] | time and randomness, injectable |
//! | `versioned_json`, `quote`, `box_error` | stored form of secrets; foreign text in errors |
//!
//! Feature `test-util` adds `ManualClock`, `SeededRandom` and `conformance`: what every [`TokenStore`] must show.

// The other crates of the workspace are not published: their doc comments may be left out where a name says it all.
#![warn(missing_docs)]

mod app;
mod box_error;
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
mod pkce;
mod private_key;
mod quote;
pub mod random;
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
mod versioned_json;

pub use app::{App, DeviceApp, JwtApp, PkceApp, Tenant, WebApp};
pub use box_error::BoxError;
#[cfg(feature = "test-util")]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock, UnixSeconds};
pub use error::{AnswerFlaw, AuthError, FailedSide, InvalidRedirectUri, LoginFailure, LoginLoss, Refusal, RefusalKind};
pub use grant::authorization_code::PendingLogin;
pub use grant::callback::Callback;
pub use grant::device_code::DeviceLogin;
pub use lifecycle::{
    BuildError, Decision, InvalidPolicy, LoginStatus, Policy, Schedule, TokenSource, TokenSourceBuilder,
};
pub use observer::{GrantKind, NoObserver, Observer, TokenRequested};
pub use pkce::ChallengeMethod;
pub use private_key::{KeyError, KeyRepair, SigningFailed, SigningKey};
#[cfg(feature = "test-util")]
pub use random::SeededRandom;
pub use random::{Random, SystemRandom};
pub use region::{Endpoints, Region};
pub use scope::Scope;
pub use secret::{
    AccessToken, Assertion, AuthorizationCode, ClientSecret, CodeVerifier, DeviceCode, InvalidToken, LoginState,
    RefreshToken, TokenKind,
};
pub use session_name::{InvalidSessionName, SessionName};
pub use store::{
    DueQuery, Lease, LeaseRequest, MemoryStore, Save, StoreError, StoreFuture, Stored, TokenKey, TokenStore, Version,
};
pub use subject::{SessionContext, Subject};
pub use token::Token;
pub use token_set::TokenSet;
pub use versioned_json::UnreadableBytes;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
