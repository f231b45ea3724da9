//! A question on the consent page, and the code that an approval turns it into (protocol 3.1).

use super::challenge::Challenge;

/// A checked authorize request: the app asks the demo user for access.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) challenge: Option<Challenge>,
    /// Unix seconds.
    pub(crate) asked_at: i64,
}

/// A code on its way to the token endpoint.
pub(super) struct Code {
    pub(super) question: Question,
    pub(super) expires_at: i64,
    /// The login that the code has already bought.
    pub(super) spent_on: Option<u64>,
}
