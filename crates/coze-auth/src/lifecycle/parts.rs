//! Dependencies of a [`TokenSource`], and how they are joined.

use super::failures::Failures;
use super::kept::KeptTokens;
use super::lease::Leasing;
use super::lost::LostLogins;
use super::policy::Policy;
use super::renewals::{Issuer, Renewals};
use super::single_flight::Flights;
use super::token_source::{TokenSource, Way};
use crate::app::App;
use crate::clock::Clock;
use crate::observer::Observer;
use crate::personal_access_token;
use crate::random::{Random, base64url};
use crate::store::TokenStore;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// 128 random bits tell the holders of leases apart.
const HOLDER_BYTES: usize = 16;

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
        Self::assemble(app, clock, way)
    }
}
