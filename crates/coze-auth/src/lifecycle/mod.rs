//! Keeps tokens valid: the one door through which everybody gets a token.
//!
//! `policy` decides, `kept` holds what is served, `renewal` gets the next one, through `mint` for service apps and through
//! `rotation` for logins. `single_flight` makes it happen once in this process, `lease` once among all of them; `failures`
//! and `lost` keep it from happening too often. `login` begins and ends logins, `keep_alive` renews those that rest.

mod failures;
mod keep_alive;
mod kept;
mod lease;
mod login;
mod lost;
mod mint;
mod policy;
mod renewal;
mod rotation;
mod single_flight;

pub use login::LoginStatus;
pub use policy::{Decision, Policy, Schedule};

use crate::app::{App, LoginClient};
use crate::clock::Clock;
use crate::error::AuthError;
use crate::observer::Observer;
use crate::personal_access_token;
use crate::random::{Random, base64url};
use crate::store::{TokenKey, TokenStore};
use crate::subject::Subject;
use crate::token::Token;
use failures::Failures;
use kept::KeptTokens;
use lease::Leasing;
use lost::LostLogins;
use renewal::{Issuer, Renewals};
use single_flight::Flights;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// 128 random bits tell the holders of leases apart.
const HOLDER_BYTES: usize = 16;

/// Gives out valid tokens of one app. Clones share everything.
#[derive(Clone, Debug)]
pub struct TokenSource(Arc<Inner>);

/// What a [`TokenSource`] is made of.
#[derive(Debug)]
pub struct TokenSourceParts {
    /// Who asks for tokens.
    pub app: App,
    /// How the platform is reached, see [`transport`](crate::transport).
    pub http: reqwest::Client,
    /// Where tokens rest beyond this process.
    pub store: Arc<dyn TokenStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where `jti` and jitter come from.
    pub random: Arc<dyn Random>,
    /// When to renew.
    pub policy: Policy,
    /// Where renewals run; signing blocks it for 0.3 ms at a time. Needs I/O and time.
    pub runtime: tokio::runtime::Handle,
    /// What shutdown waits for.
    pub tasks: TaskTracker,
    /// Who hears of requests for tokens.
    pub observer: Arc<dyn Observer>,
}

#[derive(Debug)]
struct Inner {
    app: App,
    clock: Arc<dyn Clock>,
    way: Way,
}

/// How an app comes by its tokens.
#[derive(Debug)]
enum Way {
    Fixed(Token),
    Renewed(Arc<Renewals>),
}

impl TokenSource {
    /// Makes a source. Nothing happens until somebody asks for a token.
    pub fn new(parts: TokenSourceParts) -> Self {
        let TokenSourceParts {
            app,
            http,
            store,
            clock,
            random,
            policy,
            runtime,
            tasks,
            observer,
        } = parts;
        let renewed = |issuer| {
            let exchanges = policy.concurrent_exchanges.clamp(1, Semaphore::MAX_PERMITS);
            let leasing = Leasing {
                holder: base64url(random.as_ref(), HOLDER_BYTES),
                time: policy.lease_time,
            };
            Way::Renewed(Arc::new(Renewals {
                issuer,
                http,
                store,
                clock: Arc::clone(&clock),
                random,
                policy,
                runtime,
                tasks,
                observer,
                kept: KeptTokens::new(),
                failures: Failures::default(),
                flights: Arc::new(Flights::new()),
                exchanges: Semaphore::new(exchanges),
                leasing,
                lost: LostLogins::default(),
            }))
        };
        let way = match &app {
            App::PersonalAccessToken { token, expires_at, .. } => {
                Way::Fixed(personal_access_token::fixed(token, *expires_at, clock.now()))
            }
            App::Jwt(app) => renewed(Issuer::Jwt(app.clone())),
            App::Web(app) => renewed(Issuer::Login(app.into())),
            App::Pkce(app) => renewed(Issuer::Login(app.into())),
            App::Device(app) => renewed(Issuer::Login(app.into())),
        };
        Self(Arc::new(Inner { app, clock, way }))
    }

    /// Returns the name under which the store keeps a subject's token; `None` for a fixed token, which no store keeps.
    pub fn token_key(&self, subject: &Subject) -> Option<TokenKey> {
        match &self.0.way {
            Way::Fixed(_) => None,
            Way::Renewed(renewals) => Some(renewals.key(subject)),
        }
    }

    /// Returns who renews logins; `None` for apps without them.
    fn logins(&self) -> Option<(Arc<Renewals>, LoginClient)> {
        match &self.0.way {
            Way::Fixed(_) => None,
            Way::Renewed(renewals) => match &renewals.issuer {
                Issuer::Jwt(_) => None,
                Issuer::Login(client) => Some((Arc::clone(renewals), client.clone())),
            },
        }
    }

    /// Returns the app whose tokens these are.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// Returns a token if there is one to be had without waiting; for hot paths.
    ///
    /// Does no I/O and takes no lock. When the token is due for renewal, one caller starts that behind.
    pub fn ready_token(&self, subject: &Subject) -> Option<Token> {
        match &self.0.way {
            Way::Fixed(token) => personal_access_token::check(token, self.0.clock.now()).ok(),
            Way::Renewed(renewals) => renewals.ready_token(subject),
        }
    }

    /// Returns a valid token, after waiting for a renewal if there is none.
    ///
    /// However many ask for the same subject, one request goes to the platform; it finishes and its token is kept even if
    /// all of them leave. After a failure the same error is given for a while without asking the platform again
    /// ([`AuthError::RecentFailure`]).
    pub async fn access_token(&self, subject: &Subject) -> Result<Token, AuthError> {
        match &self.0.way {
            Way::Fixed(token) => personal_access_token::check(token, self.0.clock.now()),
            Way::Renewed(renewals) => match renewals.ready_token(subject) {
                Some(token) => Ok(token),
                None => renewals.renewed_token(subject).await,
            },
        }
    }

    /// Takes note that the platform refused this very token: the next call renews it.
    ///
    /// Without effect when a newer token is there already, for a fixed token, and for a while when tokens are refused
    /// one after the other.
    pub fn refused(&self, subject: &Subject, token: &Token) {
        match &self.0.way {
            Way::Fixed(_) => {}
            Way::Renewed(renewals) => renewals.refuse(subject, token),
        }
    }
}
