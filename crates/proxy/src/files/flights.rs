//! Single flight of fetches: callers that ask for the same file at the same time share one fetch.
//!
//! A fetch ends early when no caller waits for it any longer: a caller that leaves must not cost a download.

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
pub(super) struct Flights(Mutex<HashMap<Key, watch::Sender<Option<Outcome>>>>);

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
            return Flight(flight.subscribe());
        }
        let (landing, flight) = watch::channel(None);
        flights.insert(key.clone(), landing.clone());
        let work = begin();
        let over = Over(Arc::clone(self), key.clone());
        background.spawn(async move {
            let mut work = std::pin::pin!(work);
            let outcome = loop {
                tokio::select! {
                    biased;
                    outcome = &mut work => break outcome,
                    () = landing.closed() => {
                        if over.0.end_unless_wanted(&over.1, &landing) {
                            tracing::debug!("A fetch ends, as no caller waits for it");
                            return;
                        }
                    }
                }
            };
            // Later callers begin a fetch of their own; those that wait have this outcome.
            drop(over);
            landing.send_replace(Some(outcome));
        });
        Flight(flight)
    }

    /// Takes a fetch off the list when no caller waits for it. Under the lock: a caller that joins at the same time is seen.
    fn end_unless_wanted(&self, key: &Key, landing: &watch::Sender<Option<Outcome>>) -> bool {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unwanted = landing.receiver_count() == 0;
        if is_unwanted {
            flights.remove(key);
        }
        is_unwanted
    }
}

/// Ends a fetch for those who come later, however it ended.
struct Over(Arc<Flights>, Key);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}
