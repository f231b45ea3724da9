//! The real binary, as a person or a script meets it: an empty environment, a home and a working directory of its own,
//! words on stdout and stderr, and the exit code.
//!
//! Everything listens on 127.0.0.1, on port 0 or on a port that its test has reserved, and is stopped by its test.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

mod access_log;
mod binary;
mod config;
#[cfg(target_os = "linux")]
mod file_memory;
#[cfg(unix)]
mod file_trust;
mod help;
mod http;
mod https;
mod init;
mod login;
mod login_device;
mod login_files;
mod person;
mod platform;
mod ports;
mod services;
mod stores;
mod token;
