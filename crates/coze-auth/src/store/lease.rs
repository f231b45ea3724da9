//! Leases: the right of one process to renew a login for a limited time, and the fencing number that proves it.
//!
//! A lease carries no date. The store ends it by its own clock; a holder prolongs it long before, by a monotonic clock,
//! and the store's answer says when it was lost.

use std::time::Duration;

/// Request for a lease.
#[derive(Clone, Copy, Debug)]
pub struct LeaseRequest<'a> {
    /// What it is for, see [`TokenKey::lease_name`](crate::TokenKey::lease_name).
    pub name: &'a str,
    /// Who asks: random per process, and no secret.
    pub holder: &'a str,
    /// How long it holds without being prolonged. A store may round up to whole seconds.
    pub time: Duration,
}

/// A lease that was taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who took it.
    pub holder: String,
    /// Grows each time a lease of this name is taken. A holder with a smaller number has lost the lease.
    pub fencing: u64,
    /// The holder before did not give it back: it died, or lost the store, in the middle of its work.
    pub is_taken_over: bool,
}
