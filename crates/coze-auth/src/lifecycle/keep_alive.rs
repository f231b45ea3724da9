//! Renews idle logins, so that a refresh token of thirty days outlives a quiet month (protocol 3.2).
//!
//! The store knows which ones are due. Each is renewed like any other: once, by one instance. A login that is lost is
//! skipped until a person logs in again.

use super::renewals::Renewals;
use super::token_source::TokenSource;
use crate::store::{DueQuery, TokenKey};
use crate::subject::Subject;
use std::sync::Arc;
use tokio::time::sleep;

/// How many due logins are asked for at a time, besides those that are known to be lost.
const BATCH: usize = 100;

impl TokenSource {
    /// Keeps idle logins alive until it is dropped. Never returns; to be spawned by the host next to its other work.
    ///
    /// Apps without logins need none of it; for them it only waits.
    pub async fn keep_alive(self) {
        let Some((renewals, _)) = self.logins() else {
            return std::future::pending().await;
        };
        loop {
            renewals.renew_idle().await;
            sleep(renewals.policy.keep_alive_interval).await;
        }
    }

    /// Renews the logins that are due now, and returns how many it tried. For a host with a timer of its own.
    pub async fn renew_idle_logins(&self) -> usize {
        match self.logins() {
            Some((renewals, _)) => renewals.renew_idle().await,
            None => 0,
        }
    }
}

impl Renewals {
    async fn renew_idle(self: &Arc<Self>) -> usize {
        let TokenKey {
            audience,
            client_id,
            tenant,
            ..
        } = self.key(&Subject::app());
        let query = DueQuery {
            audience: &audience,
            client_id: &client_id,
            tenant: tenant.as_deref(),
            now: self.clock.now(),
            limit: BATCH.saturating_add(self.lost.count()),
        };
        let due = match self.store.due(query).await {
            Ok(due) => due,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "Could not look for logins that are due");
                return 0;
            }
        };
        let mut tried = 0;
        for key in due {
            if self.failures.in_force(&key.subject, self.clock.now()).is_none() {
                // One after the other: no caller waits for them. A failure is logged and remembered there.
                self.renewed_token(&key.subject).await.ok();
                tried += 1;
            }
        }
        tried
    }
}
