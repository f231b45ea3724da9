//! What the journal tells about a request of the OAuth family beyond its HTTP side: which step it was, for which app, and
//! what came of it.
//!
//! Written while the platform acts, before the answer leaves: a rotation whose answer was lost on the way is told too.
//! Codes, secrets and tokens are not kept; a login has a number instead.

use serde::Serialize;

/// One step of one flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OAuthStep {
    /// Which endpoint it was.
    pub endpoint: OAuthEndpoint,
    /// `grant_type` of a token request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The app: from the request, or the `iss` of a good assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What came of it: `issued`, `asked`, `approved`, `denied`, or the error code.
    pub outcome: String,
    /// The refusal in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Number of the login that a user's token belongs to, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<u64>,
    /// How often that login has been refreshed, this time included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<u32>,
    /// Whether a spent code or a dead refresh token came again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reuse: bool,
    /// Life that was asked for with an assertion, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
    /// Permissions listed in `scope`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// Bots listed in `scope`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_ids: Option<Vec<String>>,
    /// `session_context.device_info.device_id` of the assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// `session_context.device_info.custom_consumer` of the assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_consumer: Option<String>,
}

/// The endpoints and pages of the OAuth family.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OAuthEndpoint {
    /// The token endpoint, in all its forms.
    #[default]
    Token,
    /// The authorize redirect.
    Authorize,
    /// A person's answer on the consent page.
    Consent,
    /// Start of the device flow.
    DeviceCode,
    /// A person's answer on the device page.
    Device,
}

impl OAuthStep {
    pub(crate) fn at(endpoint: OAuthEndpoint) -> Self {
        Self {
            endpoint,
            ..Self::default()
        }
    }
}
