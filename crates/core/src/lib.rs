//! What both listeners need, without any IO: the visitor policy and the pure part of the ownership register.
//!
//! Nothing here reads a clock, a file, a socket or the environment. The crate takes bytes and names, and returns
//! decisions, so that every rule is tested without a server.

pub mod id;
pub mod ownership;
pub mod policy;

pub use id::Id;
