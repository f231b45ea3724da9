//! Every problem that we answer: its name, its status, its number, its words.
//!
//! The numbers are chosen by what an SDK then *does*: 4100 with 401 makes the Chat SDK fetch a new token, so it stands only
//! where a new handle helps; everything else has numbers that no SDK acts upon.

use cozegate_config::text::{Language, text};
use http::{Method, StatusCode};

const COMMON_METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

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
    /// No method of HTTP that we know (RFC 9110 15.6.2).
    MethodUnknown,
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
    /// In public mode nobody says themselves whose history they want.
    SessionNameRefused,
    /// What is asked for is there for one person's own machine only.
    LocalModeOnly,
    /// A request of a browser extension without the secret of the userscript that we served.
    PairingNeeded,
    /// The visitor policy does not allow this operation to this caller.
    OperationNotAllowed,
    /// The operation does not take this query parameter from visitors.
    ParameterNotAllowed,
    /// The operation does not take this JSON member from visitors.
    MemberNotAllowed,
    /// A parameter or member has a value that visitors may not send.
    ValueNotAllowed,
    /// The bot, workflow or app is not one of the site's.
    BotNotAllowed,
    /// The request names another user than the one of its session.
    UserIdRefused,
    /// The page, the app or the handle belongs to another site.
    SiteMismatch,
    /// The site opens sessions for its own pages only, and the request names no `Origin`.
    OriginNeeded,
    /// Two servers could understand the request in two ways.
    RequestAmbiguous,
    /// The body is of a media type or content coding that the operation does not take.
    MediaTypeRefused,
    /// The conversation, chat, message or file is not one of this visitor's.
    ResourceUnknown,
    /// The platform's answer could not be filtered for a visitor.
    AnswerNotFiltered,
    /// The request body is larger than the route takes.
    BodyTooLarge,
    /// More requests than the caller, or its address, may send in a minute.
    RateLimited,
    /// More exchanges at the same time than the caller, or all callers together, may have.
    TooManyStreams,
    /// As much is held in memory for callers as may be.
    BufferFull,
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
    pub const ALL: [Self; 65] = [
        Self::HostNotAllowed,
        Self::OriginNotAllowed,
        Self::CrossSite,
        Self::CredentialMissing,
        Self::HandleUnknown,
        Self::CredentialNotAccepted,
        Self::NoSuchEndpoint,
        Self::PathRefused,
        Self::MethodNotAllowed,
        Self::MethodUnknown,
        Self::BadRequest,
        Self::WebSocketHandshake,
        Self::WebSocketVersion,
        Self::AppUnknown,
        Self::SessionNameInvalid,
        Self::SessionNameRefused,
        Self::LocalModeOnly,
        Self::PairingNeeded,
        Self::OperationNotAllowed,
        Self::ParameterNotAllowed,
        Self::MemberNotAllowed,
        Self::ValueNotAllowed,
        Self::BotNotAllowed,
        Self::UserIdRefused,
        Self::SiteMismatch,
        Self::OriginNeeded,
        Self::RequestAmbiguous,
        Self::MediaTypeRefused,
        Self::ResourceUnknown,
        Self::AnswerNotFiltered,
        Self::BodyTooLarge,
        Self::RateLimited,
        Self::TooManyStreams,
        Self::BufferFull,
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
            Self::MethodUnknown => "method-unknown",
            Self::BadRequest => "bad-request",
            Self::WebSocketHandshake => "websocket-handshake",
            Self::WebSocketVersion => "websocket-version",
            Self::AppUnknown => "app-unknown",
            Self::SessionNameInvalid => "session-name-invalid",
            Self::SessionNameRefused => "session-name-refused",
            Self::LocalModeOnly => "local-mode-only",
            Self::PairingNeeded => "pairing-needed",
            Self::OperationNotAllowed => "operation-not-allowed",
            Self::ParameterNotAllowed => "parameter-not-allowed",
            Self::MemberNotAllowed => "member-not-allowed",
            Self::ValueNotAllowed => "value-not-allowed",
            Self::BotNotAllowed => "bot-not-allowed",
            Self::UserIdRefused => "user-id-refused",
            Self::SiteMismatch => "site-mismatch",
            Self::OriginNeeded => "origin-needed",
            Self::RequestAmbiguous => "request-ambiguous",
            Self::MediaTypeRefused => "media-type-refused",
            Self::ResourceUnknown => "resource-unknown",
            Self::AnswerNotFiltered => "answer-not-filtered",
            Self::BodyTooLarge => "body-too-large",
            Self::RateLimited => "rate-limited",
            Self::TooManyStreams => "too-many-streams",
            Self::BufferFull => "buffer-full",
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
            | Self::SessionNameRefused
            | Self::LocalModeOnly
            | Self::PairingNeeded
            | Self::OperationNotAllowed
            | Self::ParameterNotAllowed
            | Self::MemberNotAllowed
            | Self::ValueNotAllowed
            | Self::BotNotAllowed
            | Self::UserIdRefused
            | Self::SiteMismatch
            | Self::OriginNeeded
            | Self::LoginNotBegunHere
            | Self::LoginDenied => StatusCode::FORBIDDEN,
            Self::CredentialMissing | Self::HandleUnknown | Self::CredentialNotAccepted => StatusCode::UNAUTHORIZED,
            Self::NoSuchEndpoint | Self::FileNotFound | Self::ResourceUnknown => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaTypeRefused => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::MethodUnknown => StatusCode::NOT_IMPLEMENTED,
            Self::PathRefused
            | Self::RequestAmbiguous
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
            | Self::AnswerNotFiltered
            | Self::FileNotServed
            | Self::FileTooLarge
            | Self::FileHostFailed
            | Self::FileHostUnreachable
            | Self::FileAddressRefused
            | Self::FileRedirectRefused => StatusCode::BAD_GATEWAY,
            Self::TooManyConnections
            | Self::BufferFull
            | Self::StoreUnavailable
            | Self::RenewalUnfinished
            | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// For a method that is not served: whether HTTP has it.
    pub fn of_method(method: &Method) -> Self {
        let is_known =
            [Method::TRACE, Method::CONNECT, Method::OPTIONS].contains(method) || COMMON_METHODS.contains(method);
        if is_known {
            Self::MethodNotAllowed
        } else {
            Self::MethodUnknown
        }
    }

    /// The number that the platform's SDKs read. 4100 asks the Chat SDK for a new token; 4000 is a parameter error to
    /// all of them; the others are ours (990 and the status) and make no SDK act. So a 429 is not 4013, which the platform's
    /// own table calls a model error and some programs repeat at once (protocol 4.5).
    pub fn code(self) -> u32 {
        // The platform's own number for a resource that the caller cannot see (protocol 4.5).
        if self == Self::ResourceUnknown {
            return 4200;
        }
        match self.status().as_u16() {
            401 => 4100,
            400 | 404 | 405 | 426 => 4000,
            status => 990_000 + u32::from(status),
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

#[cfg(test)]
mod tests {
    use super::*;
    use cozegate_config::text::has_text;
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
}
