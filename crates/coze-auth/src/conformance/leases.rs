//! Checks of leases and of what they guard.

use super::fixtures::{assert_holds, fine, key, over, pair, saved};
use crate::store::{Lease, LeaseRequest, Save, StoreError, TokenStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const NAME: &str = "token:conformance";

/// The shortest time that every store can count.
const SHORT: Duration = Duration::from_secs(1);

const LONG: Duration = Duration::from_mins(1);

/// How long a short lease may outlive its end, because a store may count in whole seconds.
const PATIENCE: Duration = Duration::from_secs(10);

async fn try_take(store: &dyn TokenStore, name: &str, holder: &str, time: Duration) -> Option<Lease> {
    let request = LeaseRequest { name, holder, time };
    fine("take a lease", store.take_lease(request).await)
}

#[expect(clippy::panic, reason = "a failed check ends the test that runs it")]
async fn take(store: &dyn TokenStore, holder: &str, time: Duration) -> Lease {
    match try_take(store, NAME, holder, time).await {
        Some(lease) => lease,
        None => panic!("{holder} did not get the lease although it was free"),
    }
}

/// Waits until another holder's lease has run out, and takes it.
#[expect(clippy::panic, reason = "a failed check ends the test that runs it")]
async fn take_over(store: &dyn TokenStore, holder: &str) -> Lease {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(lease) = try_take(store, NAME, holder, LONG).await {
            return lease;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("a lease of {SHORT:?} was still held after {PATIENCE:?}")
}

async fn is_extended(store: &dyn TokenStore, lease: &Lease, time: Duration) -> bool {
    fine("extend a lease", store.extend_lease(lease, time).await)
}

pub(super) async fn lease_is_held_by_one_holder_at_a_time(store: Arc<dyn TokenStore>) {
    let lease = take(&*store, "one", LONG).await;

    assert_eq!((lease.name.as_str(), lease.holder.as_str()), (NAME, "one"));
    assert!(!lease.is_taken_over);
    assert!(try_take(&*store, NAME, "two", LONG).await.is_none());
    assert!(is_extended(&*store, &lease, LONG).await);
}

pub(super) async fn of_many_takers_one_gets_the_lease(store: Arc<dyn TokenStore>) {
    let mut takers = JoinSet::new();
    for number in 0..16 {
        let store = Arc::clone(&store);
        takers.spawn(async move { try_take(&*store, NAME, &format!("holder-{number}"), LONG).await });
    }

    let got: Vec<Lease> = takers.join_all().await.into_iter().flatten().collect();

    assert_eq!(got.len(), 1, "{got:?}");
}

pub(super) async fn released_lease_is_free_at_once_and_not_taken_over(store: Arc<dyn TokenStore>) {
    let lease = take(&*store, "one", LONG).await;

    fine("release", store.release_lease(&lease).await);

    assert!(!take(&*store, "two", LONG).await.is_taken_over);
}

pub(super) async fn lease_that_ran_out_is_taken_over(store: Arc<dyn TokenStore>) {
    let left = take(&*store, "one", SHORT).await;
    assert!(try_take(&*store, NAME, "two", LONG).await.is_none());

    let lease = take_over(&*store, "two").await;

    assert!(lease.is_taken_over);
    assert!(lease.fencing > left.fencing);
}

pub(super) async fn extended_lease_outlives_its_first_end(store: Arc<dyn TokenStore>) {
    let lease = take(&*store, "one", SHORT).await;

    assert!(is_extended(&*store, &lease, LONG).await);

    sleep(SHORT * 2 + SHORT / 2).await;
    assert!(try_take(&*store, NAME, "two", LONG).await.is_none());
}

pub(super) async fn lease_extended_by_nothing_is_free_at_once_and_taken_over(store: Arc<dyn TokenStore>) {
    let lease = take(&*store, "one", LONG).await;

    assert!(is_extended(&*store, &lease, Duration::ZERO).await);

    assert!(take(&*store, "two", LONG).await.is_taken_over);
}

pub(super) async fn holder_that_asks_again_gets_a_new_number(store: Arc<dyn TokenStore>) {
    let first = take(&*store, "one", LONG).await;

    let second = take(&*store, "one", LONG).await;

    assert!(second.fencing > first.fencing && second.is_taken_over);
    assert!(!is_extended(&*store, &first, LONG).await);
    assert!(is_extended(&*store, &second, LONG).await);
}

pub(super) async fn fencing_numbers_grow_over_releases(store: Arc<dyn TokenStore>) {
    let mut last = 0;
    for round in 0..5 {
        let lease = take(&*store, &format!("holder-{round}"), LONG).await;
        fine("release", store.release_lease(&lease).await);

        assert!(lease.fencing > last, "{} after {last}", lease.fencing);
        last = lease.fencing;
    }
}

pub(super) async fn lost_lease_is_neither_extended_nor_released(store: Arc<dyn TokenStore>) {
    let lost = take(&*store, "one", SHORT).await;
    let lease = take_over(&*store, "two").await;

    assert!(!is_extended(&*store, &lost, LONG).await);
    fine("release a lost lease", store.release_lease(&lost).await);

    assert!(try_take(&*store, NAME, "three", LONG).await.is_none());
    assert!(is_extended(&*store, &lease, LONG).await);
}

pub(super) async fn save_under_a_lost_lease_is_refused_and_changes_nothing(store: Arc<dyn TokenStore>) {
    let version = saved(&*store, &key("a"), &pair(1), None).await;
    let lost = take(&*store, "one", SHORT).await;
    let lease = take_over(&*store, "two").await;
    let next = pair(2);
    let under = |lease| Save {
        lease: Some(lease),
        ..over(&next, Some(version))
    };

    let refused = store.save(&key("a"), under(&lost)).await;

    assert!(matches!(refused, Err(StoreError::Fenced)), "{refused:?}");
    assert_holds(&*store, &key("a"), &pair(1), version).await;
    fine(
        "save under the newest lease",
        store.save(&key("a"), under(&lease)).await,
    );
}

pub(super) async fn save_under_a_lease_that_ran_out_but_is_nobody_elses_succeeds(store: Arc<dyn TokenStore>) {
    let lease = take(&*store, "one", SHORT).await;
    sleep(SHORT * 2 + SHORT / 2).await;
    let next = pair(1);
    let save = Save {
        lease: Some(&lease),
        ..over(&next, None)
    };

    let version = fine("save", store.save(&key("a"), save).await);

    assert_holds(&*store, &key("a"), &next, version).await;
    assert!(is_extended(&*store, &lease, LONG).await);
}

pub(super) async fn leases_of_different_names_are_apart(store: Arc<dyn TokenStore>) {
    take(&*store, "one", LONG).await;

    assert!(try_take(&*store, "token:other", "two", LONG).await.is_some());
}
