//! Secrets as types: what may never reach a log, an error text or a URL.
//!
//! `Debug` prints only the type's name, there is no `Display`, no `Serialize` and no `==`. Reading one is the visible
//! act `expose()`. The memory is wiped when the last clone goes (secrecy, zeroize).

use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::sync::Arc;

/// The longest token that is accepted, in bytes: twice what a usual server takes for its whole request head.
const LONGEST_TOKEN: usize = 16 * 1024;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Clones share one text.
        #[derive(Clone)]
        pub struct $name(Arc<SecretString>);

        impl $name {
            /// Returns the secret text. Every call of this is a place to look at in a review.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret! {
    /// A token that Coze's API accepts as `Authorization: Bearer`.
    AccessToken
}

secret! {
    /// The secret of a web app: the proof of who asks for a token (protocol 3.2).
    ClientSecret
}

secret! {
    /// What a login is renewed with, once: the platform voids it and answers with its successor (protocol 3.2).
    RefreshToken
}

secret! {
    /// What the browser brings back from the consent page; good for one exchange (RFC 6749 section 4.1.2).
    AuthorizationCode
}

secret! {
    /// The half of a PKCE pair that stays here until the exchange (RFC 7636 section 4.1).
    CodeVerifier
}

secret! {
    /// What binds a login to the browser that began it (RFC 6749 section 10.12).
    LoginState
}

secret! {
    /// What a device polls with (RFC 8628 section 3.2). The person sees the user code only.
    DeviceCode
}

secret! {
    /// A signed JWT that Coze changes for one access token, once (protocol 2.1).
    Assertion
}

impl AccessToken {
    /// Takes a token that a header field can hold: visible ASCII, at most 16 KiB (RFC 6750 section 2.1).
    ///
    /// Stricter than needed for a good token, so that a line break in a broken one cannot become a second header.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        visible_ascii(text).map(Self)
    }

    /// Returns which kind of token this is, as far as its prefix tells.
    pub fn kind(&self) -> TokenKind {
        TokenKind::of(self.expose())
    }

    /// Says whether both hold the same text, in a time that does not depend on where they differ.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.expose().as_bytes(), other.expose().as_bytes()).is_ok()
    }
}

/// Checks what the platform gave us and will get back from us.
fn visible_ascii(text: &str) -> Result<Arc<SecretString>, InvalidToken> {
    if text.is_empty() {
        return Err(InvalidToken::Empty);
    }
    if text.len() > LONGEST_TOKEN {
        return Err(InvalidToken::TooLong { bytes: text.len() });
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidToken::ForbiddenCharacter);
    }
    Ok(Arc::new(SecretString::from(text)))
}

macro_rules! parsed {
    ($name:ident, $what:literal) => {
        impl $name {
            #[doc = concat!("Takes ", $what, ": visible ASCII, at most 16 KiB.")]
            pub fn parse(text: &str) -> Result<Self, InvalidToken> {
                visible_ascii(text).map(Self)
            }
        }
    };
}

parsed!(RefreshToken, "a refresh token as the platform gave it");
parsed!(AuthorizationCode, "a code as it stood in the callback");
parsed!(DeviceCode, "a device code as the platform gave it");

impl RefreshToken {
    /// Says whether both hold the same text, in a time that does not depend on where they differ.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.expose().as_bytes(), other.expose().as_bytes()).is_ok()
    }
}

impl LoginState {
    pub(crate) fn new(text: String) -> Self {
        Self(Arc::new(SecretString::from(text)))
    }

    /// Says whether this is the text, in a time that does not depend on where they differ.
    pub fn matches(&self, text: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.expose().as_bytes(), text.as_bytes()).is_ok()
    }

    /// Returns the SHA-256, to look a pending login up by without keeping the text itself.
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.expose().as_bytes());
        for (byte, hashed) in bytes.iter_mut().zip(digest.as_ref()) {
            *byte = *hashed;
        }
        bytes
    }
}

impl CodeVerifier {
    pub(crate) fn new(text: String) -> Self {
        Self(Arc::new(SecretString::from(text)))
    }
}

impl ClientSecret {
    /// Takes the secret as the console shows it.
    pub fn new(text: &str) -> Self {
        Self(Arc::new(SecretString::from(text)))
    }
}

impl Assertion {
    pub(crate) fn new(jwt: String) -> Self {
        Self(Arc::new(SecretString::from(jwt)))
    }
}

/// Why a text is not a token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum InvalidToken {
    /// No text.
    #[error("the token is empty")]
    Empty,
    /// More than 16 KiB.
    #[error("the token has {bytes} bytes; at most 16384 are allowed")]
    TooLong {
        /// The length found.
        bytes: usize,
    },
    /// White space, a control character or a letter outside ASCII.
    #[error("the token holds a character that cannot stand in a header")]
    ForbiddenCharacter,
}

/// What a token is, told by its prefix (protocol 2.4).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TokenKind {
    /// `pat_`: made by a person in the console, lives 1 to 30 days, cannot keep users apart.
    PersonalAccess,
    /// `sat_`: made for a service in the console, up to permanent.
    ServiceAccess,
    /// `czs_`: an app's own token, from the JWT grant.
    App,
    /// `czu_`: a person's token, from a login.
    User,
    /// Any other text: nothing is known about it.
    Other,
}

impl TokenKind {
    /// Tells the kind of `token` by its prefix.
    pub fn of(token: &str) -> Self {
        match token.split_once('_') {
            Some(("pat", _)) => Self::PersonalAccess,
            Some(("sat", _)) => Self::ServiceAccess,
            Some(("czs", _)) => Self::App,
            Some(("czu", _)) => Self::User,
            Some(_) | None => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_tells_the_kind_of_a_token() {
        let table = [
            ("pat_x", TokenKind::PersonalAccess),
            ("sat_x", TokenKind::ServiceAccess),
            ("czs_x", TokenKind::App),
            ("czu_x", TokenKind::User),
            ("cztei_x", TokenKind::Other),
            ("PAT_x", TokenKind::Other),
            ("a.b.c", TokenKind::Other),
            ("", TokenKind::Other),
        ];

        for (token, kind) in table {
            assert_eq!(TokenKind::of(token), kind, "{token}");
        }
    }

    #[test]
    fn token_that_would_break_a_header_is_refused() {
        let long = "x".repeat(LONGEST_TOKEN + 1);

        assert!(matches!(AccessToken::parse(""), Err(InvalidToken::Empty)));
        assert!(matches!(
            AccessToken::parse("a\r\nX-Evil: 1"),
            Err(InvalidToken::ForbiddenCharacter)
        ));
        assert!(matches!(
            AccessToken::parse("a b"),
            Err(InvalidToken::ForbiddenCharacter)
        ));
        assert!(matches!(AccessToken::parse("é"), Err(InvalidToken::ForbiddenCharacter)));
        assert!(matches!(
            AccessToken::parse(&long),
            Err(InvalidToken::TooLong { bytes: 16_385 })
        ));
    }

    #[test]
    fn debug_output_shows_the_type_and_not_the_text() {
        let token = AccessToken::parse("czs_canary").unwrap();

        assert_eq!(format!("{token:?}"), "AccessToken(..)");
        assert_eq!(format!("{:?}", ClientSecret::new("canary")), "ClientSecret(..)");
        assert_eq!(format!("{:?}", Assertion::new("canary".to_owned())), "Assertion(..)");
    }
}
