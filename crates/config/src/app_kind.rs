//! The kinds of app: how each gets its tokens, and the word for it in every configuration.
//!
//! The words are those of the console's `client_type` (protocol 1.3), and `pat` and `sat` after the prefixes of the two
//! fixed tokens (protocol 2.4).

use std::fmt;

/// How an app gets its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    /// `jwt`: a service app that signs assertions.
    Jwt,
    /// `web`: a person logs in, the app proves itself with a client secret.
    Web,
    /// `pkce`: a person logs in, the app has no secret.
    Pkce,
    /// `device`: a person logs in on another device.
    Device,
    /// `pat`: a person's fixed token.
    PersonalAccessToken,
    /// `sat`: a service's fixed token.
    ServiceAccessToken,
}

/// Every word, in the order in which they are offered.
pub(super) const WORDS: [&str; 6] = ["jwt", "web", "pkce", "device", "pat", "sat"];

impl AppKind {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Jwt,
        Self::Web,
        Self::Pkce,
        Self::Device,
        Self::PersonalAccessToken,
        Self::ServiceAccessToken,
    ];

    /// The word for it in every configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Web => "web",
            Self::Pkce => "pkce",
            Self::Device => "device",
            Self::PersonalAccessToken => "pat",
            Self::ServiceAccessToken => "sat",
        }
    }

    /// Finds the kind that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Says whether a person has to log in before there is a token.
    pub const fn needs_login(self) -> bool {
        match self {
            Self::Web | Self::Pkce | Self::Device => true,
            Self::Jwt | Self::PersonalAccessToken | Self::ServiceAccessToken => false,
        }
    }

    /// Says whether every visitor has a history of their own. With a fixed token there is one for all, and with a login
    /// everybody shares that of the person who has logged in.
    pub const fn keeps_visitors_apart(self) -> bool {
        match self {
            Self::Jwt => true,
            Self::Web | Self::Pkce | Self::Device | Self::PersonalAccessToken | Self::ServiceAccessToken => false,
        }
    }
}

impl fmt::Display for AppKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
