//! Token stores: the contract, its types, and a store in memory.
//!
//! Stores that outlive the process implement [`TokenStore`] outside of this crate.

mod contract;
mod error;
mod key;
mod lease;
mod memory;
mod version;

pub use contract::{DueQuery, Save, StoreFuture, Stored, TokenStore};
pub use error::StoreError;
pub use key::TokenKey;
pub use lease::{Lease, LeaseRequest};
pub use memory::MemoryStore;
pub use version::Version;
