//! Background task that removes from the store what has ended.

use cozegate_core::state::Shared;
use cozegate_core::telemetry::labels::StoreUse;
use std::sync::Arc;
use std::time::Duration;

/// How often what has ended is removed from the store.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// Removes what has ended from the store, until we stop. Any number of instances may do so.
pub(crate) async fn sweep(shared: Arc<Shared>) {
    let sweeping = async {
        // Decided with the first start: from then on passes without a date count.
        if let Err(error) = shared.backend.passes_dated_since(shared.means.clock.now()).await {
            shared.telemetry.common().store_failed(StoreUse::Handles);
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Could not note since when passes of visitors carry a date; the first use of an old one does"
            );
        }
        loop {
            match shared.backend.sweep(shared.means.clock.now()).await {
                Ok(0) => {}
                Ok(rows) => tracing::debug!(rows, "Removed what has ended from the store"),
                Err(error) => {
                    shared.telemetry.common().store_failed(StoreUse::Sweep);
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Could not remove what has ended"
                    );
                }
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    };
    shared.stop.run_until_cancelled(sweeping).await;
}
