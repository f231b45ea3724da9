//! What the tests of several crates share. No crate depends on it but for its tests.

pub mod property;
