//! Errors of a token store.

use super::version::Version;
use crate::box_error::BoxError;
use std::sync::Arc;

/// Why a store could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another instance saved first. Its token can be loaded.
    #[error("another instance saved a token first")]
    VersionConflict,
    /// Another instance has taken the lease of this save.
    #[error("another instance has taken over the renewal of this token")]
    Fenced,
    /// There is a token, but it was altered, or sealed with a key that is not here. A save that expects this
    /// version replaces it.
    #[error("could not read the stored token")]
    Unreadable {
        /// Its version, as far as that can be read.
        version: Version,
        /// What happened below.
        #[source]
        source: Arc<BoxError>,
    },
    /// The store could not be reached, or could not do its work.
    #[error("could not {operation} in the token store")]
    Unavailable {
        /// What was tried: `load a token`.
        operation: &'static str,
        /// What happened below.
        #[source]
        source: Arc<BoxError>,
    },
}
