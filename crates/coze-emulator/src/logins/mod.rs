//! What people have allowed: questions on the consent page, codes, device authorizations, and the logins that come of
//! them (protocol 3).
//!
//! State and rules only. It is told the time, knows no HTTP, and does each check and the change after it under one lock,
//! so that of two requests with the same code or refresh token exactly one succeeds. What these steps look like on the
//! wire is `oauth`.

mod challenge;
mod code;
mod device;
mod refresh;

pub(crate) use challenge::Challenge;
pub(crate) use code::{BadCode, CodeClaim, Question};
pub(crate) use device::{DeviceAnswer, DeviceAuthorization, DevicePace, Poll};
pub use refresh::RefreshPolicy;
pub(crate) use refresh::{Issued, Refreshed};

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

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

/// The platform's book of questions, codes and logins.
pub(crate) struct Logins {
    book: Mutex<Book>,
}

struct Book {
    consent: ConsentMode,
    policy: RefreshPolicy,
    questions: HashMap<String, code::Question>,
    codes: HashMap<String, code::Code>,
    devices: HashMap<String, DeviceAuthorization>,
    logins: refresh::Families,
}

impl Logins {
    pub(crate) fn new(consent: ConsentMode, policy: RefreshPolicy) -> Self {
        Self {
            book: Mutex::new(Book {
                consent,
                policy,
                questions: HashMap::new(),
                codes: HashMap::new(),
                devices: HashMap::new(),
                logins: refresh::Families::default(),
            }),
        }
    }

    pub(crate) fn consent(&self) -> ConsentMode {
        self.book().consent
    }

    pub(crate) fn set_consent(&self, consent: ConsentMode) {
        self.book().consent = consent;
    }

    pub(crate) fn set_policy(&self, policy: RefreshPolicy) {
        self.book().policy = policy;
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins")
            .field("consent", &self.consent())
            .finish_non_exhaustive()
    }
}
