//! Logins whose refresh token was refused, so that it is not sent again.
//!
//! Bound to the version in the store. A new login, here or in another process, makes another version, and the note no
//! longer counts. It is not written into the store: an instance that was slow to save a good pair would find its
//! version gone.

use crate::error::LoginLoss;
use crate::store::{TokenKey, Version};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known about refresh tokens that are no good, or may not be.
#[derive(Debug, Default)]
pub(super) struct LostLogins(Mutex<HashMap<TokenKey, Note>>);

#[derive(Debug)]
struct Note {
    version: Version,
    found: Found,
}

#[derive(Debug)]
enum Found {
    /// A request with it got no answer.
    Unanswered,
    /// It was refused.
    Lost { cause: LoginLoss, log_id: Option<String> },
}

impl LostLogins {
    /// Returns why this version of a login is lost, and the log id of the refusal.
    pub(super) fn find(&self, key: &TokenKey, version: Version) -> Option<(LoginLoss, Option<String>)> {
        let notes = self.notes();
        match &notes.get(key).filter(|note| note.version == version)?.found {
            Found::Unanswered => None,
            Found::Lost { cause, log_id } => Some((*cause, log_id.clone())),
        }
    }

    /// Says whether a request with this version got no answer, so that its refusal would mean something else.
    pub(super) fn is_unanswered(&self, key: &TokenKey, version: Version) -> bool {
        let notes = self.notes();
        let note = notes.get(key).filter(|note| note.version == version);
        note.is_some_and(|note| matches!(note.found, Found::Unanswered))
    }

    pub(super) fn note_unanswered(&self, key: &TokenKey, version: Version) {
        let found = Found::Unanswered;
        self.notes().insert(key.clone(), Note { version, found });
    }

    pub(super) fn note_lost(&self, key: &TokenKey, version: Version, cause: LoginLoss, log_id: Option<String>) {
        let found = Found::Lost { cause, log_id };
        self.notes().insert(key.clone(), Note { version, found });
    }

    pub(super) fn forget(&self, key: &TokenKey) {
        self.notes().remove(key);
    }

    pub(super) fn count(&self) -> usize {
        self.notes().len()
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<TokenKey, Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
