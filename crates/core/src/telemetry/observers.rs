//! What the token library and the store tell: listeners between them and the counts.

use super::Telemetry;
use super::labels::{Grant, StoreUse, TokenOutcome};
use super::metrics::Metrics;
use coze_auth::{
    DueQuery, Lease, LeaseRequest, Observer, Save, StoreError, StoreFuture, Stored, TokenKey, TokenRequested,
    TokenStore, Version,
};
use std::sync::Arc;
use std::time::Duration;

/// Counts requests to the token endpoint, and traces them.
#[derive(Debug)]
pub struct CountedRequests(pub Arc<Telemetry>);

impl Observer for CountedRequests {
    fn token_requested(&self, request: TokenRequested<'_>) {
        let outcome = TokenOutcome::from(request.error);
        let grant = Grant::from(request.grant);
        self.0.common().token_requested(grant, outcome, request.took);
        #[cfg(feature = "otel")]
        if let Some(traces) = self.0.traces() {
            traces.token_requested(grant, outcome, request.took);
        }
    }
}

/// Counts what a store of tokens could not do. That somebody else was faster is no error.
#[derive(Debug)]
pub struct CountedStore {
    pub store: Arc<dyn TokenStore>,
    pub metrics: Arc<Metrics>,
}

impl CountedStore {
    fn counted<'a, T: 'a>(&'a self, purpose: StoreUse, work: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let outcome = work.await;
            match &outcome {
                Err(StoreError::Unavailable { .. } | StoreError::Unreadable { .. }) => {
                    self.metrics.store_failed(purpose);
                }
                Err(StoreError::VersionConflict | StoreError::Fenced) | Ok(_) => {}
            }
            outcome
        })
    }
}

impl TokenStore for CountedStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        self.counted(StoreUse::Tokens, self.store.load(key))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, save: Save<'a>) -> StoreFuture<'a, Version> {
        self.counted(StoreUse::Tokens, self.store.save(key, save))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey, expected: Version) -> StoreFuture<'a, ()> {
        self.counted(StoreUse::Tokens, self.store.delete(key, expected))
    }

    fn due<'a>(&'a self, query: DueQuery<'a>) -> StoreFuture<'a, Vec<TokenKey>> {
        self.counted(StoreUse::Tokens, self.store.due(query))
    }

    fn take_lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Option<Lease>> {
        self.counted(StoreUse::Leases, self.store.take_lease(request))
    }

    fn extend_lease<'a>(&'a self, lease: &'a Lease, time: Duration) -> StoreFuture<'a, bool> {
        self.counted(StoreUse::Leases, self.store.extend_lease(lease, time))
    }

    fn release_lease<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, ()> {
        self.counted(StoreUse::Leases, self.store.release_lease(lease))
    }
}
