//! Response bodies on their way to the caller: frames as they come, bytes never altered.
//!
//! | file | owns |
//! |---|---|
//! | [`answer`] | what comes back: ours, or the platform's with the connection that it arrives on |
//! | [`events`] | where an event stream may be cut |

mod answer;
mod event_tap;
mod events;
#[cfg(test)]
mod tests;

pub(super) use answer::{Answer, EventDialect};
#[cfg(any(test, feature = "fuzzing"))]
pub(super) use events::WholeEvents;
