//! What every [`TokenStore`] must show (feature `test-util`): one suite for all of them, and a store that fails on purpose.
//!
//! ```no_run
//! # async fn example() {
//! use coze_auth::{MemoryStore, TokenStore, conformance};
//! use std::sync::Arc;
//!
//! conformance::check_all(async || Arc::new(MemoryStore::default()) as Arc<dyn TokenStore>).await;
//! # }
//! ```
//!
//! A check panics with what it saw. Each gets a fresh, empty store. Leases of one second are waited out in real time, since
//! a store's clock cannot be moved from here.

mod faulty_store;
mod leases;
mod tokens;

pub use faulty_store::{Fault, FaultyStore, Operation};

use crate::clock::UnixSeconds;
use crate::secret::{AccessToken, RefreshToken};
use crate::session_name::SessionName;
use crate::store::{Save, StoreError, TokenKey, TokenStore, Version};
use crate::subject::Subject;
use crate::token_set::TokenSet;
use std::sync::Arc;

/// Names every check and runs it; the list of names is the contract in short.
macro_rules! checks {
    ($($module:ident :: $check:ident,)*) => {
        /// The names of all checks.
        pub const CHECKS: &[&str] = &[$(stringify!($check)),*];

        /// Runs every check, each on a store that `make_store` makes: fresh and empty.
        pub async fn check_all(make_store: impl AsyncFn() -> Arc<dyn TokenStore>) {
            $(
                tracing::info!("Checks that {}", stringify!($check).replace('_', " "));
                Box::pin($module::$check(make_store().await)).await;
            )*
        }
    };
}

checks! {
    tokens::what_was_saved_is_loaded_with_every_part,
    tokens::unknown_key_holds_nothing,
    tokens::save_names_the_version_that_it_replaces,
    tokens::of_many_saves_over_one_version_one_succeeds,
    tokens::version_does_not_come_back_after_a_delete,
    tokens::delete_names_the_version_that_it_removes,
    tokens::keys_that_differ_in_one_part_hold_different_tokens,
    tokens::due_tokens_come_earliest_first_and_of_one_app_only,
    tokens::save_replaces_the_date_of_renewal,
    leases::lease_is_held_by_one_holder_at_a_time,
    leases::of_many_takers_one_gets_the_lease,
    leases::released_lease_is_free_at_once_and_not_taken_over,
    leases::lease_that_ran_out_is_taken_over,
    leases::extended_lease_outlives_its_first_end,
    leases::lease_extended_by_nothing_is_free_at_once_and_taken_over,
    leases::holder_that_asks_again_gets_a_new_number,
    leases::fencing_numbers_grow_over_releases,
    leases::lost_lease_is_neither_extended_nor_released,
    leases::save_under_a_lost_lease_is_refused_and_changes_nothing,
    leases::save_under_a_lease_that_ran_out_but_is_nobody_elses_succeeds,
    leases::leases_of_different_names_are_apart,
}

/// An instant that suits 32-bit and 64-bit seconds alike.
const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

fn key(name: &str) -> TokenKey {
    TokenKey {
        audience: "api.coze.example".to_owned(),
        client_id: "1100000000001".to_owned(),
        tenant: None,
        subject: SessionName::parse(name).map_or_else(|_| Subject::app(), Subject::login),
    }
}

/// A pair of tokens with `number` in it; the refresh token lives a month.
fn pair(number: u32) -> TokenSet {
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

fn over(token_set: &TokenSet, expected: Option<Version>) -> Save<'_> {
    Save {
        token_set,
        expected,
        renew_at: None,
        lease: None,
    }
}

/// Unwraps what must work.
#[expect(clippy::panic, reason = "a failed check ends the test that runs it")]
fn fine<T, E: std::fmt::Debug>(what: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("could not {what}: {error:?}"),
    }
}

async fn saved(store: &dyn TokenStore, key: &TokenKey, token_set: &TokenSet, expected: Option<Version>) -> Version {
    fine("save", store.save(key, over(token_set, expected)).await)
}

async fn loaded(store: &dyn TokenStore, key: &TokenKey) -> Option<(TokenSet, Version)> {
    let stored = fine("load", store.load(key).await);
    stored.map(|stored| (stored.token_set, stored.version))
}

/// Checks that `key` holds exactly this.
async fn assert_holds(store: &dyn TokenStore, key: &TokenKey, token_set: &TokenSet, version: Version) {
    let found = loaded(store, key).await;
    assert!(
        found
            .as_ref()
            .is_some_and(|(found, at)| found.is_same_as(token_set) && *at == version),
        "expected {token_set:?} at {version:?}, found {found:?}"
    );
}

fn assert_conflict<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::VersionConflict)), "{result:?}");
}
