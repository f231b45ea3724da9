//! Which access token stands for whom, and which assertions were spent.
//!
//! A token is bound to an app, a session name and an end (protocol 2.3, 5). The pair (app, session name) is the
//! [`Identity`] that owns conversations; a personal access token cannot carry a session name, so all its users share one.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Whose conversations a request may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    /// App that made the token; `None` for the account's own personal access token.
    pub(crate) client_id: Option<String>,
    /// `session_name` of the assertion.
    pub(crate) session_name: Option<String>,
}

impl Identity {
    /// The account itself, as seen through a personal access token.
    pub(crate) const ACCOUNT: Self = Self {
        client_id: None,
        session_name: None,
    };
}

/// What a valid token allows.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) identity: Identity,
    /// Bots named in `scope.attribute_constraint`; `None` means all.
    pub(crate) bot_ids: Option<Vec<String>>,
    /// Unix seconds; from then on the token is invalid.
    pub(crate) expires_at: i64,
}

/// The platform's book of tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    grants: HashMap<String, Grant>,
    /// (iss, jti) -> `exp` of the assertion, after which it cannot come again anyway.
    spent_assertions: HashMap<(String, String), i64>,
}

impl Tokens {
    /// Remembers that (`iss`, `jti`) was used. Returns false when it had been used before: an assertion buys one token
    /// (protocol 2.1).
    pub(crate) fn spend_assertion(&self, iss: &str, jti: &str, exp: i64, now: i64) -> bool {
        let mut book = self.book();
        book.spent_assertions.retain(|_, exp| *exp > now);
        book.spent_assertions
            .insert((iss.to_owned(), jti.to_owned()), exp)
            .is_none()
    }

    pub(crate) fn issue(&self, token: String, grant: Grant, now: i64) {
        let mut book = self.book();
        book.grants.retain(|_, grant| grant.expires_at > now);
        book.grants.insert(token, grant);
    }

    /// Returns what `token` allows now; `None` when it is unknown or expired.
    pub(crate) fn find(&self, token: &str, now: i64) -> Option<Grant> {
        self.book()
            .grants
            .get(token)
            .filter(|grant| grant.expires_at > now)
            .cloned()
    }

    /// Returns the session name that `token` carries, for the journal.
    pub(crate) fn session_name(&self, token: &str) -> Option<String> {
        self.book().grants.get(token)?.identity.session_name.clone()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("live", &self.book().grants.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_ends_in_the_second_it_names() {
        let tokens = Tokens::default();
        let grant = Grant {
            identity: Identity::ACCOUNT,
            bot_ids: None,
            expires_at: 100,
        };

        tokens.issue("czs_x".to_owned(), grant, 0);

        assert!(tokens.find("czs_x", 99).is_some());
        assert!(tokens.find("czs_x", 100).is_none());
    }

    #[test]
    fn assertion_is_spent_once_per_issuer() {
        let tokens = Tokens::default();

        assert!(tokens.spend_assertion("1", "a", 100, 0));
        assert!(!tokens.spend_assertion("1", "a", 100, 1));
        assert!(tokens.spend_assertion("2", "a", 100, 1));
    }
}
