//! Errors of the OAuth family: `{"error_code","error_message","error"}` (protocol 4.1, 4.2).

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;

/// Why no token is given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// Names the parameter.
    #[error("invalid request: {0}")]
    InvalidRequest(&'static str),
    #[error("not supported grant type: {0}")]
    UnsupportedGrantType(String),
    /// Nothing that looks like a JWT came after `Bearer`.
    #[error("verify jwt empty error")]
    NoJwt,
    #[error("invalid jwt: kid not been registred")] // sic
    UnknownKey,
    /// The texts below are invented; those for signature, aud and expiry hold the words that a community tool looks for.
    #[error("invalid jwt: alg must be RS256")]
    Algorithm,
    #[error("invalid jwt: invalid signature")]
    Signature,
    #[error("invalid jwt: claims can not be read")]
    Claims,
    #[error("invalid jwt: invalid iss")]
    Issuer,
    #[error("invalid jwt: invalid aud")]
    Audience,
    #[error("invalid jwt: token is expired, check exp")]
    Expired,
    #[error("invalid jwt: exp must be after iat")]
    ExpiresBeforeIssued,
    #[error("invalid jwt: iat is in the future")]
    IssuedInTheFuture,
    #[error("invalid jwt: jti is empty")]
    NoJti,
    #[error("invalid jwt: jti has been used")]
    Reused,
    #[error("Service internal error.")]
    Internal,
}

impl Refusal {
    /// 401 and 400 were seen; 500 for the platform's own failure is invented (protocol 13, point 5).
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::UnsupportedGrantType(_) => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::NoJwt
            | Self::UnknownKey
            | Self::Algorithm
            | Self::Signature
            | Self::Claims
            | Self::Issuer
            | Self::Audience
            | Self::Expired
            | Self::ExpiresBeforeIssued
            | Self::IssuedInTheFuture
            | Self::NoJti
            | Self::Reused => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error_code: &'a str,
    error_message: String,
    error: &'a str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let body = Body {
            error_code: code,
            error_message: self.to_string(),
            error: code,
        };
        json(status, &body)
    }
}

/// Returns a JSON answer outside the API's envelope: the OAuth family has none.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(json) => (status, [(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
