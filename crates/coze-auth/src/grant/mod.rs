//! The ways to ask for a token: each knows its proof and its body, none of them sends.
//!
//! One file per grant. What a person sees of a login (addresses, callbacks, codes) stands with its grant as well, because
//! the same RFC rules both.

pub(crate) mod authorization_code;
pub(crate) mod callback;
pub(crate) mod device_code;
pub(crate) mod jwt_bearer;
pub(crate) mod refresh_token;

use crate::observer::GrantKind;
use serde_json::Value;

/// A token request, ready to be sent by `token_endpoint`. A closed set: a new grant is a new variant.
#[derive(Debug)]
pub(crate) enum Grant<'a> {
    /// RFC 6749 section 4.1.3, with PKCE or a client secret.
    AuthorizationCode(authorization_code::Exchange<'a>),
    /// RFC 8628 section 3.4.
    DeviceCode(device_code::Poll<'a>),
    /// RFC 7523 section 2.1, in Coze's dialect (protocol 2.2).
    JwtBearer(jwt_bearer::Signed<'a>),
    /// RFC 6749 section 6.
    RefreshToken(refresh_token::Refresh<'a>),
}

impl Grant<'_> {
    /// Returns which grant it is, for an [`Observer`](crate::observer::Observer).
    pub(crate) fn kind(&self) -> GrantKind {
        match self {
            Self::AuthorizationCode(_) => GrantKind::AuthorizationCode,
            Self::DeviceCode(_) => GrantKind::DeviceCode,
            Self::JwtBearer(_) => GrantKind::JwtBearer,
            Self::RefreshToken(_) => GrantKind::RefreshToken,
        }
    }

    /// Returns what stands behind `Authorization: Bearer`: the assertion or the client secret. Coze wants neither in the
    /// body (protocol 2.2, 3.2).
    pub(crate) fn proof(&self) -> Option<&str> {
        match self {
            Self::AuthorizationCode(exchange) => exchange.client.proof(),
            Self::RefreshToken(refresh) => refresh.client.proof(),
            Self::DeviceCode(_) => None,
            Self::JwtBearer(signed) => Some(signed.assertion.expose()),
        }
    }

    /// Returns every secret in the request, so that none of them is quoted when the platform sends it back to us.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let in_body = match self {
            Self::AuthorizationCode(exchange) => exchange.secrets(),
            Self::DeviceCode(poll) => vec![poll.device_code.expose()],
            Self::JwtBearer(signed) => signed.assertion.expose().rsplit('.').take(1).collect(),
            Self::RefreshToken(refresh) => vec![refresh.refresh_token.expose()],
        };
        // The longest first: the proof may hold one of the others.
        self.proof().into_iter().chain(in_body).collect()
    }

    /// Returns what stands between `oauth2` and `token` in the endpoint's path (protocol 2.2). Logins of a workspace
    /// differ in the address where they begin only.
    pub(crate) fn tenant_segments(&self) -> Vec<&str> {
        match self {
            Self::JwtBearer(signed) => signed.app.tenant.segments(),
            Self::AuthorizationCode(_) | Self::DeviceCode(_) | Self::RefreshToken(_) => Vec::new(),
        }
    }

    /// Returns the JSON body. It is never form-encoded (protocol 2.2).
    pub(crate) fn body(&self) -> Value {
        match self {
            Self::AuthorizationCode(exchange) => exchange.body(),
            Self::DeviceCode(poll) => poll.body(),
            Self::JwtBearer(signed) => signed.body(),
            Self::RefreshToken(refresh) => refresh.body(),
        }
    }
}
