//! The only place where something that went wrong becomes an HTTP answer.
//!
//! Answers are RFC 9457 problems (`application/problem+json`) with two members more: `code` and `msg`, because the
//! platform's SDKs look for exactly these (protocol 4.6). Which problems there are stands in [`kind`](ProblemKind); this file
//! makes them of errors, and answers of them.

mod kind;
mod limit;

pub use kind::ProblemKind;
pub use limit::Limit;
pub use limit::{RateLimitStatus, whole_seconds};

use bytes::Bytes;
use coze_auth::{AuthError, FailedSide, LoginFailure};
use cozegate_config::text::{Language, text};
use cozegate_store::BackendError;
use http::Response;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
    SEC_WEBSOCKET_VERSION, UPGRADE, X_CONTENT_TYPE_OPTIONS,
};
use serde::Serialize;
use std::time::Duration;

/// The longest `Retry-After` that we pass on: as long as a failure is remembered.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The problem that a response reports, for metrics and the access log: an extension of the response.
#[derive(Clone, Debug)]
pub struct ReportedProblem {
    /// Which problem.
    pub kind: ProblemKind,
    /// What the platform calls the request.
    pub log_id: Option<String>,
}

/// Something wrong with one request, on its way to becoming an answer.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Which one.
    pub kind: ProblemKind,
    /// What the platform calls the request in its own logs, where it answered at all.
    pub log_id: Option<String>,
    /// When it makes sense to try again.
    pub retry_after: Option<Duration>,
    /// Which limit was met, if it was one.
    pub limit: Option<Limit>,
    /// Remaining quota of the caller, if a rate limit was met.
    pub rate_limit: Option<Box<RateLimitStatus>>,
    /// Where a person logs in, if that is what is missing.
    pub login_url: Option<String>,
    /// What the visitor policy refused, if it did.
    pub denied: Option<Box<Denied>>,
    /// The inside of it, for our log only: never part of an answer.
    pub inside: Option<String>,
}

/// The part of a request that the visitor policy refuses, in the words of the answer's members.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Denied {
    /// The operation, by its name in `docs/reference/operations.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<&'static str>,
    /// The query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The JSON member, or the field of either place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_id: Option<String>,
    /// The key of the configuration that could let it pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self {
            kind,
            log_id: None,
            retry_after: None,
            limit: None,
            rate_limit: None,
            login_url: None,
            denied: None,
            inside: None,
        }
    }
}

impl Problem {
    /// Adds what only the log may hold.
    pub fn with_inside(kind: ProblemKind, inside: impl std::fmt::Display) -> Self {
        Self {
            inside: Some(inside.to_string()),
            ..kind.into()
        }
    }

    /// What a caller sees when something came to the end that this setting draws.
    pub fn at_limit(kind: ProblemKind, limit: Limit) -> Self {
        Self {
            limit: Some(limit),
            ..kind.into()
        }
    }

    /// What a caller sees who sends more than it may.
    pub fn rate_limited(status: RateLimitStatus) -> Self {
        Self {
            retry_after: Some(status.wait),
            limit: Some(status.limit),
            rate_limit: Some(Box::new(status)),
            ..ProblemKind::RateLimited.into()
        }
    }

    /// What a caller sees who has more exchanges open than it may; `soon` one may have ended.
    pub fn too_many_streams(limit: Limit, soon: Duration) -> Self {
        Self {
            retry_after: Some(soon),
            limit: Some(limit),
            ..ProblemKind::TooManyStreams.into()
        }
    }

    /// What a caller sees when no Coze token could be had.
    pub fn from_auth_error(error: &AuthError) -> Self {
        // A failure that is remembered for a while tells what happened first.
        let kind = match error.original() {
            AuthError::Refused(_) => ProblemKind::TokenRefused,
            AuthError::PersonalAccessTokenExpired { .. } => ProblemKind::PersonalTokenEnded,
            AuthError::LoginRequired { .. } => ProblemKind::LoginRequired,
            AuthError::LoginUnsupported => ProblemKind::LoginUnsupported,
            AuthError::LoginFailed(failure) => Self::of_login_failure(failure),
            AuthError::Store(_) => ProblemKind::StoreUnavailable,
            AuthError::RenewalUnfinished => ProblemKind::RenewalUnfinished,
            AuthError::Interrupted => ProblemKind::Stopping,
            // No fault of our code: one of the two clocks is wrong, and the log says by how much.
            AuthError::ExpiredOnArrival { .. } => ProblemKind::TokenEndpointUnreachable,
            _ if error.failed_side() == FailedSide::Upstream => ProblemKind::TokenEndpointUnreachable,
            _ => ProblemKind::Internal,
        };
        Self {
            log_id: error.log_id().map(str::to_owned),
            // The platform's wish may be absurd, and it is not asked earlier than after this in any case.
            retry_after: error.retry_after().map(|wait| wait.min(LONGEST_WAIT)),
            inside: Some(describe(error)),
            ..kind.into()
        }
    }

    fn of_login_failure(failure: &LoginFailure) -> ProblemKind {
        match failure {
            LoginFailure::Refused { .. } => ProblemKind::LoginDenied,
            LoginFailure::TooLate => ProblemKind::LoginTooLate,
            LoginFailure::RedirectUri(_) => ProblemKind::RedirectElsewhere,
            LoginFailure::NoState
            | LoginFailure::OtherState
            | LoginFailure::OtherApp
            | LoginFailure::OtherIssuer
            | LoginFailure::RepeatedParameter
            | LoginFailure::NoCode => ProblemKind::LoginNotBegunHere,
        }
    }

    /// Adds the address where a person logs in, if a login is what is missing.
    #[must_use]
    pub fn with_login_url(mut self, login_url: impl FnOnce() -> String) -> Self {
        if self.kind == ProblemKind::LoginRequired {
            self.login_url = Some(login_url());
        }
        self
    }

    /// What a caller sees when the store could not do its part.
    pub fn from_backend_error(error: &BackendError) -> Self {
        let is_away = error.is_away();
        let kind = if is_away {
            ProblemKind::StoreUnavailable
        } else {
            ProblemKind::Internal
        };
        Self {
            retry_after: is_away.then_some(Duration::from_secs(1)),
            inside: Some(describe(error)),
            ..kind.into()
        }
    }

    /// Why, and what to do next; with the setting, if a limit was met.
    pub fn detail(&self, language: Language) -> String {
        let detail = self.kind.detail(language);
        match self.limit {
            Some(limit) => {
                let args = [("detail", detail.as_str()), ("limit", limit.key())];
                text(language, "problem-with-limit", &args)
            }
            None => detail,
        }
    }

    /// Writes the fields that say when to come again.
    pub fn write_fields(&self, headers: &mut HeaderMap) {
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if let Some(status) = &self.rate_limit {
            status.write(headers);
        }
        if self.kind == ProblemKind::WebSocketVersion {
            // RFC 6455 4.4, RFC 9110 15.5.22: what is spoken here.
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        }
    }

    /// Writes the answer in `language` and the log line. `request` names method and path (no query) in the log.
    pub fn into_response<B: From<Bytes>>(self, language: Language, request: &str) -> Response<B> {
        self.log(request);
        let body = ProblemBody {
            r#type: format!("urn:cozegate:problem:{}", self.kind.name()),
            title: self.kind.title(language),
            status: self.kind.status().as_u16(),
            detail: self.detail(language),
            code: self.kind.code(),
            msg: self.kind.title(language),
            log_id: self.log_id.as_deref(),
            limit: self.limit.map(Limit::key),
            login_url: self.login_url.as_deref(),
            denied: self.denied.as_deref(),
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(B::from(Bytes::from(json)));
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        take_power(headers);
        self.write_fields(headers);
        self.mark(&mut response);
        response
    }

    /// Notes the problem on the response that reports it.
    pub fn mark<B>(&self, response: &mut Response<B>) {
        response.extensions_mut().insert(ReportedProblem {
            kind: self.kind,
            log_id: self.log_id.clone(),
        });
    }

    /// Writes the log line: once, where the problem becomes an answer.
    pub fn log(&self, request: &str) {
        let (problem, log_id, inside) = (self.kind.name(), self.log_id.as_deref(), self.inside.as_deref());
        let limit = self.limit.map(Limit::key);
        if self.kind.status().is_server_error() {
            tracing::warn!(problem, log_id, limit, inside, "{request} failed: {problem}");
        } else {
            tracing::info!(problem, limit, inside, "{request} refused: {problem}");
        }
    }
}

/// Header fields that keep a browser from running an answer of the gateway as a page.
pub fn take_power(headers: &mut HeaderMap) {
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// The error and its sources, once each, for the log.
pub fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    code: u32,
    msg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_url: Option<&'a str>,
    #[serde(flatten)]
    denied: Option<&'a Denied>,
}

/// The language in which the caller wants to read: that of an `Accept-Language` field, else English.
pub fn language_of(accept_language: Option<&HeaderValue>) -> Language {
    accept_language
        .and_then(|value| value.to_str().ok())
        .map_or(Language::English, Language::from_accept_language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_stays_out_of_the_answer() {
        let problem = Problem::with_inside(ProblemKind::Internal, "SELECT secret FROM /var/lib/x");

        let response: Response<Bytes> = problem.into_response(Language::English, "GET /x");

        let body = String::from_utf8(response.into_body().to_vec()).unwrap();
        assert!(!body.contains("SELECT") && !body.contains("/var"), "{body}");
        assert!(body.contains(r#""type":"urn:cozegate:problem:internal""#), "{body}");
    }
}
