//! Why Redis could not be used. No text here quotes a value or the URL.

use coze_auth::StoreError;
use std::sync::Arc;

/// Why Redis was not reached, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The text is no URL of a Redis server.
    #[error("the address of Redis is not of the form redis://user:password@host:6379/0")]
    InvalidUrl,
    /// No connection, or no access.
    #[error("could not connect to Redis")]
    Unreachable {
        /// What the client says.
        #[source]
        source: ::redis::RedisError,
    },
    /// Those who wrote there had another key.
    #[error(
        "the store is sealed with another key than the one given here; every process on one store needs the same key"
    )]
    OtherSealKey,
    /// The server was not reached, or refused.
    #[error("could not {operation} in Redis")]
    Failed {
        /// What was tried.
        operation: &'static str,
        /// What the client says.
        #[source]
        source: ::redis::RedisError,
    },
}

impl RedisError {
    /// Says the same in the words of [`coze_auth::TokenStore`].
    pub(super) fn into_store_error(self, operation: &'static str) -> StoreError {
        StoreError::Unavailable {
            operation,
            source: Arc::new(self.into()),
        }
    }
}
