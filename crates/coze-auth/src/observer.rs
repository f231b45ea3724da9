//! Who wants to hear what a source of tokens does: a trait, since a host brings its own way of counting.

use crate::error::AuthError;
use std::fmt;
use std::time::Duration;

/// Hears of every request to the platform's token endpoint.
///
/// Called on the background runtime, once the request has ended; to return at once. What it hears holds no secret.
pub trait Observer: Send + Sync + fmt::Debug {
    /// A request for a token has ended.
    fn token_requested(&self, request: TokenRequested<'_>);
}

/// A request for a token, as an [`Observer`] hears of it.
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

/// Hears and says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn token_requested(&self, _request: TokenRequested<'_>) {}
}
