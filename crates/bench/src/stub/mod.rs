//! The platform's place: answers as quickly as it can, and knows exactly what it has sent.
//!
//! | file | owns |
//! |---|---|
//! | [`serve`] | the connections of the API, in clear and with TLS, and of the small service that nginx asks for a credential |
//! | [`emitter`] | event streams that have been opened, and the schedule by which their events leave |
//!
//! It runs in this program, on threads of its own: so a measure can wait for what has arrived here, and read its clock.

mod answers;
mod emitter;
mod serve;

pub(crate) use answers::{CONSTANT_TOKEN, json_body};
pub(crate) use emitter::{Plan, time_of};
pub(crate) use serve::Stub;
