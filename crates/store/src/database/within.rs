//! Time limit of database work.

use super::error::{DatabaseError, PATIENCE};
use std::future::Future;

/// Does database work that ends: with an answer, an error, or after [`PATIENCE`].
pub(super) async fn within<T>(
    operation: &'static str,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, DatabaseError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(DatabaseError::Failed { operation, source }),
        Err(_) => Err(DatabaseError::TimedOut { operation }),
    }
}
