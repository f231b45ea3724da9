//! Logins of people at the platform: what the pages of the auth service and the command line share.
//!
//! | file | owns |
//! |---|---|
//! | `browser_binding` | the cookie that binds a login to the browser in which it was begun |
//! | [`loopback`] | the command line's own listener, for one login (RFC 8252 7.3) |
//!
//! How a login goes on from there is `coze-auth`'s; what people see of it stands in `portal`.

pub(crate) mod browser_binding;
pub mod loopback;
