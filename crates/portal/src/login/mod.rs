//! Logins of people at the platform, in pages: for apps of kind `web`, `pkce` and `device`.
//!
//! | request | file |
//! |---|---|
//! | `GET /login?app=NAME` | `begin`: begins a login, or shows how one stands |
//! | the app's redirect URI (`GET /callback?code=..&state=..`) | `finish` |
//! | `GET /device?app=NAME` | `device` |
//! | `GET`, `POST /logout` | `logout` |
//!
//! What they share stands in `status`. `browser_binding` binds a login to the browser in which it was begun. The command
//! line has a listener of its own for one login ([`loopback`], RFC 8252 7.3).
//!
//! In local mode there is one person, so an app has one login and all its visitors share it (`Subject::app`). Whoever
//! logs in or out ends every session that was opened before: a page must not go on as somebody else without knowing.

pub(super) mod begin;
mod browser_binding;
pub(super) mod device;
pub(super) mod finish;
pub(super) mod logout;
pub mod loopback;
mod status;
