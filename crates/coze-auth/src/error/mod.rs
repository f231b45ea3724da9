//! Errors of token requests and logins.
//!
//! [`AuthError`] is what callers receive. The other types are parts of it, one file per part.

mod answer_flaw;
mod auth_error;
mod failed_side;
mod login;
mod refusal;

pub use answer_flaw::AnswerFlaw;
pub use auth_error::AuthError;
pub use failed_side::FailedSide;
pub use login::{InvalidRedirectUri, LoginFailure, LoginLoss};
pub use refusal::{Refusal, RefusalKind};
