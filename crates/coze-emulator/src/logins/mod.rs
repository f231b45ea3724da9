//! What people have allowed: questions on the consent page, codes, device authorizations, and the logins that come of
//! them (protocol 3).
//!
//! State and rules only. It is told the time, knows no HTTP, and does each check and the change after it under one lock,
//! so that of two requests with the same code or refresh token exactly one succeeds. What these steps look like on the
//! wire is `oauth`.

mod book;
mod challenge;
mod code;
mod consent;
mod device;
mod device_authorization;
mod question;
mod refresh;

pub(crate) use book::Logins;
pub(crate) use challenge::Challenge;
pub(crate) use code::{BadCode, CodeClaim};
pub use consent::ConsentMode;
pub(crate) use consent::Decision;
pub(crate) use device::DeviceAnswer;
pub(crate) use device_authorization::{DeviceAuthorization, DevicePace, Poll};
pub(crate) use question::Question;
pub use refresh::RefreshPolicy;
pub(crate) use refresh::{Issued, Refreshed};
