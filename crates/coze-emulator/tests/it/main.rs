//! The double from outside: raw HTTP against a running emulator, one module per behaviour.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may end in any of them"
)]

mod assertions;
mod authorize;
mod chat_refusals;
mod codes;
mod control;
mod conversations;
mod cors;
mod device;
mod disabled_apps;
mod faults;
mod files;
mod isolation;
mod journal;
mod logins;
mod oauth_faults;
mod polling;
mod realtime_audio;
mod realtime_chat;
mod realtime_client;
mod realtime_handshake;
mod refresh;
mod streaming;
mod support;
mod tenants;
