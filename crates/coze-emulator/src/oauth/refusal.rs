//! Errors of the OAuth family: `{"error_code","error_message","error"}` (protocol 4.1, 4.2), and the device poll's own
//! form (protocol 3.4).

use crate::journal::OAuthStep;
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
    /// No app has this `client_id`. Invented.
    #[error("invalid client_id")]
    UnknownClient,
    /// A web app showed another secret than its own. Invented.
    #[error("invalid client_secret")]
    ClientSecret,
    /// The app may not use this flow.
    #[error("invalid app type")]
    AppType,
    /// Names the app.
    #[error("app: {0} is currently deactivated by the owner")]
    AppDisabled(&'static str),
    /// The person said no on the consent page. In the form of RFC 6749 section 4.1.2.1; the real one is unknown
    /// (protocol 3.1).
    #[error("the user denied the request")]
    Denied,
    /// The device has no token yet, or gets none.
    #[error("{}", .0.description())]
    Device(DeviceOutcome),
    #[error("Service internal error.")]
    Internal,
}

/// What a poll tells a device instead of a token (protocol 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceOutcome {
    Pending,
    SlowDown,
    Denied,
    Expired,
}

impl DeviceOutcome {
    fn code(self) -> &'static str {
        match self {
            Self::Pending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::Denied => "access_denied",
            Self::Expired => "expired_token",
        }
    }

    /// Only the first is in the documents.
    fn description(self) -> &'static str {
        match self {
            Self::Pending => "waiting for user",
            Self::SlowDown => "polling too often",
            Self::Denied => "the user denied the request",
            Self::Expired => "the device code has expired",
        }
    }
}

impl Refusal {
    /// Returns the error code.
    pub(super) fn code(&self) -> &'static str {
        self.status_and_code().1
    }

    /// Tells the journal.
    pub(super) fn tell(&self, step: &mut OAuthStep) {
        self.code().clone_into(&mut step.outcome);
        step.error_message = Some(self.to_string());
    }

    /// 401 was seen for `invalid_client` and 400 for `invalid_request`; the others are invented after RFC 6749 section
    /// 5.2 (protocol 13, point 5).
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
            | Self::Reused
            | Self::UnknownClient
            | Self::ClientSecret => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::AppType | Self::AppDisabled(_) => (StatusCode::BAD_REQUEST, "access_deny"),
            Self::Denied => (StatusCode::BAD_REQUEST, "access_denied"),
            Self::Device(outcome) => (StatusCode::BAD_REQUEST, outcome.code()),
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

/// Clients disagree about which of the two spellings they read, so both are there (protocol 3.4).
#[derive(Serialize)]
struct DeviceBody<'a> {
    error: &'a str,
    error_code: &'a str,
    error_message: &'a str,
    error_description: &'a str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        if let Self::Device(outcome) = self {
            let body = DeviceBody {
                error: code,
                error_code: code,
                error_message: "",
                error_description: outcome.description(),
            };
            return json(status, &body);
        }
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
