//! The open connections of one listener: how many there may be, and who goes when there are more.
//!
//! A client that holds thousands of sockets must not keep the others out. So at the limit the newcomer is let in, and those
//! go that have not brought a whole request, then those that rest, the longest first. An answer under way is never cut
//! for room: when all are busy, the newcomer is told to come again.

use super::RecordRefused;
use super::state::{ConnectionState, Patience};
use crate::problem::ProblemKind;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Of the limit: how many go at once when there is no room, since finding them takes a walk over all. And how many more
/// are let in to be told that all are busy.
const PART: usize = 64;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) all: usize,
    /// From one address, where that is bounded.
    pub(super) of_address: Option<usize>,
}

#[derive(Debug)]
struct Entry {
    state: Arc<ConnectionState>,
    address: IpAddr,
}

#[derive(Debug, Default)]
struct Open {
    entries: HashMap<u64, Entry>,
    by_address: HashMap<IpAddr, usize>,
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
        let address = address.to_canonical();
        let state = Arc::new(ConnectionState::new(self.patience));
        let mut open = self.lock();
        if let Some(bound) = self.bound_of(address)
            && open.by_address.get(&address).copied().unwrap_or(0) >= bound
        {
            open.make_room(1, Some(address));
            if open.by_address.get(&address).copied().unwrap_or(0) >= bound {
                state.refuse(ProblemKind::TooManyConnections, "too many from one address");
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
                state.refuse(ProblemKind::TooManyConnections, "all are busy");
            }
        }
        let key = open.next_key;
        open.next_key += 1;
        *open.by_address.entry(address).or_default() += 1;
        let entry = Entry {
            state: Arc::clone(&state),
            address,
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

    /// Who comes over loopback may be a proxy or a test tool in front of everybody: bounded only when it was asked for.
    fn bound_of(&self, address: IpAddr) -> Option<usize> {
        self.bounds.of_address.filter(|_| !address.is_loopback())
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
    /// Asks `count` connections to end (from `address`, if one is named), if so many can be spared. They count no longer.
    fn make_room(&mut self, count: usize, address: Option<IpAddr>) {
        let of_address = |entry: &Entry| address.is_none_or(|address| entry.address == address);
        let mut spared: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| of_address(entry))
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
        if let Some(count) = self.by_address.get_mut(&entry.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&entry.address);
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
