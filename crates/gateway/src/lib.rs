//! What cozegate's HTTP service does: a proxy for the platform's API on 8080, an auth service on 8081.
//!
//! | folder | question it answers |
//! |---|---|
//! | [`config`] | what did the operator ask for? |
//! | [`guard`] | may this request be answered at all? |
//! | [`caller`] | who is calling, and for whom? |
//! | [`limits`] | how much of everything may a caller use? |
//! | `exchanges` | which exchanges run, and whose session has ended? |
//! | `proxy` | how does a request travel to the platform and its answer back? (8080) |
//! | [`portal`] | tokens, sessions and the pages around them (8081) |
//! | [`problem`] | what does a caller see when something is wrong? |
//! | [`text`] | in which words? |
//! | `telemetry` | what happened, counted and written down |
//! | [`service`] | how does it all start and stop? |
//!
//! The cli is the only user: it reads arguments, prints, and decides about exit codes. Nothing here prints, and the
//! environment is read in `config::env` only.

mod addresses;
mod alarm;
mod api_path;
mod apps;
pub mod caller;
pub mod config;
mod connections;
mod cookies;
pub mod dns;
mod encoding;
mod exchanges;
mod fields;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod guard;
pub mod hardening;
pub mod limits;
mod listen;
mod media_type;
mod ownership;
pub mod portal;
pub mod problem;
mod proxy;
pub mod reminder;
#[doc(hidden)]
pub mod routes;
pub mod service;
mod session_watch;
mod sites;
mod state;
pub mod store;
mod targets;
mod telemetry;
pub mod text;

pub use apps::{TokenMeans, token_source};
pub use service::{Running, Service, Services, StartError, StartRequest, start};
