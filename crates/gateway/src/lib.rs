//! Assembly of cozegate's services: starts both listeners on a checked configuration, applies a new one, stops them.
//!
//! | module | question it answers |
//! |---|---|
//! | `start` | what is made in which order, and what can go wrong? |
//! | `running` | what takes effect while the services run, and how do they stop? |
//! | `live` | what of the shared state does a configuration decide? |
//! | `auth_service` | how is the portal served on its listener? (the proxy brings threads of its own) |
//! | `session_watch`, `sweep` | which sessions have ended elsewhere, and what can be removed from the store? |
//! | [`store`] | which store does the configuration name, and with which key? |
//! | [`routes`] | what is served, for tests that walk every route |
//!
//! The cli is the only user: it reads arguments, prints, and decides about exit codes. Nothing here prints.

mod auth_service;
mod live;
#[doc(hidden)]
pub mod routes;
mod running;
mod session_watch;
mod start;
mod start_error;
pub mod store;
mod sweep;

pub use running::Running;
pub use start::{Services, StartRequest, start};
pub use start_error::{Service, StartError};
