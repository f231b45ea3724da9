//! Why a file could not be had, and what its caller sees of that.

use cozegate_core::limits::BufferFull;
use cozegate_core::problem::{Problem, ProblemKind, describe};
use cozegate_core::targets::Refused;
use cozegate_core::telemetry::labels::FileSource;
use http::StatusCode;

/// Why there is no file. Texts instead of sources, because one failure may have many callers.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum FetchFailure {
    /// No name, no connection, no TLS.
    #[error("the host could not be reached: {0}")]
    Unreachable(String),
    /// Every address of the name is one that we do not connect to.
    #[error("the host's addresses are not public")]
    AddressRefused,
    /// The connection broke, or what came was no HTTP.
    #[error("the host's answer broke off: {0}")]
    Broken(String),
    /// Too slow.
    #[error("the host took too long")]
    Overdue,
    /// A redirect to where we do not go.
    #[error("the host redirects elsewhere: {0}")]
    Redirected(Refused),
    /// A redirect to nowhere, or one too many.
    #[error("the host redirects too often or without saying where to")]
    RedirectedTooOften,
    /// Any other status than 200.
    #[error("the host answered {0}")]
    Status(StatusCode),
    /// Longer than `files.file_mib`.
    #[error("the file is larger than files.file_mib allows")]
    TooLarge,
    /// The byte budget has no room for it.
    #[error(transparent)]
    BufferFull(BufferFull),
    /// The cache folder did not take it; it can be collected in memory instead.
    #[error("the file could not be stored: {0}")]
    NotStored(String),
    /// Something that pages do not load, or that could be opened as a page of ours.
    #[error("the file's media type is {0:?}")]
    MediaType(String),
    /// The task was cut: we are stopping.
    #[error("the service is stopping")]
    Stopping,
}

impl FetchFailure {
    pub(super) fn broken(error: &hyper::Error) -> Self {
        Self::Broken(describe(error))
    }

    /// Whether the host itself says that there is no such file: then a stored one is no good either.
    pub(super) fn is_the_hosts_word(&self) -> bool {
        matches!(self, Self::Status(StatusCode::NOT_FOUND | StatusCode::GONE))
    }

    /// What it counts as.
    pub(super) fn source(&self) -> FileSource {
        match self {
            Self::AddressRefused
            | Self::Redirected(_)
            | Self::RedirectedTooOften
            | Self::TooLarge
            | Self::MediaType(_) => FileSource::Refused,
            Self::Status(StatusCode::NOT_FOUND | StatusCode::GONE) => FileSource::Missing,
            Self::Unreachable(_)
            | Self::Broken(_)
            | Self::Overdue
            | Self::Status(_)
            | Self::BufferFull(_)
            | Self::NotStored(_)
            | Self::Stopping => FileSource::Failed,
        }
    }

    fn kind(&self) -> ProblemKind {
        match self {
            Self::Unreachable(_) => ProblemKind::FileHostUnreachable,
            Self::AddressRefused => ProblemKind::FileAddressRefused,
            Self::Overdue => ProblemKind::FileHostTimedOut,
            Self::Redirected(_) | Self::RedirectedTooOften => ProblemKind::FileRedirectRefused,
            Self::Status(StatusCode::NOT_FOUND | StatusCode::GONE) => ProblemKind::FileNotFound,
            Self::Broken(_) | Self::Status(_) => ProblemKind::FileHostFailed,
            Self::TooLarge => ProblemKind::FileTooLarge,
            Self::MediaType(_) => ProblemKind::FileNotServed,
            Self::BufferFull(_) => ProblemKind::BufferFull,
            Self::NotStored(_) => ProblemKind::Internal,
            Self::Stopping => ProblemKind::Stopping,
        }
    }
}

impl From<FetchFailure> for Problem {
    fn from(failure: FetchFailure) -> Self {
        if let FetchFailure::BufferFull(full) = failure {
            return full.into();
        }
        Self::with_inside(failure.kind(), failure)
    }
}
