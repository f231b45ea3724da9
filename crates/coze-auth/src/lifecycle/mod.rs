//! Keeps tokens valid: [`TokenSource`] is the only way to a token.
//!
//! From the ground up: `policy` decides when, `kept` caches what is served, `single_flight` allows one renewal per subject
//! in this process, `lease` one among all processes; `failures` and `lost` limit retries. `renewals` joins them. On top of
//! it `mint` renews service apps and `rotation` renews logins, `attempt` runs either. `token_source` is the public face,
//! `builder` makes it, `login` begins and ends logins, `keep_alive` renews idle ones.

mod attempt;
mod builder;
mod failures;
mod keep_alive;
mod kept;
mod lease;
mod login;
mod lost;
mod mint;
mod policy;
mod renewals;
mod rotation;
mod single_flight;
mod token_source;

pub use builder::{BuildError, TokenSourceBuilder};
pub use login::LoginStatus;
pub use policy::{Decision, InvalidPolicy, Policy, Schedule};
pub use token_source::TokenSource;
