//! The open connections of one listener: how many there may be, and who goes when there are more.
//!
//! A client that holds thousands of sockets must not keep the others out. So at the limit the newcomer is let in, and those
//! go that have not brought a whole request, then those that rest, the longest first. An answer under way is never cut
//! for room: when all are busy, the newcomer is told to come again.

use super::state::{ConnectionState, Patience};
use crate::caller::{ClientAddress, ClientNetwork, TrustedProxies};
use crate::limits::NETWORK_FACTOR;
use crate::problem::Limit;
use crate::telemetry::record::RecordRefused;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Of the limit: how many go at once when there is no room, since finding them takes a walk over all. And how many more
/// are let in to be told that all are busy.
const PART: usize = 64;

/// How many connections there may be.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) all: usize,
    /// From one address, where that is bounded; of an IPv6 network [`NETWORK_FACTOR`] times as many.
    pub(super) of_address: Option<usize>,
    /// Proxies carry the connections of many callers: they are not bounded by address.
    pub(super) trusted: TrustedProxies,
}

/// What connections are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Origin {
    Address(ClientAddress),
    Network(ClientNetwork),
}

impl Origin {
    /// The address, and the IPv6 network that it belongs to.
    fn of(address: IpAddr) -> [Option<Self>; 2] {
        let address = ClientAddress::of_peer(address);
        [Some(Self::Address(address)), address.network().map(Self::Network)]
    }

    /// How many connections it may have where one address may have `of_address`.
    fn bound(self, of_address: usize) -> usize {
        match self {
            Self::Address(_) => of_address,
            Self::Network(_) => of_address.saturating_mul(usize::try_from(NETWORK_FACTOR).unwrap_or(usize::MAX)),
        }
    }
}

#[derive(Debug)]
struct Entry {
    state: Arc<ConnectionState>,
    origins: [Option<Origin>; 2],
}

#[derive(Debug, Default)]
struct Open {
    entries: HashMap<u64, Entry>,
    by_origin: HashMap<Origin, usize>,
    next_key: u64,
    /// Said once, until there is room again.
    is_full: bool,
}

/// The register.
#[derive(Debug)]
pub(super) struct Register {
    bounds: Bounds,
    patience: Patience,
    open: Mutex<Open>,
    is_stopping: AtomicBool,
    refused: Arc<dyn RecordRefused>,
}

/// A place in the register, given up when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    register: Arc<Register>,
    key: u64,
    state: Arc<ConnectionState>,
}

impl Register {
    pub(super) fn new(bounds: Bounds, patience: Patience, refused: Arc<dyn RecordRefused>) -> Self {
        Self {
            bounds,
            patience,
            open: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            refused,
        }
    }

    /// Lets a connection from `address` in. `None`: there is no room even to tell it so.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let origins = Origin::of(address);
        let state = Arc::new(ConnectionState::new(self.patience));
        let mut open = self.lock();
        if let Some(of_address) = self.bound_of(address) {
            for origin in origins.into_iter().flatten() {
                if open.count(origin) >= origin.bound(of_address) {
                    open.make_room(1, Some(origin));
                }
                if open.count(origin) >= origin.bound(of_address) {
                    state.refuse_at(Limit::ConnectionsPerAddress, "too many from one address");
                }
            }
        }
        if open.entries.len() >= self.bounds.all {
            open.say_full(self.bounds.all);
            open.make_room((self.bounds.all / PART).max(1), None);
            let count = open.entries.len();
            if count >= self.bounds.all + (self.bounds.all / PART).max(1) {
                return None;
            }
            if count >= self.bounds.all {
                state.refuse_at(Limit::Connections, "all are busy");
            }
        }
        let key = open.next_key;
        open.next_key += 1;
        for origin in origins.into_iter().flatten() {
            *open.by_origin.entry(origin).or_default() += 1;
        }
        let entry = Entry {
            state: Arc::clone(&state),
            origins,
        };
        open.entries.insert(key, entry);
        drop(open);
        if self.is_stopping.load(Ordering::Acquire) {
            state.ask_to_leave();
        }
        Some(Seat {
            register: Arc::clone(self),
            key,
            state,
        })
    }

    /// Asks every connection to end, those that come as well.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
        for entry in self.lock().entries.values() {
            entry.state.ask_to_leave();
        }
    }

    /// The bound for connections from `address`. Not for loopback and trusted proxies: all callers may share one.
    fn bound_of(&self, address: IpAddr) -> Option<usize> {
        let is_shared = address.to_canonical().is_loopback() || self.bounds.trusted.contains(address);
        self.bounds.of_address.filter(|_| !is_shared)
    }

    fn leave(&self, key: u64) {
        let mut open = self.lock();
        open.remove(key);
        if open.is_full && open.entries.len() < self.bounds.all - self.bounds.all / PART {
            open.is_full = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn count(&self, origin: Origin) -> usize {
        self.by_origin.get(&origin).copied().unwrap_or(0)
    }

    /// Asks `count` connections to end (from `origin`, if one is named), if so many can be spared. They count no longer.
    fn make_room(&mut self, count: usize, origin: Option<Origin>) {
        let is_meant = |entry: &Entry| origin.is_none_or(|origin| entry.origins.contains(&Some(origin)));
        let mut spared: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| is_meant(entry))
            .filter_map(|(key, entry)| Some((entry.state.dispensable()?, *key)))
            .collect();
        spared.sort_unstable();
        for (_, key) in spared.into_iter().take(count) {
            if let Some(entry) = self.remove(key) {
                entry.state.ask_to_leave();
            }
        }
    }

    fn remove(&mut self, key: u64) -> Option<Entry> {
        let entry = self.entries.remove(&key)?;
        for origin in entry.origins.into_iter().flatten() {
            if let Some(count) = self.by_origin.get_mut(&origin) {
                *count -= 1;
                if *count == 0 {
                    self.by_origin.remove(&origin);
                }
            }
        }
        Some(entry)
    }

    fn say_full(&mut self, limit: usize) {
        if !self.is_full {
            self.is_full = true;
            tracing::warn!(
                limit,
                "As many connections are open as there may be; those that bring no request are closed"
            );
        }
    }
}

impl Seat {
    pub(super) fn state(&self) -> &Arc<ConnectionState> {
        &self.state
    }

    /// Who is told of heads that are refused.
    pub(super) fn refused(&self) -> &Arc<dyn RecordRefused> {
        &self.register.refused
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.register.leave(self.key);
    }
}
