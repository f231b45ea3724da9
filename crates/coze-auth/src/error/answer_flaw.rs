//! Defects of an answer that looks like one of the platform, but cannot be used.

use crate::secret::InvalidToken;
use std::fmt;

/// What is wrong with an answer of the token endpoint.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AnswerFlaw {
    /// Larger than 64 KiB.
    TooLarge,
    /// Cut off before its end.
    Incomplete,
    /// JSON, but no object.
    NotAnObject,
    /// Success without an `access_token`.
    NoAccessToken,
    /// A token or code in it contains a character that a header field cannot hold.
    UnusableToken(InvalidToken),
    /// A `token_type` other than `Bearer`.
    UnknownTokenType,
    /// `expires_in` is missing or is no whole number.
    NoExpiry,
    /// `expires_in` lies more than ten years ahead; milliseconds instead of seconds, for example.
    AbsurdExpiry,
    /// A device login without a `device_code`.
    NoDeviceCode,
    /// A device login without a `user_code`.
    NoUserCode,
    /// A device login without a page for the person.
    NoVerificationUri,
}

impl fmt::Display for AnswerFlaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => formatter.write_str("it is larger than 64 KiB"),
            Self::Incomplete => formatter.write_str("it broke off before its end"),
            Self::NotAnObject => formatter.write_str("it is not a JSON object"),
            Self::NoAccessToken => formatter.write_str("it has no access_token"),
            Self::UnusableToken(reason) => write!(formatter, "{reason}"),
            Self::UnknownTokenType => formatter.write_str("its token_type is not Bearer"),
            Self::NoExpiry => formatter.write_str("its expires_in is missing or not a number"),
            Self::AbsurdExpiry => formatter.write_str("its expires_in lies more than ten years ahead"),
            Self::NoDeviceCode => formatter.write_str("it has no device_code"),
            Self::NoUserCode => formatter.write_str("it has no user_code"),
            Self::NoVerificationUri => formatter.write_str("it has no verification_uri that a browser opens"),
        }
    }
}
