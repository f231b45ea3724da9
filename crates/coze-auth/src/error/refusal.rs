//! A refusal of the token endpoint: what the platform said, and what it most likely means (protocol 4.1, 4.2, 4.8).
//!
//! Two families of error bodies exist; all members that either has are kept. The meaning has to be read out of English
//! free text, since one `error_code` covers a dozen causes; an unknown text is `Other`.

use super::failed_side::FailedSide;
use std::fmt;

/// What the platform answered instead of a token. Texts are cut to 300 characters and free of control characters and of
/// our own credentials.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The HTTP status; may be 200.
    pub status: u16,
    /// `error_code` (or `error`): `invalid_client`.
    pub error_code: Option<String>,
    /// `error_message` (or `error_description`): `invalid jwt: kid not been registred`.
    pub error_message: Option<String>,
    /// `code` of the other family: 4100.
    pub code: Option<i64>,
    /// `msg` of the other family.
    pub msg: Option<String>,
    /// The platform's name for the request.
    pub log_id: Option<String>,
    /// The likely meaning.
    pub hint: RefusalKind,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HTTP {}", self.status)?;
        let code = self.code.map(|code| code.to_string());
        let parts = [&self.error_code, &self.error_message, &code, &self.msg];
        for part in parts.into_iter().flatten() {
            write!(formatter, ", {part}")?;
        }
        match &self.log_id {
            Some(log_id) => write!(formatter, " (log id {log_id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// Returns the side that can remove the cause: nearly always the configuration of the app here.
    pub(crate) fn failed_side(&self) -> FailedSide {
        match self.hint {
            RefusalKind::Internal | RefusalKind::Other => FailedSide::Upstream,
            RefusalKind::KeyIdUnknown
            | RefusalKind::ClientIdUnknown
            | RefusalKind::EmptyAssertion
            | RefusalKind::Audience
            | RefusalKind::Signature
            | RefusalKind::Expired
            | RefusalKind::NotYetValid
            | RefusalKind::AssertionReused
            | RefusalKind::AppType
            | RefusalKind::AppDisabled
            | RefusalKind::ClientSecret
            | RefusalKind::InvalidGrant
            | RefusalKind::InvalidRequest
            | RefusalKind::UnsupportedGrant => FailedSide::Gateway,
        }
    }

    /// Says whether a refresh token that is refused like this is not worth another try.
    pub(crate) fn ends_login(&self) -> bool {
        matches!(self.hint, RefusalKind::InvalidGrant | RefusalKind::Expired)
    }

    /// Says whether the same request may succeed later without a change.
    pub(crate) fn may_pass(&self) -> bool {
        self.hint == RefusalKind::Internal
    }
}

/// What a refusal most likely means.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RefusalKind {
    /// The key id is not known there: most often the other region (protocol 4.2), else a wrong or deleted key.
    KeyIdUnknown,
    /// The app's id is not known there.
    ClientIdUnknown,
    /// No assertion arrived, or something that is none.
    EmptyAssertion,
    /// The assertion was made for another host.
    Audience,
    /// The private key does not belong to the key id.
    Signature,
    /// The assertion had ended when it arrived: the clock here is slow.
    Expired,
    /// The assertion was not valid yet: the clock here is fast.
    NotYetValid,
    /// The assertion had been used before.
    AssertionReused,
    /// The app is of a kind that may not use this grant.
    AppType,
    /// The owner switched the app off.
    AppDisabled,
    /// A client secret is missing, wrong, or not wanted.
    ClientSecret,
    /// The code, refresh token or device code is not good, or not good any more.
    InvalidGrant,
    /// Another parameter is missing or wrong.
    InvalidRequest,
    /// The platform does not know the grant.
    UnsupportedGrant,
    /// The platform's own trouble; passes.
    Internal,
    /// A text that is not known yet.
    Other,
}

impl RefusalKind {
    /// Reads the meaning out of an answer. Specific texts win over the general `error_code`.
    ///
    /// `aud`, `signature` and `expired` are known as parts of texts only; the exact wording is not (protocol 4.2). They
    /// are looked for as whole words, so that "fraud" or "expected" mean nothing.
    pub fn of(status: u16, error_code: Option<&str>, message: Option<&str>) -> Self {
        let message = message.unwrap_or_default().to_ascii_lowercase();
        let has = |text: &str| message.contains(text);
        let has_word = |words: &[&str]| {
            message
                .split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
                .any(|word| words.contains(&word))
        };
        // The platform has no `invalid_grant` of its own: it names the parameter (protocol 4.2).
        let names_grant = has_word(&["refresh_token", "device_code", "code_verifier"])
            || has("refresh token")
            || message == "invalid request: code";
        if names_grant || error_code == Some("invalid_grant") {
            Self::InvalidGrant
        } else if has_word(&["kid"]) {
            Self::KeyIdUnknown
        } else if has("jwt empty") || has("empty jwt") {
            Self::EmptyAssertion
        } else if has_word(&["aud", "audience"]) {
            Self::Audience
        } else if has_word(&["signature"]) {
            Self::Signature
        } else if has_word(&["jti"]) {
            Self::AssertionReused
        } else if has_word(&["exp", "expired"]) {
            Self::Expired
        } else if has_word(&["iat", "nbf"]) {
            Self::NotYetValid
        } else if has_word(&["iss", "client_id"]) {
            Self::ClientIdUnknown
        } else if has("client_secret") || has("client secret") {
            Self::ClientSecret
        } else if has("deactivated") {
            Self::AppDisabled
        } else if has("app type") || has("connector app") {
            // A channel app without a connector is a channel app that is not finished yet.
            Self::AppType
        } else {
            Self::of_code(status, error_code)
        }
    }

    fn of_code(status: u16, error_code: Option<&str>) -> Self {
        match error_code {
            Some("invalid_request") => Self::InvalidRequest,
            Some("unsupported_grant_type") => Self::UnsupportedGrant,
            Some("internal_error") => Self::Internal,
            _ if status >= 500 => Self::Internal,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_have_their_meaning() {
        let table = [
            (
                401,
                "invalid_client",
                "invalid jwt: kid not been registred",
                RefusalKind::KeyIdUnknown,
            ),
            (
                401,
                "invalid_client",
                "verify jwt empty error",
                RefusalKind::EmptyAssertion,
            ),
            (
                401,
                "invalid_client",
                "invalid jwt: empty jwt token",
                RefusalKind::EmptyAssertion,
            ),
            (401, "invalid_client", "invalid jwt: invalid aud", RefusalKind::Audience),
            (
                401,
                "invalid_client",
                "invalid jwt: Invalid Signature",
                RefusalKind::Signature,
            ),
            (
                401,
                "invalid_client",
                "invalid jwt: token is expired",
                RefusalKind::Expired,
            ),
            (401, "invalid_client", "invalid jwt: exp", RefusalKind::Expired),
            (
                401,
                "invalid_client",
                "invalid jwt: iat in the future",
                RefusalKind::NotYetValid,
            ),
            (
                401,
                "invalid_client",
                "invalid jwt: jti has been used",
                RefusalKind::AssertionReused,
            ),
            (
                401,
                "invalid_client",
                "invalid jwt: unknown iss",
                RefusalKind::ClientIdUnknown,
            ),
            (
                400,
                "invalid_request",
                "invalid request: client_secret",
                RefusalKind::ClientSecret,
            ),
            (
                400,
                "invalid_request",
                "invalid request: duration_seconds",
                RefusalKind::InvalidRequest,
            ),
            (
                400,
                "invalid_request",
                "invalid request: refresh_token",
                RefusalKind::InvalidGrant,
            ),
            (
                400,
                "invalid_request",
                "invalid request: code",
                RefusalKind::InvalidGrant,
            ),
            (400, "invalid_grant", "", RefusalKind::InvalidGrant),
            (
                400,
                "unsupported_grant_type",
                "not supported grant type: x",
                RefusalKind::UnsupportedGrant,
            ),
            (
                400,
                "access_deny",
                "app: Shop is currently deactivated by the owner",
                RefusalKind::AppDisabled,
            ),
            (400, "access_deny", "invalid app type", RefusalKind::AppType),
            (
                400,
                "access_deny",
                "connector app should bind connector id",
                RefusalKind::AppType,
            ),
            (500, "internal_error", "Service internal error.", RefusalKind::Internal),
            (503, "", "", RefusalKind::Internal),
        ];

        for (status, error_code, message, kind) in table {
            assert_eq!(
                RefusalKind::of(status, Some(error_code), Some(message)),
                kind,
                "{message}"
            );
        }
    }

    #[test]
    fn words_that_only_look_like_known_ones_mean_nothing() {
        for message in ["suspected fraud", "expected something", "kidnapped", "issue found", ""] {
            assert_eq!(
                RefusalKind::of(401, Some("invalid_client"), Some(message)),
                RefusalKind::Other,
                "{message}"
            );
        }
    }
}
