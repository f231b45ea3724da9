//! The key `kind` of an app, and the keys that only some kinds have.

use super::super::app_kind::{AppKind, WORDS};
use super::super::mistake::MistakeKind;
use super::super::secret_source::SecretKeys;
use super::super::section::Section;

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
