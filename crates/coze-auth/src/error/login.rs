//! Reasons why a login failed ([`LoginFailure`]) or ended ([`LoginLoss`]).

use std::fmt;

/// Why a login came to nothing before the token endpoint was asked, or on its device.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LoginFailure {
    /// The callback has no `state`: it does not belong to a login that was begun here.
    #[error("the callback has no state")]
    NoState,
    /// The `state` differs: another browser, another tab, or a forged callback.
    #[error("the state of the callback is not that of this login")]
    OtherState,
    /// The login was begun for another app or another region.
    #[error("the login was begun for another app")]
    OtherApp,
    /// The callback says that it comes from another platform.
    #[error("the callback comes from another platform")]
    OtherIssuer,
    /// A parameter stands twice in the callback.
    #[error("a parameter stands twice in the callback")]
    RepeatedParameter,
    /// The callback has no usable code.
    #[error("the callback has no code")]
    NoCode,
    /// The person took too long, or the browser did not come back.
    #[error("the login was not finished in time")]
    TooLate,
    /// The person, or the platform for them, said no.
    #[error("the login was refused ({error})")]
    Refused {
        /// `access_denied`, for example; at most 300 characters, none of them a control character.
        error: String,
        /// The platform's words.
        description: Option<String>,
    },
    /// The redirect URI cannot be used.
    #[error("the login cannot begin")]
    RedirectUri(#[source] InvalidRedirectUri),
}

/// Why a text cannot be a redirect URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidRedirectUri {
    /// It is not an absolute address.
    #[error("the redirect URI is not an absolute address")]
    NotAUrl,
    /// Neither http nor https: the platform takes no other (protocol 3.1).
    #[error("the redirect URI is neither http nor https")]
    Scheme,
    /// It has a fragment (RFC 6749 section 3.1.2 forbids it).
    #[error("the redirect URI has a fragment")]
    Fragment,
    /// It has a user name or password.
    #[error("the redirect URI holds a user name or a password")]
    Credentials,
}

/// What became of a login.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LoginLoss {
    /// There was no login yet, or the person logged out.
    NotLoggedIn,
    /// The platform gave no refresh token, and the access token has ended.
    NotRenewable,
    /// The refresh token was not used for so long that it ended.
    RefreshTokenExpired,
    /// The platform refused the refresh token: withdrawn there, or used by another program.
    Refused,
    /// The platform refused the refresh token after an earlier request with it got no answer that we saw: the new one
    /// was lost with that answer.
    AnswerLost,
}

impl fmt::Display for LoginLoss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotLoggedIn => "nobody is logged in",
            Self::NotRenewable => "the token has ended and cannot be renewed",
            Self::RefreshTokenExpired => "the login was not used for too long",
            Self::Refused => "Coze refused to renew the login",
            Self::AnswerLost => "Coze's answer to the last renewal was lost",
        })
    }
}
