//! A store that fails, or stops for ever, exactly where a test wants it.
//!
//! Failing is a database that says no. Stopping is the end of a process: the call, and every call after it, never comes
//! back, and the test then drops whoever is waiting. Both exist before and after the work was done, because a save
//! whose answer got lost has happened all the same.

use crate::store::{
    DueQuery, Lease, LeaseRequest, Save, StoreError, StoreFuture, Stored, TokenKey, TokenStore, Version,
};
use std::collections::VecDeque;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// An error; nothing was done.
    FailBefore,
    /// An error; everything was done.
    FailAfter,
    /// The process ends; nothing was done.
    StopBefore,
    /// The process ends; everything was done.
    StopAfter,
}

/// A function of [`TokenStore`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// `load`
    Load,
    /// `save`
    Save,
    /// `delete`
    Delete,
    /// `due`
    Due,
    /// `take_lease`
    TakeLease,
    /// `extend_lease`
    ExtendLease,
    /// `release_lease`
    ReleaseLease,
}

/// A store with faults on order. Wraps one that works; several may wrap the same, as several processes do.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn TokenStore>,
    planned: Mutex<VecDeque<Planned>>,
    calls: AtomicUsize,
    is_away: AtomicBool,
    has_stopped: watch::Sender<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Planned {
    at: Point,
    fault: Fault,
}

#[derive(Clone, Copy, Debug)]
enum Point {
    Call(usize),
    Next(Operation),
}

impl FaultyStore {
    /// Makes a store that works until a fault is set.
    pub fn new(inner: Arc<dyn TokenStore>) -> Self {
        Self {
            inner,
            planned: Mutex::default(),
            calls: AtomicUsize::new(0),
            is_away: AtomicBool::new(false),
            has_stopped: watch::Sender::new(false),
        }
    }

    /// Plans a fault for the call of this number, whatever it calls; the first one ever is 0.
    pub fn plan_at(&self, call: usize, fault: Fault) {
        self.plan(Point::Call(call), fault);
    }

    /// Plans a fault for the next call of `operation`, after those planned already.
    pub fn plan_next(&self, operation: Operation, fault: Fault) {
        self.plan(Point::Next(operation), fault);
    }

    /// Drops what is planned and has not happened.
    pub fn clear_plans(&self) {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn plan(&self, at: Point, fault: Fault) {
        self.planned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(Planned { at, fault });
    }

    /// Makes every call fail from now on.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// Returns how many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Stops here and now: every call from now on never comes back.
    pub fn stop(&self) {
        self.has_stopped.send_replace(true);
    }

    /// Waits for a planned stop.
    pub async fn stopped(&self) {
        let mut has_stopped = self.has_stopped.subscribe();
        // The sender lives as long as we do.
        has_stopped.wait_for(|has_stopped| *has_stopped).await.ok();
    }

    fn fault(&self, operation: Operation) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        if *self.has_stopped.borrow() {
            return Some(Fault::StopBefore);
        }
        if self.is_away.load(Ordering::SeqCst) {
            return Some(Fault::FailBefore);
        }
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let here = planned.iter().position(|planned| match planned.at {
            Point::Call(number) => number == call,
            Point::Next(wanted) => wanted == operation,
        })?;
        planned.remove(here).map(|planned| planned.fault)
    }

    async fn never<T>(&self) -> T {
        self.stop();
        pending().await
    }

    fn call<'a, T: Send + 'a>(&'a self, operation: Operation, work: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            match self.fault(operation) {
                None => work.await,
                Some(Fault::FailBefore) => Err(failure(operation)),
                Some(Fault::StopBefore) => self.never().await,
                Some(Fault::FailAfter) => {
                    work.await?;
                    Err(failure(operation))
                }
                Some(Fault::StopAfter) => {
                    work.await?;
                    self.never().await
                }
            }
        })
    }
}

fn failure(operation: Operation) -> StoreError {
    let operation = match operation {
        Operation::Load => "load a token",
        Operation::Save => "save a token",
        Operation::Delete => "delete a token",
        Operation::Due => "list due tokens",
        Operation::TakeLease => "take a lease",
        Operation::ExtendLease => "extend a lease",
        Operation::ReleaseLease => "release a lease",
    };
    StoreError::Unavailable {
        operation,
        source: Arc::new("a planned fault".into()),
    }
}

/// Every call is wrapped in a future of its own, so that a store that works when called, and not when awaited, does
/// nothing before its turn.
impl TokenStore for FaultyStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<Stored>> {
        self.call(Operation::Load, Box::pin(async move { self.inner.load(key).await }))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, save: Save<'a>) -> StoreFuture<'a, Version> {
        self.call(
            Operation::Save,
            Box::pin(async move { self.inner.save(key, save).await }),
        )
    }

    fn delete<'a>(&'a self, key: &'a TokenKey, expected: Version) -> StoreFuture<'a, ()> {
        let work = Box::pin(async move { self.inner.delete(key, expected).await });
        self.call(Operation::Delete, work)
    }

    fn due<'a>(&'a self, query: DueQuery<'a>) -> StoreFuture<'a, Vec<TokenKey>> {
        self.call(Operation::Due, Box::pin(async move { self.inner.due(query).await }))
    }

    fn take_lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Option<Lease>> {
        let work = Box::pin(async move { self.inner.take_lease(request).await });
        self.call(Operation::TakeLease, work)
    }

    fn extend_lease<'a>(&'a self, lease: &'a Lease, time: Duration) -> StoreFuture<'a, bool> {
        let work = Box::pin(async move { self.inner.extend_lease(lease, time).await });
        self.call(Operation::ExtendLease, work)
    }

    fn release_lease<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, ()> {
        let work = Box::pin(async move { self.inner.release_lease(lease).await });
        self.call(Operation::ReleaseLease, work)
    }
}
