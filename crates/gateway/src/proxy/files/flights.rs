//! One fetch for many callers: whoever asks for what is being fetched waits for the same answer.
//!
//! A fetch runs to its end even if all its callers leave, so that the next one finds what it brought.

use super::answer::CacheStatus;
use super::failure::FetchFailure;
use super::stored::{Key, Stored};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// What a fetch brought.
#[derive(Clone, Debug)]
pub(super) struct Landed {
    pub(super) stored: Arc<Stored>,
    /// Where it comes from.
    pub(super) status: CacheStatus,
}

/// How a fetch ends.
pub(super) type Outcome = Result<Landed, FetchFailure>;

/// The fetches under way.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Key, watch::Receiver<Option<Outcome>>>>);

/// Somebody's part in a fetch.
#[derive(Debug)]
pub(super) struct Flight(watch::Receiver<Option<Outcome>>);

impl Flight {
    /// Waits for the outcome.
    pub(super) async fn outcome(mut self) -> Outcome {
        match self.0.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            // The task is gone without a word: the runtime ends.
            Ok(None) | Err(_) => Err(FetchFailure::Stopping),
        }
    }
}

impl Flights {
    /// Joins the fetch of `key`; there being none, begins one on `background` with what `begin` makes.
    pub(super) fn join<F>(self: &Arc<Self>, key: &Key, background: &Handle, begin: impl FnOnce() -> F) -> Flight
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key) {
            return Flight(flight.clone());
        }
        let (landing, flight) = watch::channel(None);
        flights.insert(key.clone(), flight.clone());
        let work = begin();
        let over = Over(Arc::clone(self), key.clone());
        background.spawn(async move {
            let outcome = work.await;
            // Whoever comes from now on begins anew; whoever waits has this one.
            drop(over);
            landing.send_replace(Some(outcome));
        });
        Flight(flight)
    }
}

/// Ends a fetch for those who come later, however it ended.
struct Over(Arc<Flights>, Key);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}
