//! What `coze-auth` shows to the outside, against a platform that every test scripts for itself.
//!
//! The answers are bytes written here after the protocol's description and share no type with the library, so that a
//! misunderstanding cannot agree with itself.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests may"
)]

mod answers;
mod assertion;
mod builder;
mod clock_jumps;
mod examples;
mod failures;
mod grants;
mod instances;
mod keys;
mod logins;
mod oauth_conformance;
mod personal_access_token;
mod platform;
mod private_key;
mod refused_tokens;
mod renewal;
mod rotation;
mod secrets;
mod stores;
mod world;
