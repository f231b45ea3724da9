//! The real binary, as a person or a script meets it: an empty environment, a home and a working directory of its own,
//! words on stdout and stderr, and the exit code.
//!
//! Everything listens on port 0 of 127.0.0.1 and is stopped by its test.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

mod binary;
mod config;
mod help;
mod init;
mod ports;
mod services;
mod token;
