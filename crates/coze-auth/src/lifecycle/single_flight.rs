//! Single flight: one task per key at a time, for any number of waiters.
//!
//! The work is a task of its own and not the first caller's future: a renewal may have used a refresh token, which
//! works once, so it runs to its end even if every caller leaves. A flight whose first caller runs the work would start
//! it again when that caller leaves.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The flights in the air, by key.
#[derive(Debug)]
pub(super) struct Flights<K, V> {
    open: Mutex<HashMap<K, watch::Receiver<Option<V>>>>,
}

impl<K, V> Flights<K, V> {
    pub(super) fn new() -> Self {
        Self {
            open: Mutex::new(HashMap::new()),
        }
    }

    /// Holds the lock for the time of a map access only.
    fn open(&self) -> MutexGuard<'_, HashMap<K, watch::Receiver<Option<V>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Joins the flight of `key`. The first one to come gets the duty to run it as well.
    ///
    /// A flight may land between a caller's last look at the result and this call. So the runner has to look again
    /// before it works.
    pub(super) fn join(self: &Arc<Self>, key: &K) -> (Seat<V>, Option<Duty<K, V>>) {
        let mut open = self.open();
        if let Some(landing) = open.get(key) {
            return (
                Seat {
                    landing: landing.clone(),
                },
                None,
            );
        }
        let (sender, landing) = watch::channel(None);
        open.insert(key.clone(), landing.clone());
        let duty = Duty {
            flights: Arc::clone(self),
            key: key.clone(),
            landing: sender,
            result: None,
        };
        (Seat { landing }, Some(duty))
    }
}

/// A place in a flight. Dropping it does not disturb the flight.
#[derive(Debug)]
pub(super) struct Seat<V> {
    landing: watch::Receiver<Option<V>>,
}

impl<V: Clone> Seat<V> {
    /// Waits for the result; `None` when the flight was given up.
    pub(super) async fn landed(mut self) -> Option<V> {
        let result = self.landing.wait_for(Option::is_some).await.ok()?;
        result.clone()
    }
}

/// The duty to run a flight. Dropping it without landing, as a panic or a stopping runtime does, frees the key and
/// tells everybody on board.
#[derive(Debug)]
pub(super) struct Duty<K: Eq + Hash, V> {
    flights: Arc<Flights<K, V>>,
    key: K,
    landing: watch::Sender<Option<V>>,
    result: Option<V>,
}

impl<K: Eq + Hash, V> Duty<K, V> {
    pub(super) fn key(&self) -> &K {
        &self.key
    }

    /// Publishes an interim result to current and later waiters. The work goes on.
    pub(super) fn tell(&self, interim: V) {
        self.landing.send_replace(Some(interim));
    }

    /// Ends the flight with its result.
    pub(super) fn land(mut self, result: V) {
        self.result = Some(result);
    }
}

impl<K: Eq + Hash, V> Drop for Duty<K, V> {
    /// Frees the key before the result is published: a waiter that asks again, because the result is outdated or was
    /// refused, must not join the flight that has ended.
    fn drop(&mut self) {
        self.flights.open().remove(&self.key);
        if let Some(result) = self.result.take() {
            self.landing.send_replace(Some(result));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_on_board_gets_the_one_result() {
        let flights = Arc::new(Flights::new());
        let (first, duty) = flights.join(&"key");
        let (second, no_duty) = flights.join(&"key");

        duty.unwrap().land(7);

        assert!(no_duty.is_none());
        assert_eq!(first.landed().await, Some(7));
        assert_eq!(second.landed().await, Some(7));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn flight_that_has_landed_takes_nobody_on_board() {
        let flights = Arc::new(Flights::new());
        for round in 0..2_000 {
            let (seat, duty) = flights.join(&"key");
            let duty = duty.unwrap();
            let pilot = std::thread::spawn(move || duty.land(round));

            assert_eq!(seat.landed().await, Some(round));
            assert!(flights.join(&"key").1.is_some());
            pilot.join().unwrap();
        }
    }

    #[tokio::test]
    async fn flight_that_takes_long_tells_so_and_goes_on() {
        let flights = Arc::new(Flights::new());
        let (early, duty) = flights.join(&"key");
        let duty = duty.unwrap();

        duty.tell(1);

        assert_eq!(early.landed().await, Some(1));
        let (late, no_duty) = flights.join(&"key");
        assert!(no_duty.is_none());
        assert_eq!(late.landed().await, Some(1));
        duty.land(2);
        assert!(flights.join(&"key").1.is_some());
    }

    #[tokio::test]
    async fn abandoned_flight_frees_its_key_and_tells_its_passengers() {
        let flights: Arc<Flights<&str, u8>> = Arc::new(Flights::new());
        let (seat, duty) = flights.join(&"key");

        drop(duty);

        assert_eq!(seat.landed().await, None);
        assert!(flights.join(&"key").1.is_some());
    }

    #[tokio::test]
    async fn different_keys_fly_apart() {
        let flights: Arc<Flights<&str, u8>> = Arc::new(Flights::new());

        let (_a, duty_a) = flights.join(&"a");
        let (_b, duty_b) = flights.join(&"b");

        assert!(duty_a.is_some() && duty_b.is_some());
    }
}
