//! Renewal of a login: the old refresh token for a new pair (RFC 6749 section 6, protocol 3.2).
//!
//! The platform rotates: once it has answered, the old refresh token is void, whether or not the answer arrives. So it is
//! sent once, under a lease, and what comes back is saved before anything else happens (`lifecycle::rotation`).

use crate::app::LoginClient;
use crate::secret::RefreshToken;
use serde_json::{Value, json};
use std::time::Duration;

const GRANT_TYPE: &str = "refresh_token";

/// How long a refresh token lives (protocol 3.2). The answers do not say.
pub(crate) const REFRESH_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// The old refresh token with the app's proof.
#[derive(Debug)]
pub(crate) struct Refresh<'a> {
    pub(crate) client: &'a LoginClient,
    pub(crate) refresh_token: &'a RefreshToken,
}

impl Refresh<'_> {
    pub(crate) fn body(&self) -> Value {
        json!({
            "grant_type": GRANT_TYPE,
            "client_id": self.client.client_id,
            "refresh_token": self.refresh_token.expose(),
        })
    }
}
