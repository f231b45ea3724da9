//! The stores as their users see them: one file per behaviour.
//!
//! SQLite needs nothing. PostgreSQL and Redis are tested when `COZEGATE_TEST_POSTGRES` and `COZEGATE_TEST_REDIS` name a
//! server (`postgres://postgres@127.0.0.1:5432/test`, `redis://127.0.0.1:6379`); without them these tests say that they
//! skip. Each test gets a schema or a key prefix of its own and removes it.
//!
//! What tries to get past a guard prints what it tried, in the form that `cargo xtask bench lifecycle` reads:
//! `bad tried N / let through N; good tried N / refused N`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests may"
)]

mod backends;
mod canary;
mod conformance;
mod fencing;
mod generations;
mod handles;
mod in_memory;
mod one_time;
mod owned;
mod permissions;
mod sealing;
mod servers;
#[cfg(feature = "redis")]
mod silent_redis;
mod sweep;
mod upgrade;
