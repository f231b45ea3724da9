//! What is stored under one name does not open: the error of every kind of row.

use crate::seal::{Place, SealError};

/// What is stored under one name does not open, or could not be sealed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("could not read what is stored in {column}")]
pub struct UnreadableRow {
    /// Table and column.
    pub column: &'static str,
    /// Why.
    #[source]
    pub source: SealError,
}

impl UnreadableRow {
    pub(crate) fn at(place: Place<'_>) -> impl FnOnce(SealError) -> Self {
        let column = place.column;
        move |source| Self { column, source }
    }
}
