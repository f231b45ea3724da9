//! The kinds of app, and which keys belong to which.
//!
//! The words are those of the console's `client_type` (protocol 1.3), and `pat` and `sat` after the prefixes of the two
//! fixed tokens (protocol 2.4).

use super::super::mistake::MistakeKind;
use super::super::secret_source::SecretKeys;
use super::super::section::Section;
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

/// Keys that only some kinds have, with those kinds.
const OWN_KEYS: [(&[&str], &[AppKind]); 10] = [
    (
        &["client_id"],
        &[AppKind::Jwt, AppKind::Web, AppKind::Pkce, AppKind::Device],
    ),
    (&["public_key_id", "duration_seconds"], &[AppKind::Jwt]),
    (
        &[
            "account_id",
            "enterprise_id",
            "scope",
            "session_context",
            "channel",
            "visitor_scope",
        ],
        &[AppKind::Jwt],
    ),
    (&SecretKeys::PRIVATE_KEY.all(), &[AppKind::Jwt]),
    (&SecretKeys::CLIENT_SECRET.all(), &[AppKind::Web]),
    (&["redirect_uri"], &[AppKind::Web, AppKind::Pkce]),
    (&["workspace_id"], &[AppKind::Web, AppKind::Pkce, AppKind::Device]),
    (&["challenge_method"], &[AppKind::Pkce]),
    (
        &["expires_at"],
        &[AppKind::PersonalAccessToken, AppKind::ServiceAccessToken],
    ),
    (
        &SecretKeys::TOKEN.all(),
        &[AppKind::PersonalAccessToken, AppKind::ServiceAccessToken],
    ),
];

/// Reads the kind; without one, says which it probably is.
pub(super) fn read(section: &mut Section<'_, '_>) -> Option<AppKind> {
    if !section.has("kind") {
        section.take("kind");
        let (place, path) = (section.place().clone(), section.path_of("kind"));
        let meant = Some(guess(section).word().to_owned());
        section
            .checker
            .mistake_suggesting(&place, &path, MistakeKind::MissingKey, meant);
        return None;
    }
    section.checked("kind", |text| {
        AppKind::from_word(text).ok_or_else(|| {
            MistakeKind::NotOneOf {
                value: text.to_owned(),
                allowed: &WORDS,
            }
            .into()
        })
    })
}

/// Names the keys that belong to other kinds.
pub(super) fn refuse_foreign_keys(section: &mut Section<'_, '_>, kind: AppKind) {
    for (keys, kinds) in OWN_KEYS {
        if !kinds.contains(&kind) {
            section.refuse_keys_of(kinds, keys);
        }
    }
}

/// Takes the keys that only some kinds have and leaves them unjudged: which kind was meant is not known.
pub(super) fn take_own_keys(section: &mut Section<'_, '_>) {
    for key in OWN_KEYS.iter().flat_map(|(keys, _)| *keys) {
        section.take(key);
    }
}

/// The kind that most of the written keys speak for.
fn guess(section: &Section<'_, '_>) -> AppKind {
    let has_any = |keys: &[&str]| keys.iter().any(|key| section.has(key));
    if has_any(&SecretKeys::TOKEN.all()) {
        AppKind::PersonalAccessToken
    } else if has_any(&SecretKeys::CLIENT_SECRET.all()) {
        AppKind::Web
    } else if section.has("redirect_uri") {
        AppKind::Pkce
    } else {
        AppKind::Jwt
    }
}
