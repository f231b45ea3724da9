//! Where tokens rest between two processes or after a restart: a trait, since a stranger may bring a database.
//!
//! Every saved token has a version, and saving names the version that it replaces. So two instances that renewed at the
//! same time notice it, and the later one can take the earlier one's token. [`MemoryStore`] keeps nothing beyond the process.

use crate::clock::UnixSeconds;
use crate::error::BoxError;
use crate::subject::Subject;
use crate::token_set::TokenSet;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// What a store's functions return: boxed, so that the trait can be used as `dyn TokenStore`.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps tokens. Functions may wait, but must end by themselves.
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// Returns what was saved last under `key`.
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>>;

    /// Saves a token if what is there still has the version `expected` (`None`: nothing is there), and returns its
    /// version. Otherwise changes nothing and answers [`StoreError::VersionConflict`].
    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token_set: TokenSet,
        expected: Option<Version>,
    ) -> StoreFuture<'a, Version>;
}

/// Names one kept token: the platform, the app there and the subject.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct TokenKey {
    /// The platform, as the audience of its assertions (`api.coze.cn`).
    pub audience: String,
    /// The app.
    pub client_id: String,
    /// Whose token.
    pub subject: Subject,
}

impl TokenKey {
    /// Returns a SHA-256 over all parts: a fixed-size key for a database that need not hold users' names.
    pub fn digest(&self) -> [u8; 32] {
        self.subject.digest(&[&self.audience, &self.client_id])
    }
}

/// A saved token with its version.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The token.
    pub token_set: TokenSet,
    /// What a later save has to name.
    pub version: Version,
}

/// Counts the saves under one key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version(pub u64);

/// Why a store could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else saved first. What they saved can be loaded.
    #[error("another instance saved a token first")]
    VersionConflict,
    /// The store could not be reached or could not be read.
    #[error("could not {operation} in the token store")]
    Unavailable {
        /// What was tried: `load a token`.
        operation: &'static str,
        /// What happened below.
        #[source]
        source: Arc<BoxError>,
    },
}

/// How many tokens are saved between two sweeps, at least.
const SWEEP_EVERY: usize = 1024;

/// Keeps tokens in this process. Ended tokens are swept out now and then while others are saved.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    stored: HashMap<TokenKey, Stored>,
    /// The number of tokens at which the next sweep is due.
    sweep_at: usize,
}

impl Shelf {
    fn save(&mut self, key: &TokenKey, token_set: TokenSet, expected: Option<Version>) -> Result<Version, StoreError> {
        let found = self.stored.get(key).map(|stored| stored.version);
        if found != expected {
            return Err(StoreError::VersionConflict);
        }
        self.sweep(token_set.issued_at);
        let version = Version(found.map_or(1, |version| version.0.saturating_add(1)));
        self.stored.insert(key.clone(), Stored { token_set, version });
        Ok(version)
    }

    /// Drops what has ended. Due only when the shelf has doubled since the last time, so a save costs the same on average
    /// however many there are.
    fn sweep(&mut self, now: UnixSeconds) {
        if self.stored.len() < self.sweep_at.max(SWEEP_EVERY) {
            return;
        }
        self.stored
            .retain(|_, stored| stored.token_set.expires_at.is_none_or(|end| end > now));
        self.sweep_at = self.stored.len().saturating_mul(2);
    }
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        let stored = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stored
            .get(key)
            .cloned();
        Box::pin(std::future::ready(Ok(stored)))
    }

    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token_set: TokenSet,
        expected: Option<Version>,
    ) -> StoreFuture<'a, Version> {
        let saved = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .save(key, token_set, expected);
        Box::pin(std::future::ready(saved))
    }
}
