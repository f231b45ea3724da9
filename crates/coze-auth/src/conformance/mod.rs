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
mod fixtures;
mod leases;
mod tokens;

pub use faulty_store::{Fault, FaultyStore, Operation};

use crate::store::TokenStore;
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
