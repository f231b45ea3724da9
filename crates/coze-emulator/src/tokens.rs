//! Which access token stands for whom, and which assertions were spent.
//!
//! A token is bound to an app, an account, a session name, a scope and an end (protocol 2.3, 5). App, account and session
//! name are the [`Identity`] that owns conversations; a personal access token and a user's token cannot carry a session
//! name, so all who use it share one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whose conversations a request may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    /// App that made the token; `None` for the account's own personal access token.
    pub(crate) client_id: Option<String>,
    /// `session_name` of the assertion.
    pub(crate) session_name: Option<String>,
    pub(crate) tenant: Tenant,
}

/// In whose name a token acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Tenant {
    /// The demo account.
    Own,
    /// Another account, named in the token endpoint's path (protocol 2.2).
    Account(String),
    /// An enterprise, named there too.
    Enterprise(String),
}

impl Identity {
    /// The account itself, as seen through a personal access token.
    pub(crate) const ACCOUNT: Self = Self {
        client_id: None,
        session_name: None,
        tenant: Tenant::Own,
    };
}

/// What `scope` narrows a token to; `None` means everything that the app may do (protocol 2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// `account_permission.permission_list`
    pub(crate) permissions: Option<Vec<String>>,
    /// `attribute_constraint.connector_bot_chat_attribute.bot_id_list`
    pub(crate) bot_ids: Option<Vec<String>>,
}

/// What a valid token allows.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) identity: Identity,
    pub(crate) scope: Scope,
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

    /// Ends `token` before its time.
    pub(crate) fn revoke(&self, token: &str) {
        self.book().grants.remove(token);
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
            scope: Scope::default(),
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
