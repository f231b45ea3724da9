//! The only place where something that went wrong becomes an HTTP answer.
//!
//! Answers are RFC 9457 problems (`application/problem+json`) with two members more: `code` and `msg`, because the
//! platform's SDKs look for exactly these (protocol 4.6). The numbers are chosen by what an SDK then *does*: 4100 with
//! 401 makes the Chat SDK fetch a new token, so it stands only where a new handle helps; everything else has numbers
//! that no SDK acts upon.

use crate::apps::ServingApp;
use crate::limits::{Limit, Standing, whole_seconds};
use crate::state::Shared;
use crate::text::{Language, text};
use bytes::Bytes;
use coze_auth::{AuthError, FailedSide, LoginFailure};
use cozegate_store::BackendError;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Response, StatusCode};
use serde::Serialize;
use std::time::Duration;

/// The longest `Retry-After` that we pass on: as long as a failure is remembered.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Everything that we answer ourselves because something is wrong. One kind, one documented problem
/// (`docs/reference/problems.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// `Host` is not one of ours: a rebound DNS name, a wrong port, or a name that is not configured.
    HostNotAllowed,
    /// The page's `Origin` is not on the list.
    OriginNotAllowed,
    /// Another site caused the request without naming its origin.
    CrossSite,
    /// The request needs a handle and has none.
    CredentialMissing,
    /// The handle is unknown, revoked or expired; a new one helps.
    HandleUnknown,
    /// The credential is none that this gateway accepts.
    CredentialNotAccepted,
    /// Nothing is served under this path.
    NoSuchEndpoint,
    /// The path climbs out of its place (dot segments, backslashes, control characters).
    PathRefused,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The request's body or parameters do not fit.
    BadRequest,
    /// An opening handshake of a WebSocket that breaks the rules.
    WebSocketHandshake,
    /// A WebSocket of another version than 13, the only one there is.
    WebSocketVersion,
    /// The configuration has no app of this name.
    AppUnknown,
    /// A `session_name` that cannot be one.
    SessionNameInvalid,
    /// The request body is larger than the route takes.
    BodyTooLarge,
    /// More requests than the caller, or its address, may send in a minute.
    RateLimited,
    /// More exchanges at the same time than the caller, or all callers together, may have.
    TooManyStreams,
    /// A request body that stood still for the idle time.
    BodyOverdue,
    /// The request's head cannot be read, or could be read in two ways.
    HeadRefused,
    /// The request's head is too long, or has too many fields.
    HeadTooLarge,
    /// The request's head did not come to an end in time.
    HeadOverdue,
    /// As many connections are open as there may be, and all are busy.
    TooManyConnections,
    /// The platform refused to issue a token for our app: a person has to mend the app or the configuration.
    TokenRefused,
    /// The platform refuses the token that it has issued, and a new one too.
    CredentialRefused,
    /// Nobody is logged in to the app: a person has to.
    LoginRequired,
    /// Nobody logs in to apps of this kind.
    LoginUnsupported,
    /// The answer to a login that was not begun here, or not in this browser, or was given before.
    LoginNotBegunHere,
    /// The person said no, or the platform did.
    LoginDenied,
    /// The login was not finished in time.
    LoginTooLate,
    /// The app's `redirect_uri` does not lead to this service.
    RedirectElsewhere,
    /// The configured personal access token has ended: a person has to make a new one.
    PersonalTokenEnded,
    /// The token endpoint could not be reached or did not answer sensibly.
    TokenEndpointUnreachable,
    /// The platform's API could not be reached.
    UpstreamUnreachable,
    /// The platform's API did not answer in time.
    UpstreamTimedOut,
    /// The connection to the platform broke before an answer came.
    UpstreamBroken,
    /// The URL in the path is none that we fetch.
    TargetRefused,
    /// The host of a file has none under this address.
    FileNotFound,
    /// The host answered with something that is no file for pages: HTML, for example.
    FileNotServed,
    /// The file is larger than the configuration allows.
    FileTooLarge,
    /// The host of a file failed, or its answer broke off.
    FileHostFailed,
    /// The host of a file could not be reached.
    FileHostUnreachable,
    /// The host of a file took too long.
    FileHostTimedOut,
    /// The host of a file has no public address, and is not listed as a private one.
    FileAddressRefused,
    /// The host of a file redirects to where we do not go.
    FileRedirectRefused,
    /// Our store does not answer, and what was asked for is not in memory.
    StoreUnavailable,
    /// The token is still being renewed, by us or by another instance.
    RenewalUnfinished,
    /// We are shutting down.
    Stopping,
    /// A fault of ours.
    Internal,
}

impl ProblemKind {
    /// All kinds, for the documentation and the tests.
    pub const ALL: [Self; 48] = [
        Self::HostNotAllowed,
        Self::OriginNotAllowed,
        Self::CrossSite,
        Self::CredentialMissing,
        Self::HandleUnknown,
        Self::CredentialNotAccepted,
        Self::NoSuchEndpoint,
        Self::PathRefused,
        Self::MethodNotAllowed,
        Self::BadRequest,
        Self::WebSocketHandshake,
        Self::WebSocketVersion,
        Self::AppUnknown,
        Self::SessionNameInvalid,
        Self::BodyTooLarge,
        Self::RateLimited,
        Self::TooManyStreams,
        Self::BodyOverdue,
        Self::HeadRefused,
        Self::HeadTooLarge,
        Self::HeadOverdue,
        Self::TooManyConnections,
        Self::TokenRefused,
        Self::CredentialRefused,
        Self::LoginRequired,
        Self::LoginUnsupported,
        Self::LoginNotBegunHere,
        Self::LoginDenied,
        Self::LoginTooLate,
        Self::RedirectElsewhere,
        Self::PersonalTokenEnded,
        Self::TokenEndpointUnreachable,
        Self::UpstreamUnreachable,
        Self::UpstreamTimedOut,
        Self::UpstreamBroken,
        Self::TargetRefused,
        Self::FileNotFound,
        Self::FileNotServed,
        Self::FileTooLarge,
        Self::FileHostFailed,
        Self::FileHostUnreachable,
        Self::FileHostTimedOut,
        Self::FileAddressRefused,
        Self::FileRedirectRefused,
        Self::StoreUnavailable,
        Self::RenewalUnfinished,
        Self::Stopping,
        Self::Internal,
    ];

    /// The stable name, used in `type`, in the logs and as the anchor in the documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HostNotAllowed => "host-not-allowed",
            Self::OriginNotAllowed => "origin-not-allowed",
            Self::CrossSite => "cross-site",
            Self::CredentialMissing => "credential-missing",
            Self::HandleUnknown => "handle-unknown",
            Self::CredentialNotAccepted => "credential-not-accepted",
            Self::NoSuchEndpoint => "no-such-endpoint",
            Self::PathRefused => "path-refused",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::BadRequest => "bad-request",
            Self::WebSocketHandshake => "websocket-handshake",
            Self::WebSocketVersion => "websocket-version",
            Self::AppUnknown => "app-unknown",
            Self::SessionNameInvalid => "session-name-invalid",
            Self::BodyTooLarge => "body-too-large",
            Self::RateLimited => "rate-limited",
            Self::TooManyStreams => "too-many-streams",
            Self::BodyOverdue => "body-overdue",
            Self::HeadRefused => "head-refused",
            Self::HeadTooLarge => "head-too-large",
            Self::HeadOverdue => "head-overdue",
            Self::TooManyConnections => "too-many-connections",
            Self::TokenRefused => "token-refused",
            Self::CredentialRefused => "credential-refused",
            Self::LoginRequired => "login-required",
            Self::LoginUnsupported => "login-unsupported",
            Self::LoginNotBegunHere => "login-not-begun-here",
            Self::LoginDenied => "login-denied",
            Self::LoginTooLate => "login-too-late",
            Self::RedirectElsewhere => "redirect-elsewhere",
            Self::PersonalTokenEnded => "personal-token-ended",
            Self::TokenEndpointUnreachable => "token-endpoint-unreachable",
            Self::UpstreamUnreachable => "upstream-unreachable",
            Self::UpstreamTimedOut => "upstream-timed-out",
            Self::UpstreamBroken => "upstream-broken",
            Self::TargetRefused => "target-refused",
            Self::FileNotFound => "file-not-found",
            Self::FileNotServed => "file-not-served",
            Self::FileTooLarge => "file-too-large",
            Self::FileHostFailed => "file-host-failed",
            Self::FileHostUnreachable => "file-host-unreachable",
            Self::FileHostTimedOut => "file-host-timed-out",
            Self::FileAddressRefused => "file-address-refused",
            Self::FileRedirectRefused => "file-redirect-refused",
            Self::StoreUnavailable => "store-unavailable",
            Self::RenewalUnfinished => "renewal-unfinished",
            Self::Stopping => "stopping",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::HostNotAllowed
            | Self::OriginNotAllowed
            | Self::CrossSite
            | Self::TargetRefused
            | Self::LoginNotBegunHere
            | Self::LoginDenied => StatusCode::FORBIDDEN,
            Self::CredentialMissing | Self::HandleUnknown | Self::CredentialNotAccepted => StatusCode::UNAUTHORIZED,
            Self::NoSuchEndpoint | Self::FileNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PathRefused
            | Self::BadRequest
            | Self::HeadRefused
            | Self::WebSocketHandshake
            | Self::AppUnknown
            | Self::SessionNameInvalid
            | Self::LoginUnsupported
            | Self::LoginTooLate
            | Self::RedirectElsewhere => StatusCode::BAD_REQUEST,
            Self::WebSocketVersion => StatusCode::UPGRADE_REQUIRED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited | Self::TooManyStreams => StatusCode::TOO_MANY_REQUESTS,
            Self::BodyOverdue | Self::HeadOverdue => StatusCode::REQUEST_TIMEOUT,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UpstreamTimedOut | Self::FileHostTimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::TokenRefused
            | Self::CredentialRefused
            | Self::LoginRequired
            | Self::PersonalTokenEnded
            | Self::TokenEndpointUnreachable
            | Self::UpstreamUnreachable
            | Self::UpstreamBroken
            | Self::FileNotServed
            | Self::FileTooLarge
            | Self::FileHostFailed
            | Self::FileHostUnreachable
            | Self::FileAddressRefused
            | Self::FileRedirectRefused => StatusCode::BAD_GATEWAY,
            Self::TooManyConnections | Self::StoreUnavailable | Self::RenewalUnfinished | Self::Stopping => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The number that the platform's SDKs read. 4100 asks the Chat SDK for a new token; 4000 is a parameter error to
    /// all of them; the others are ours (990 and the status) and make no SDK act.
    pub const fn code(self) -> u32 {
        match self {
            Self::CredentialMissing | Self::HandleUnknown | Self::CredentialNotAccepted => 4100,
            Self::NoSuchEndpoint
            | Self::FileNotFound
            | Self::PathRefused
            | Self::MethodNotAllowed
            | Self::BadRequest
            | Self::HeadRefused
            | Self::WebSocketHandshake
            | Self::WebSocketVersion
            | Self::AppUnknown
            | Self::SessionNameInvalid
            | Self::LoginUnsupported
            | Self::LoginTooLate
            | Self::RedirectElsewhere => 4000,
            Self::HostNotAllowed
            | Self::OriginNotAllowed
            | Self::CrossSite
            | Self::TargetRefused
            | Self::LoginNotBegunHere
            | Self::LoginDenied => 990_403,
            Self::BodyTooLarge => 990_413,
            // Not 4013, which the platform's own table calls a model error and some programs repeat at once (protocol 4.5).
            Self::RateLimited | Self::TooManyStreams => 990_429,
            Self::BodyOverdue | Self::HeadOverdue => 990_408,
            Self::HeadTooLarge => 990_431,
            Self::TokenRefused
            | Self::CredentialRefused
            | Self::LoginRequired
            | Self::PersonalTokenEnded
            | Self::TokenEndpointUnreachable
            | Self::UpstreamUnreachable
            | Self::UpstreamBroken
            | Self::FileNotServed
            | Self::FileTooLarge
            | Self::FileHostFailed
            | Self::FileHostUnreachable
            | Self::FileAddressRefused
            | Self::FileRedirectRefused => 990_502,
            Self::UpstreamTimedOut | Self::FileHostTimedOut => 990_504,
            Self::TooManyConnections | Self::StoreUnavailable | Self::RenewalUnfinished | Self::Stopping => 990_503,
            Self::Internal => 990_500,
        }
    }

    /// One short line: what happened.
    pub fn title(self, language: Language) -> String {
        text(language, &format!("problem-{}-title", self.name()), &[])
    }

    /// Why, and what to do next.
    pub fn detail(self, language: Language) -> String {
        text(language, &format!("problem-{}-detail", self.name()), &[])
    }
}

/// What an answer tells of, for whoever counts and logs answers: an extension of the response.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Which problem.
    pub(crate) kind: ProblemKind,
    /// What the platform calls the request.
    pub(crate) log_id: Option<String>,
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
    /// How the caller stands with a rate.
    pub(crate) standing: Option<Box<Standing>>,
    /// Where a person logs in, if that is what is missing.
    pub login_url: Option<String>,
    /// The inside of it, for our log only: never part of an answer.
    pub inside: Option<String>,
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self {
            kind,
            log_id: None,
            retry_after: None,
            limit: None,
            standing: None,
            login_url: None,
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
    pub(crate) fn at_limit(kind: ProblemKind, limit: Limit) -> Self {
        Self {
            limit: Some(limit),
            ..kind.into()
        }
    }

    /// What a caller sees who sends more than it may.
    pub(crate) fn rate_limited(standing: Standing) -> Self {
        Self {
            retry_after: Some(standing.wait()),
            limit: Some(standing.limit()),
            standing: Some(Box::new(standing)),
            ..ProblemKind::RateLimited.into()
        }
    }

    /// What a caller sees who has more exchanges open than it may; `soon` one may have ended.
    pub(crate) fn too_many_streams(limit: Limit, soon: Duration) -> Self {
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

    /// Adds where a person logs in to `app`, if that is what is missing.
    pub(crate) fn at_login_of(mut self, app: &ServingApp, shared: &Shared) -> Self {
        if self.kind == ProblemKind::LoginRequired {
            self.login_url = Some(format!(
                "{}://{}/login?app={}",
                shared.scheme, shared.auth_addr, app.name
            ));
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
    pub(crate) fn write_fields(&self, headers: &mut HeaderMap) {
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if let Some(standing) = &self.standing {
            standing.write(headers);
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
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(B::from(Bytes::from(json)));
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.write_fields(headers);
        self.mark(&mut response);
        response
    }

    /// Notes on an answer what it tells of.
    pub(crate) fn mark<B>(&self, response: &mut Response<B>) {
        response.extensions_mut().insert(Told {
            kind: self.kind,
            log_id: self.log_id.clone(),
        });
    }

    /// Writes the log line: once, where the problem becomes an answer.
    pub(crate) fn log(&self, request: &str) {
        let (problem, log_id, inside) = (self.kind.name(), self.log_id.as_deref(), self.inside.as_deref());
        let limit = self.limit.map(Limit::key);
        if self.kind.status().is_server_error() {
            tracing::warn!(problem, log_id, limit, inside, "{request} failed: {problem}");
        } else {
            tracing::info!(problem, limit, inside, "{request} refused: {problem}");
        }
    }
}

/// The error and its sources, once each.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
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
    use crate::text::has_text;
    use std::collections::HashSet;

    #[test]
    fn every_problem_has_a_name_of_its_own_and_its_texts() {
        let names: HashSet<_> = ProblemKind::ALL.iter().map(|kind| kind.name()).collect();

        assert_eq!(names.len(), ProblemKind::ALL.len());
        for name in names {
            assert!(has_text(&format!("problem-{name}-title")), "problem-{name}-title");
            assert!(has_text(&format!("problem-{name}-detail")), "problem-{name}-detail");
        }
    }

    #[test]
    fn only_what_a_new_handle_mends_looks_like_a_dead_token_to_the_sdks() {
        // chat-sdk.md 3.6: these make the Chat SDK call onRefreshToken.
        let refreshing = |kind: &ProblemKind| {
            kind.status() == StatusCode::UNAUTHORIZED || [401, 4100, 4101, 700_012_006].contains(&kind.code())
        };

        let found: Vec<_> = ProblemKind::ALL.into_iter().filter(refreshing).collect();

        let wanted = vec![
            ProblemKind::CredentialMissing,
            ProblemKind::HandleUnknown,
            ProblemKind::CredentialNotAccepted,
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_inside_stays_out_of_the_answer() {
        let problem = Problem::with_inside(ProblemKind::Internal, "SELECT secret FROM /var/lib/x");

        let response: Response<Bytes> = problem.into_response(Language::English, "GET /x");

        let body = String::from_utf8(response.into_body().to_vec()).unwrap();
        assert!(!body.contains("SELECT") && !body.contains("/var"), "{body}");
        assert!(body.contains(r#""type":"urn:cozegate:problem:internal""#), "{body}");
    }
}
