//! Assembly of cozegate's services: starts both listeners on a checked configuration, applies a new one, stops them.
//!
//! | module | question it answers |
//! |---|---|
//! | [`service`] | how does it all start and stop? |
//! | [`store`] | which store does the configuration name, and with which key? |
//! | `session_watch` | which sessions have ended elsewhere? |
//! | [`routes`] | what is served, for tests that walk every route |
//!
//! The cli is the only user: it reads arguments, prints, and decides about exit codes. Nothing here prints.

#[doc(hidden)]
pub mod routes;
pub mod service;
mod session_watch;
pub mod store;

pub use service::{Running, Service, Services, StartError, StartRequest, start};
