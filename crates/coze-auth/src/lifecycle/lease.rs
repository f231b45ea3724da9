//! Holding a lease: prolonging it for as long as the work takes, and noticing that it is gone.

use crate::store::{Lease, LeaseRequest, StoreError, TokenStore};
use std::time::Duration;
use tokio::time::sleep;

/// Who asks for leases, and for how long.
#[derive(Debug)]
pub(super) struct Leasing {
    /// Random per token source.
    pub(super) holder: String,
    pub(super) time: Duration,
}

impl Leasing {
    /// Takes a lease unless another holder has it.
    pub(super) async fn take(&self, store: &dyn TokenStore, name: &str) -> Result<Option<Lease>, StoreError> {
        let request = LeaseRequest {
            name,
            holder: &self.holder,
            time: self.time,
        };
        store.take_lease(request).await
    }

    /// Does `work` while prolonging the lease every third of its time. Nothing is spawned, so whatever ends the work
    /// ends the prolonging. A lease that was lost does not stop the work: what it brings is saved by version all the
    /// same.
    pub(super) async fn hold<T>(&self, store: &dyn TokenStore, lease: &Lease, work: impl Future<Output = T>) -> T {
        let prolonging = async {
            loop {
                sleep(self.time / 3).await;
                match store.extend_lease(lease, self.time).await {
                    Ok(true) => {}
                    Ok(false) => {
                        tracing::warn!("Another instance took over a renewal that is still running here");
                        return std::future::pending().await;
                    }
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "Could not prolong a lease");
                    }
                }
            }
        };
        tokio::select! {
            biased;
            done = work => done,
            never = prolonging => never,
        }
    }

    /// Ends a lease without giving it back: the next holder sees that something was lost before it.
    pub(super) async fn leave(&self, store: &dyn TokenStore, lease: &Lease) {
        if let Err(error) = store.extend_lease(lease, Duration::ZERO).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "Could not end a lease");
        }
    }

    /// Gives a lease back. After a failure the others wait until it ends.
    pub(super) async fn release(&self, store: &dyn TokenStore, lease: &Lease) {
        if let Err(error) = store.release_lease(lease).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "Could not give a lease back");
        }
    }
}
