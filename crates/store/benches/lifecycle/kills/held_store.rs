//! A store that waits for a word at one point of a renewal, so that its process can be killed exactly there.
//!
//! It changes nothing else: whoever is told to go on has used the real store.

use super::wire::{Report, Stop};
use crate::kill_point::KillPoint;
use coze_auth::{DueQuery, Lease, LeaseRequest, Save, StoreError, StoreFuture, Stored, TokenKey, TokenStore, Version};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Notify;

/// Where to wait next, and for what.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    stop: Mutex<Option<Stop>>,
    word: Notify,
}

impl Gate {
    /// Replaces the stop that was not reached yet, if there is one.
    pub(crate) fn set(&self, stop: Option<Stop>) {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = stop;
    }

    pub(crate) fn go_on(&self) {
        self.word.notify_one();
    }

    /// Returns the stop at `point` and lifts it.
    fn take(&self, point: KillPoint) -> Option<Stop> {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop.take_if(|stop| stop.point == point)
    }

    async fn wait(&self, stop: Stop) {
        Report::At(stop.point).send();
        self.word.notified().await;
    }

    async fn pass(&self, point: KillPoint) {
        if let Some(stop) = self.take(point) {
            self.wait(stop).await;
        }
    }
}

/// A real store behind a gate.
#[derive(Debug)]
pub(crate) struct HeldStore {
    inner: Arc<dyn TokenStore>,
    gate: Arc<Gate>,
}

impl HeldStore {
    pub(crate) fn new(inner: Arc<dyn TokenStore>, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }

    async fn save_held(&self, key: &TokenKey, save: Save<'_>) -> Result<Version, StoreError> {
        self.gate.pass(KillPoint::AnswerReceived).await;
        let saved = match self.gate.take(KillPoint::SaveUnderWay) {
            Some(stop) => self.save_by_steps(key, save, stop).await,
            None => self.inner.save(key, save).await,
        };
        if saved.is_ok() {
            self.gate.pass(KillPoint::Saved).await;
        }
        saved
    }

    /// Lets the save come as far as `save_steps` waits for the server, and leaves it there: a transaction that was begun,
    /// a row that was written, a commit that was sent.
    async fn save_by_steps(&self, key: &TokenKey, save: Save<'_>, stop: Stop) -> Result<Version, StoreError> {
        let mut work = self.inner.save(key, save);
        let mut left = stop.save_steps;
        let early = poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(saved) => Poll::Ready(Some(saved)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        });
        let early = early.await;
        self.gate.wait(stop).await;
        match early {
            Some(saved) => saved,
            None => work.await,
        }
    }
}

impl TokenStore for HeldStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        self.inner.load(key)
    }

    fn save<'a>(&'a self, key: &'a TokenKey, save: Save<'a>) -> StoreFuture<'a, Version> {
        Box::pin(self.save_held(key, save))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey, expected: Version) -> StoreFuture<'a, ()> {
        self.inner.delete(key, expected)
    }

    fn due<'a>(&'a self, query: DueQuery<'a>) -> StoreFuture<'a, Vec<TokenKey>> {
        self.inner.due(query)
    }

    fn take_lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Option<Lease>> {
        Box::pin(async move {
            self.gate.pass(KillPoint::BeforeLease).await;
            let lease = self.inner.take_lease(request).await?;
            if lease.is_some() {
                self.gate.pass(KillPoint::LeaseHeld).await;
            }
            Ok(lease)
        })
    }

    fn extend_lease<'a>(&'a self, lease: &'a Lease, time: Duration) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let is_ours = self.inner.extend_lease(lease, time).await?;
            if !is_ours {
                Report::LeaseLost.send();
            }
            Ok(is_ours)
        })
    }

    /// The first that a worker does after a broken answer is to give its lease back.
    fn release_lease<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.gate.pass(KillPoint::AnswerCut).await;
            self.inner.release_lease(lease).await?;
            self.gate.pass(KillPoint::Released).await;
            Ok(())
        })
    }
}
