//! The gateway over real sockets: in front of it the emulator, or an upstream that records every byte.
//!
//! Files are named after behaviour. Everything listens on port 0 of 127.0.0.1 and is stopped by its test; tests wait for
//! events, never for time.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]
#![expect(unreachable_pub, reason = "one binary of modules")]

mod apps;
mod callback;
mod completeness;
mod early_answers;
mod ends;
mod faults;
mod file_budget;
mod file_cache;
mod file_targets;
mod files;
mod framing;
mod hangup;
mod hostile;
mod legal;
mod lifetimes;
mod limits;
mod logins;
mod metrics;
mod pages;
mod policy;
mod proxy_http;
mod proxy_sse;
mod public_mode;
mod refused_tokens;
mod reload;
mod sessions;
mod sessions_page;
mod shutdown;
mod slow_readers;
mod stores;
mod tls;
#[cfg(feature = "otel")]
mod traces;
mod unasked_answers;
mod userscript;
mod websocket_flow;
mod websocket_handshake;
mod websocket_limits;
mod websocket_refusals;
mod world;
