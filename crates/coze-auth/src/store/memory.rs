//! A store that ends with the process: for one instance that may ask people to log in again, and for tests.

use super::contract::{DueQuery, Save, StoreFuture, Stored, TokenStore};
use super::error::StoreError;
use super::key::TokenKey;
use super::lease::{Lease, LeaseRequest};
use super::version::Version;
use crate::clock::{Clock, UnixSeconds};
use crate::token_set::TokenSet;
use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many tokens are saved between two sweeps, at least.
const SWEEP_EVERY: usize = 1024;

/// Keeps tokens in this process. Ended tokens are swept out now and then while others are saved.
///
/// Leases use a monotonic clock.
#[derive(Debug)]
pub struct MemoryStore {
    shelf: Mutex<Shelf>,
    time: StoreTime,
}

/// The store's own clock: time since it was made.
#[derive(Debug)]
enum StoreTime {
    Monotonic(Instant),
    Given(Arc<dyn Clock>),
}

#[derive(Debug, Default)]
struct Shelf {
    entries: HashMap<TokenKey, Entry>,
    /// The number of tokens at which the next sweep is due.
    sweep_at: usize,
    leases: HashMap<String, Held>,
    /// Numbers for versions and for fencing: one row for all, so none comes back.
    last_number: u64,
}

#[derive(Debug)]
struct Entry {
    stored: Stored,
    renew_at: Option<UnixSeconds>,
}

/// The last lease of a name; kept after its end, because it fences.
#[derive(Debug)]
struct Held {
    holder: String,
    fencing: u64,
    ends_at: Duration,
    is_released: bool,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            shelf: Mutex::default(),
            time: StoreTime::Monotonic(Instant::now()),
        }
    }
}

impl MemoryStore {
    /// Makes a store whose leases run by `clock`, as those of a database run by the database's.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            shelf: Mutex::default(),
            time: StoreTime::Given(clock),
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        match &self.time {
            StoreTime::Monotonic(start) => start.elapsed(),
            StoreTime::Given(clock) => clock.now().since(UnixSeconds(0)),
        }
    }
}

impl Shelf {
    fn next_number(&mut self) -> u64 {
        self.last_number = self.last_number.saturating_add(1);
        self.last_number
    }

    fn save(&mut self, key: &TokenKey, save: Save<'_>) -> Result<Version, StoreError> {
        let found = self.entries.get(key).map(|entry| entry.stored.version);
        if found != save.expected {
            return Err(StoreError::VersionConflict);
        }
        if save.lease.is_some_and(|lease| !self.is_newest(lease)) {
            return Err(StoreError::Fenced);
        }
        self.sweep(save.token_set.issued_at);
        let version = Version(self.next_number());
        let entry = Entry {
            stored: Stored {
                token_set: save.token_set.clone(),
                version,
            },
            renew_at: save.renew_at,
        };
        self.entries.insert(key.clone(), entry);
        Ok(version)
    }

    fn delete(&mut self, key: &TokenKey, expected: Version) -> Result<(), StoreError> {
        match self.entries.get(key) {
            None => Ok(()),
            Some(entry) if entry.stored.version == expected => {
                self.entries.remove(key);
                Ok(())
            }
            Some(_) => Err(StoreError::VersionConflict),
        }
    }

    fn due(&self, query: DueQuery<'_>) -> Vec<TokenKey> {
        let is_asked_for = |key: &TokenKey| {
            key.audience == query.audience && key.client_id == query.client_id && key.tenant.as_deref() == query.tenant
        };
        let mut due: Vec<(UnixSeconds, &TokenKey)> = self
            .entries
            .iter()
            .filter(|(key, _)| is_asked_for(key))
            .filter_map(|(key, entry)| Some((entry.renew_at.filter(|at| *at <= query.now)?, key)))
            .collect();
        due.sort_unstable_by_key(|(renew_at, _)| *renew_at);
        due.truncate(query.limit);
        due.into_iter().map(|(_, key)| key.clone()).collect()
    }

    fn take_lease(&mut self, request: LeaseRequest<'_>, now: Duration) -> Option<Lease> {
        let before = self.leases.get(request.name);
        let is_left = before.is_some_and(|held| !held.is_released);
        if before.is_some_and(|held| !held.is_released && held.holder != request.holder && now < held.ends_at) {
            return None;
        }
        let fencing = self.next_number();
        let held = Held {
            holder: request.holder.to_owned(),
            fencing,
            ends_at: now.saturating_add(request.time),
            is_released: false,
        };
        self.leases.insert(request.name.to_owned(), held);
        Some(Lease {
            name: request.name.to_owned(),
            holder: request.holder.to_owned(),
            fencing,
            is_taken_over: is_left,
        })
    }

    fn is_newest(&self, lease: &Lease) -> bool {
        self.leases
            .get(&lease.name)
            .is_some_and(|held| held.fencing == lease.fencing)
    }

    fn newest(&mut self, lease: &Lease) -> Option<&mut Held> {
        self.leases
            .get_mut(&lease.name)
            .filter(|held| held.fencing == lease.fencing)
    }

    /// Drops what has ended for good. Due only when the shelf has doubled since the last time, so a save costs the same
    /// on average however many there are.
    fn sweep(&mut self, now: UnixSeconds) {
        if self.entries.len() < self.sweep_at.max(SWEEP_EVERY) {
            return;
        }
        self.entries.retain(|_, entry| !has_ended(&entry.stored.token_set, now));
        self.leases.retain(|_, held| !held.is_released);
        self.sweep_at = self.entries.len().saturating_mul(2);
    }
}

/// Says whether nothing of a token can be used any more.
fn has_ended(token_set: &TokenSet, now: UnixSeconds) -> bool {
    let end = match &token_set.refresh_token {
        Some(_) => token_set.refresh_expires_at,
        None => token_set.expires_at,
    };
    end.is_some_and(|end| end <= now)
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        let stored = self.shelf().entries.get(key).map(|entry| entry.stored.clone());
        Box::pin(ready(Ok(stored)))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, save: Save<'a>) -> StoreFuture<'a, Version> {
        Box::pin(ready(self.shelf().save(key, save)))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey, expected: Version) -> StoreFuture<'a, ()> {
        Box::pin(ready(self.shelf().delete(key, expected)))
    }

    fn due<'a>(&'a self, query: DueQuery<'a>) -> StoreFuture<'a, Vec<TokenKey>> {
        Box::pin(ready(Ok(self.shelf().due(query))))
    }

    fn take_lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Option<Lease>> {
        let now = self.now();
        Box::pin(ready(Ok(self.shelf().take_lease(request, now))))
    }

    fn extend_lease<'a>(&'a self, lease: &'a Lease, time: Duration) -> StoreFuture<'a, bool> {
        let now = self.now();
        let mut shelf = self.shelf();
        let held = shelf.newest(lease).filter(|held| !held.is_released);
        let is_held = held.map(|held| held.ends_at = now.saturating_add(time)).is_some();
        Box::pin(ready(Ok(is_held)))
    }

    fn release_lease<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, ()> {
        if let Some(held) = self.shelf().newest(lease) {
            held.is_released = true;
        }
        Box::pin(ready(Ok(())))
    }
}
