//! Who is calling, and for whom?
//!
//! A caller proves itself with what it sends; what comes out is a [`Caller`], the only thing that the proxy asks for
//! when it chooses a credential. The ways to prove a user, strongest first, get a file each:
//!
//! | file | proof | who makes the id |
//! |---|---|---|
//! | (to come) `ticket.rs`, `assertion.rs`, `login_session.rs` | the site's back end, its signature, a login | the site |
//! | [`anonymous`] | a cookie that we signed | we, at random |
//! | [`credential`] | the handle that any of these gave out | - |
//!
//! Where it calls from is worked out in `address`: from the peer, and from what a trusted proxy says.
//!
//! How a proved id becomes the platform's `session_name` is decided in [`session_name`] and nowhere else.

mod address;
pub mod anonymous;
pub mod credential;
pub mod session_name;
mod visitor_id;

pub use address::unwrap_ipv4;
pub use address::{ClientAddress, ClientNetwork, TrustedProxies};
pub use anonymous::{IssuedVisitor, ShownVisitor, VisitorCookie};
pub use credential::{Caller, Presented, presented};
pub use session_name::VisitorKeys;
pub use visitor_id::VisitorId;
