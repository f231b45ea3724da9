//! [`Observer`]: notifies the host of requests to the token endpoint.

use crate::error::AuthError;
use std::fmt;
use std::time::Duration;

/// Receives every request to the platform's token endpoint, for counting or tracing.
///
/// Called on the background runtime when the request has ended; must return at once. Its argument holds no secret.
pub trait Observer: Send + Sync + fmt::Debug {
    /// A request for a token has ended.
    fn token_requested(&self, request: TokenRequested<'_>);
}

/// A finished request for a token.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TokenRequested<'a> {
    /// What it was asked for with.
    pub grant: GrantKind,
    /// Why there is no token; `None` when one came.
    pub error: Option<&'a AuthError>,
    /// How long it took.
    pub took: Duration,
}

/// The ways to ask for a token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum GrantKind {
    /// RFC 6749 section 4.1.3: a login with a browser.
    AuthorizationCode,
    /// RFC 8628 section 3.4: a login on another device.
    DeviceCode,
    /// RFC 7523 section 2.1: a service app.
    JwtBearer,
    /// RFC 6749 section 6: a login's next pair.
    RefreshToken,
}

/// Observer that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn token_requested(&self, _request: TokenRequested<'_>) {}
}
