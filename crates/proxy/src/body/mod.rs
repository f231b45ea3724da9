//! Bodies on their way through: frames as they come, bytes never altered.
//!
//! | file | owns |
//! |---|---|
//! | [`upload`] | the caller's request body; a small one is kept, so that it can be sent a second time |
//! | [`answer`] | what comes back: ours, or the platform's with the connection that it arrives on |
//! | [`events`] | where an event stream may be cut |

mod answer;
mod event_tap;
mod events;
#[cfg(test)]
mod tests;
mod upload;

pub(super) use answer::{Answer, EventDialect};
#[cfg(any(test, feature = "fuzzing"))]
pub(super) use events::WholeEvents;
pub(super) use upload::{Bounds, Course, Upload};
