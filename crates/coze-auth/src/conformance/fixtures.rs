//! Tokens, keys and assertions that the checks share.

use crate::clock::UnixSeconds;
use crate::secret::{AccessToken, RefreshToken};
use crate::session_name::SessionName;
use crate::store::{Save, StoreError, TokenKey, TokenStore, Version};
use crate::subject::Subject;
use crate::token_set::TokenSet;

/// An instant that suits 32-bit and 64-bit seconds alike.
pub(super) const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

pub(super) fn key(name: &str) -> TokenKey {
    TokenKey {
        audience: "api.coze.example".to_owned(),
        client_id: "1100000000001".to_owned(),
        tenant: None,
        subject: SessionName::parse(name).map_or_else(|_| Subject::app(), Subject::login),
    }
}

/// A pair of tokens with `number` in it; the refresh token lives a month.
pub(super) fn pair(number: u32) -> TokenSet {
    TokenSet {
        access_token: parsed(AccessToken::parse(&format!("czu_conformance_{number}"))),
        token_type: "Bearer".to_owned(),
        issued_at: NOW,
        expires_at: Some(UnixSeconds(NOW.0 + 900)),
        refresh_token: Some(parsed(RefreshToken::parse(&format!("refresh_conformance_{number}")))),
        refresh_expires_at: Some(UnixSeconds(NOW.0 + 30 * 86_400)),
    }
}

fn parsed<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    fine("parse a test's token", result)
}

pub(super) fn over(token_set: &TokenSet, expected: Option<Version>) -> Save<'_> {
    Save {
        token_set,
        expected,
        renew_at: None,
        lease: None,
    }
}

/// Unwraps what must work.
#[expect(clippy::panic, reason = "a failed check ends the test that runs it")]
pub(super) fn fine<T, E: std::fmt::Debug>(what: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("could not {what}: {error:?}"),
    }
}

pub(super) async fn saved(
    store: &dyn TokenStore,
    key: &TokenKey,
    token_set: &TokenSet,
    expected: Option<Version>,
) -> Version {
    fine("save", store.save(key, over(token_set, expected)).await)
}

pub(super) async fn loaded(store: &dyn TokenStore, key: &TokenKey) -> Option<(TokenSet, Version)> {
    let stored = fine("load", store.load(key).await);
    stored.map(|stored| (stored.token_set, stored.version))
}

/// Checks that `key` holds exactly this.
pub(super) async fn assert_holds(store: &dyn TokenStore, key: &TokenKey, token_set: &TokenSet, version: Version) {
    let found = loaded(store, key).await;
    assert!(
        found
            .as_ref()
            .is_some_and(|(found, at)| found.is_same_as(token_set) && *at == version),
        "expected {token_set:?} at {version:?}, found {found:?}"
    );
}

pub(super) fn assert_conflict<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::VersionConflict)), "{result:?}");
}
