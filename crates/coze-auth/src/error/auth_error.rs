//! [`AuthError`]: the reason why there is no token, with three questions that each variant answers.
//!
//! The texts name what was tried, in English and without any secret; sources say what happened below. People's texts,
//! HTTP shapes and exit codes are made at the rim. Errors are cheap clones, because one renewal may fail for many
//! waiters.

use super::answer_flaw::AnswerFlaw;
use super::failed_side::FailedSide;
use super::login::{LoginFailure, LoginLoss};
use super::refusal::Refusal;
use crate::box_error::BoxError;
use crate::clock::UnixSeconds;
use crate::private_key::SigningFailed;
use crate::store::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait after trouble on the way to the platform that did not say so itself.
const USUAL_PAUSE: Duration = Duration::from_secs(1);

/// Why a token could not be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthError {
    /// The platform answered, and said no.
    #[error("Coze refused to issue a token")]
    Refused(#[source] Box<Refusal>),
    /// No connection to the platform.
    #[error("could not reach the token endpoint at {host}")]
    Unreachable {
        /// Host and port that were tried.
        host: String,
        /// What happened below.
        #[source]
        source: Arc<BoxError>,
    },
    /// The platform did not answer in time.
    #[error("the token endpoint at {host} did not answer in time")]
    TimedOut {
        /// Host and port that were tried.
        host: String,
    },
    /// The platform, or a proxy before it, is overloaded or down.
    #[error("the token endpoint at {host} cannot answer now (HTTP {status})")]
    Unavailable {
        /// Host and port that were tried.
        host: String,
        /// The HTTP status: 429 or 5xx.
        status: u16,
        /// When to come back, if the answer said so.
        retry_after: Option<Duration>,
        /// The platform's name for the request.
        log_id: Option<String>,
    },
    /// Something that is not the platform's API answered: a page of the console, a captive portal, another service.
    #[error(
        "what answered at {host} is not the Coze API (HTTP {status}, {})",
        content_type.as_deref().unwrap_or("no content type")
    )]
    NotTheApi {
        /// Host and port that were tried.
        host: String,
        /// The HTTP status.
        status: u16,
        /// The media type of the answer.
        content_type: Option<String>,
        /// The platform's name for the request.
        log_id: Option<String>,
    },
    /// The answer looks like the platform's, but cannot be used.
    #[error("the token endpoint at {host} gave an answer that cannot be used: {flaw}")]
    MalformedAnswer {
        /// Host and port that were tried.
        host: String,
        /// What is wrong with it.
        flaw: AnswerFlaw,
        /// The platform's name for the request.
        log_id: Option<String>,
    },
    /// The new token has already ended by our clock, so one of the two clocks is wrong.
    #[error("the new token ended at {expires_at}, but it is {now} here: one of the clocks is wrong")]
    ExpiredOnArrival {
        /// The end that the platform stated.
        expires_at: UnixSeconds,
        /// The time by our clock.
        now: UnixSeconds,
        /// The platform's name for the request.
        log_id: Option<String>,
    },
    /// The private key could not be used.
    #[error("could not sign the token request")]
    SigningFailed(#[source] SigningFailed),
    /// The personal access token has reached the end that its owner noted.
    #[error("the personal access token ended at {expires_at}; a person has to make a new one")]
    PersonalAccessTokenExpired {
        /// The noted end.
        expires_at: UnixSeconds,
    },
    /// There is no login, or it was lost: a person has to log in (again).
    #[error("a person has to log in: {cause}")]
    LoginRequired {
        /// What became of the login.
        cause: LoginLoss,
        /// The platform's name for the request that was refused.
        log_id: Option<String>,
    },
    /// A login came to nothing.
    #[error("could not log in")]
    LoginFailed(#[source] LoginFailure),
    /// Apps of this kind have no login of this kind.
    #[error("this kind of app has no login of this kind")]
    LoginUnsupported,
    /// The renewal takes long, because the store or another instance does. It goes on without the caller.
    #[error("the token is still being renewed")]
    RenewalUnfinished,
    /// The store failed where its content cannot be had again. The JWT grant goes on without its store.
    #[error("could not keep the token")]
    Store(#[source] StoreError),
    /// The program is stopping.
    #[error("the request for a token was given up because the program is stopping")]
    Interrupted,
    /// An attempt failed a moment ago, and the next one is not due yet.
    #[error("the last attempt to get a token failed; the next one is due in {} s", retry_after.as_secs())]
    RecentFailure {
        /// When the next attempt is due.
        retry_after: Duration,
        /// How the last attempt failed.
        #[source]
        last: Arc<AuthError>,
    },
}

impl AuthError {
    /// Returns how the attempt itself failed: for a remembered failure the original, else the error.
    pub fn original(&self) -> &Self {
        match self {
            Self::RecentFailure { last, .. } => last.original(),
            other => other,
        }
    }

    /// Returns which side failed.
    pub fn failed_side(&self) -> FailedSide {
        match self.original() {
            Self::Refused(refusal) => refusal.failed_side(),
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Unavailable { .. }
            | Self::NotTheApi { .. }
            | Self::MalformedAnswer { .. } => FailedSide::Upstream,
            Self::LoginRequired { .. } | Self::LoginFailed(_) => FailedSide::Caller,
            Self::ExpiredOnArrival { .. }
            | Self::SigningFailed(_)
            | Self::PersonalAccessTokenExpired { .. }
            | Self::LoginUnsupported
            | Self::RenewalUnfinished
            | Self::Store(_)
            | Self::Interrupted
            | Self::RecentFailure { .. } => FailedSide::Gateway,
        }
    }

    /// Returns when trying again can help; `None` when something has to be changed first.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RecentFailure { retry_after, .. } => Some(*retry_after),
            Self::Unavailable { retry_after, .. } => Some(retry_after.unwrap_or(USUAL_PAUSE)),
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::RenewalUnfinished
            | Self::Store(StoreError::Unavailable { .. })
            | Self::Interrupted => Some(USUAL_PAUSE),
            Self::Refused(refusal) => refusal.may_pass().then_some(USUAL_PAUSE),
            Self::NotTheApi { .. }
            | Self::MalformedAnswer { .. }
            | Self::ExpiredOnArrival { .. }
            | Self::SigningFailed(_)
            | Self::PersonalAccessTokenExpired { .. }
            | Self::LoginRequired { .. }
            | Self::LoginFailed(_)
            | Self::LoginUnsupported
            | Self::Store(StoreError::VersionConflict | StoreError::Fenced | StoreError::Unreadable { .. }) => None,
        }
    }

    /// Says whether a person has to log in, for the first time or again.
    pub fn needs_login(&self) -> bool {
        match self.original() {
            Self::LoginRequired { .. } => true,
            Self::Refused(_)
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Unavailable { .. }
            | Self::NotTheApi { .. }
            | Self::MalformedAnswer { .. }
            | Self::ExpiredOnArrival { .. }
            | Self::SigningFailed(_)
            | Self::PersonalAccessTokenExpired { .. }
            | Self::LoginFailed(_)
            | Self::LoginUnsupported
            | Self::RenewalUnfinished
            | Self::Store(_)
            | Self::Interrupted
            | Self::RecentFailure { .. } => false,
        }
    }

    /// Returns the platform's name for the request, which its support asks for.
    pub fn log_id(&self) -> Option<&str> {
        match self.original() {
            Self::Refused(refusal) => refusal.log_id.as_deref(),
            Self::Unavailable { log_id, .. }
            | Self::NotTheApi { log_id, .. }
            | Self::MalformedAnswer { log_id, .. }
            | Self::LoginRequired { log_id, .. }
            | Self::ExpiredOnArrival { log_id, .. } => log_id.as_deref(),
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::SigningFailed(_)
            | Self::PersonalAccessTokenExpired { .. }
            | Self::LoginFailed(_)
            | Self::LoginUnsupported
            | Self::RenewalUnfinished
            | Self::Store(_)
            | Self::Interrupted
            | Self::RecentFailure { .. } => None,
        }
    }
}
