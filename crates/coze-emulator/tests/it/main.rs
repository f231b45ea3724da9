//! The double from outside: raw HTTP against a running emulator, one module per behaviour.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may end in any of them"
)]

mod assertions;
mod chat_refusals;
mod control;
mod conversations;
mod cors;
mod faults;
mod files;
mod isolation;
mod journal;
mod polling;
mod streaming;
mod support;
