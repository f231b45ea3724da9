//! What both listeners need, and neither owns.
//!
//! | module | question it answers |
//! |---|---|
//! | [`connections`] | how are sockets accepted, and where does one request end? |
//! | [`guard`] | may this request be answered at all? |
//! | [`caller`] | who is calling, and for whom? |
//! | [`sites`], [`apps`] | which site and which app serve the caller? |
//! | [`limits`] | how much of everything may a caller use? |
//! | [`exchanges`] | which exchanges run, and whose session has ended? |
//! | [`ownership`] | which visitor may use which conversation and file? |
//! | [`problem`] | what does a caller see when something is wrong? |
//! | [`telemetry`] | what happened, counted and written down |
//! | [`state`] | the one value that holds all of it |
//!
//! Nothing here knows a route, a page or the platform's API. The environment is read in `cozegate_config` only.

pub mod addresses;
pub mod alarm;
pub mod api_path;
pub mod apps;
pub mod asked;
pub mod caller;
pub mod connections;
pub mod cookies;
pub mod dns;
pub mod encoding;
pub mod exchanges;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod guard;
pub mod hardening;
pub mod limits;
pub mod listen;
pub mod media_type;
pub mod ownership;
pub mod problem;
pub mod reminder;
pub mod sites;
pub mod state;
pub mod targets;
pub mod telemetry;
