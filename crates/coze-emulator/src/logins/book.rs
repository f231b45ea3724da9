//! State of all questions, codes, device authorizations and logins, behind one lock.

use super::consent::ConsentMode;
use super::device_authorization::DeviceAuthorization;
use super::question::{Code, Question};
use super::refresh::{Families, Issued, RefreshPolicy, Refreshed};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The platform's book of questions, codes and logins.
pub(crate) struct Logins {
    book: Mutex<Book>,
}

pub(super) struct Book {
    pub(super) consent: ConsentMode,
    pub(super) policy: RefreshPolicy,
    pub(super) questions: HashMap<String, Question>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) devices: HashMap<String, DeviceAuthorization>,
    pub(super) logins: Families,
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
                logins: Families::default(),
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

    /// Hands out the first tokens of a login that has just begun.
    pub(crate) fn hand_out(&self, login: u64, issued: Issued) {
        self.book().logins.hand_out(login, issued);
    }

    /// Replaces the refresh token `old` by those in `next`, if it is the one that works.
    pub(crate) fn refresh(&self, client_id: &str, old: &str, next: Issued, now: i64) -> Refreshed {
        let mut book = self.book();
        let policy = book.policy;
        book.logins.rotate(client_id, old, next, policy, now)
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
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
