//! [`TokenStore`]: the trait that a token store implements.
//!
//! The contract is written for several processes on one store that may stop at any point. Three means keep them apart:
//!
//! * **versions**: a save names the version that it replaces, so no instance overwrites a token that it has not seen;
//! * **leases**: one process at a time redeems a refresh token, because the platform voids it (protocol 3.2);
//! * **fencing numbers**: a save under a lease is refused once another instance has taken the lease.
//!
//! Every MUST below has a test in `conformance` (feature `test-util`), which runs against any store.

use super::error::StoreError;
use super::key::TokenKey;
use super::lease::{Lease, LeaseRequest};
use super::version::Version;
use crate::clock::UnixSeconds;
use crate::token_set::TokenSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What a store's functions return: boxed, so that the trait can be used as `dyn TokenStore`.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Stores tokens and leases. Functions may wait, but must end by themselves.
///
/// A caller may drop the future of a function. Then the store does the whole of it or nothing.
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// Returns the token that was saved last under `key`, by any instance.
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>>;

    /// Saves a token if what is there still has the version that the caller expects, and returns its new version.
    ///
    /// * When `Ok` comes back the token MUST survive the end of the process (a database: the commit is on disk).
    /// * Another version MUST change nothing and answer [`StoreError::VersionConflict`].
    /// * With a lease whose name has been taken again since, it MUST change nothing and answer [`StoreError::Fenced`],
    ///   even if the version fits. A lease that ran out but was not taken again still counts.
    /// * Both checks and the write MUST be one step: of many saves that expect the same version one succeeds.
    /// * A version MUST NOT come back under the same key, not even after a `delete`. A store-wide counter does that,
    ///   and so does a random number.
    fn save<'a>(&'a self, key: &'a TokenKey, save: Save<'a>) -> StoreFuture<'a, Version>;

    /// Removes a token if it still has the version `expected`. Another version MUST change nothing and answer
    /// [`StoreError::VersionConflict`]; a token that is gone already is no error.
    fn delete<'a>(&'a self, key: &'a TokenKey, expected: Version) -> StoreFuture<'a, ()>;

    /// Returns the keys of one app whose [`Save::renew_at`] has come, the earliest first, at most as many as asked for.
    fn due<'a>(&'a self, query: DueQuery<'a>) -> StoreFuture<'a, Vec<TokenKey>>;

    /// Takes a lease unless another holder has it, which is `None`.
    ///
    /// * The time of a lease MUST be counted by the store's own clock if it has one (a database does), else by a clock
    ///   that is never set (a monotonic one): the holders' clocks differ and jump.
    /// * [`Lease::fencing`] MUST be larger than that of every earlier lease of the same name, released ones included.
    /// * A holder that asks again for its own lease gets it, with a new number: its earlier attempt is over.
    /// * [`Lease::is_taken_over`] MUST tell whether the lease before was left without a release.
    fn take_lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Option<Lease>>;

    /// Prolongs a lease: `time` from now. `false` when another holder has taken it; then the caller has lost it. One
    /// that ran out but was not taken again is prolonged. A `time` of zero ends it, and the next holder has taken it
    /// over.
    fn extend_lease<'a>(&'a self, lease: &'a Lease, time: Duration) -> StoreFuture<'a, bool>;

    /// Gives a lease back. Without effect when another holder has taken it.
    fn release_lease<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, ()>;
}

/// What is saved, and under which conditions.
#[derive(Clone, Copy, Debug)]
pub struct Save<'a> {
    /// The token.
    pub token_set: &'a TokenSet,
    /// The version that it replaces; `None`: nothing is there.
    pub expected: Option<Version>,
    /// When the token is to be renewed without a request for it, see [`TokenStore::due`]; `None`: never.
    pub renew_at: Option<UnixSeconds>,
    /// The lease under which the token was got; `None` where two renewals do no harm.
    pub lease: Option<&'a Lease>,
}

/// Query for tokens whose renewal is due without a request for them.
#[derive(Clone, Copy, Debug)]
pub struct DueQuery<'a> {
    /// The platform, as in [`TokenKey::audience`].
    pub audience: &'a str,
    /// The app, as in [`TokenKey::client_id`].
    pub client_id: &'a str,
    /// The tenant, as in [`TokenKey::tenant`].
    pub tenant: Option<&'a str>,
    /// Tokens whose renewal is due now or was before: the caller's clock, as `renew_at` is.
    pub now: UnixSeconds,
    /// How many at most.
    pub limit: usize,
}

/// A saved token with its version.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The token.
    pub token_set: TokenSet,
    /// What a later save has to name.
    pub version: Version,
}
