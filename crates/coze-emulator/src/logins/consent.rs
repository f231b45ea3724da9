//! The demo user's answer to an app that asks for access.

use serde::{Deserialize, Serialize};

/// What the demo user answers when an app asks for access.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsentMode {
    /// A person decides on a page.
    #[default]
    Ask,
    /// Yes, at once and without a page; also to devices that are waiting.
    Approve,
    /// No, at once and without a page; also to devices that are waiting.
    Deny,
}

/// The answer to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    Approve,
    Deny,
}

impl ConsentMode {
    /// Returns the answer that needs no person.
    pub(crate) fn decision(self) -> Option<Decision> {
        match self {
            Self::Ask => None,
            Self::Approve => Some(Decision::Approve),
            Self::Deny => Some(Decision::Deny),
        }
    }
}
