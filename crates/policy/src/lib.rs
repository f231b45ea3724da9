//! Visitor policy: what a caller may ask of the platform, closed by default (identity.md A); and the pure part of the
//! ownership register.
//!
//! Nothing here reads a clock, a file, a socket or the environment. The crate takes bytes and names, and returns
//! decisions, so that every rule is tested without a server.
//!
//! The steps of the policy are separate functions, so that each refusal happens before the next step costs anything:
//! [`find`], [`Subject::check_operation`], [`Subject::check_query`], [`Subject::check_head`], [`Subject::check_body`].
//! What they find out about a request is collected in [`Facts`]; the ids in it are then looked up in the ownership
//! register by the caller.

mod decide;
mod denial;
pub mod fields;
pub mod filter;
mod group;
pub mod id;
mod json;
mod operation;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod oracle;
pub mod ownership;
mod path;
mod query;
mod rules;
mod table;

pub use decide::{BodyPlan, Facts, Grade, Subject};
pub use denial::{Ambiguity, Denial, Name};
pub use group::{Access, Columns, Group, GroupSet};
pub use id::Id;
pub use operation::{Body, Check, Field, Learns, Method, Operation};
pub use path::{Matched, find};
pub use rules::{Bots, Enforcement, SiteRules, folded_checked_name};
pub use table::operations;
