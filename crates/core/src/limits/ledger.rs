//! Who has used how much: an account for every caller or address of the last minutes.
//!
//! Accounts are found by 64 bits of a keyed hash, so that nobody can choose to share one, and nothing of a caller is kept.
//! Finding one is a read without a lock. Memory is bounded: what is as good as new is dropped as others come, and beyond
//! [`MOST_ACCOUNTS`] all newcomers share the account of the rest.

use governor::clock::{Clock, Reference as _};
use governor::nanos::Nanos;
use governor::state::StateStore;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// About 30 MiB.
const MOST_ACCOUNTS: usize = 256 * 1024;
/// How many accounts are made between two looks for those that can go.
const MADE_BETWEEN_SWEEPS: usize = 1024;

/// What one caller has used. Equal ids are one account.
#[derive(Debug)]
pub(super) struct Account {
    id: u64,
    /// When the next request would come if all came evenly (the theoretical arrival time of GCRA), in nanoseconds since the
    /// start; 0 before the first.
    arrival: AtomicU64,
    /// Exchanges that run now.
    pub(super) open: AtomicU32,
}

impl Account {
    fn new(id: u64) -> Self {
        Self {
            id,
            arrival: AtomicU64::new(0),
            open: AtomicU32::new(0),
        }
    }

    /// Tells accounts apart in this process. 0 is shared by all callers for whom there was no room.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Whether forgetting it now would make no difference.
    fn is_as_new(&self, now: Nanos) -> bool {
        self.open.load(Ordering::Relaxed) == 0 && self.arrival.load(Ordering::Relaxed) <= now.as_u64()
    }
}

impl PartialEq for Account {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Account {}

impl Hash for Account {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// Tells a [`governor::RateLimiter`] where an account keeps its state: in itself, so that one look-up serves every limit.
#[derive(Debug)]
pub(super) struct InTheAccount;

impl StateStore for InTheAccount {
    type Key = Arc<Account>;

    fn measure_and_replace<T, F, E>(&self, account: &Self::Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let arrival = &account.arrival;
        let mut before = arrival.load(Ordering::Relaxed);
        loop {
            let (outcome, after) = decide((before != 0).then_some(Nanos::new(before)))?;
            // The number stands for itself: nothing else is published with it.
            let swap = arrival.compare_exchange_weak(before, after.as_u64(), Ordering::Relaxed, Ordering::Relaxed);
            match swap {
                Ok(_) => return Ok(outcome),
                Err(meanwhile) => before = meanwhile,
            }
        }
    }
}

/// Keys are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Never called for a u64; kept right for any other key.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

/// The accounts.
#[derive(Debug)]
pub(super) struct Ledger<C: Clock> {
    accounts: papaya::HashMap<u64, Arc<Account>, BuildHasherDefault<AsItIs>>,
    hash: RandomState,
    made: AtomicUsize,
    most: usize,
    /// The account of all who come when the book is full.
    rest: Arc<Account>,
    clock: C,
    start: C::Instant,
}

impl<C: Clock> Ledger<C> {
    pub(super) fn new(clock: C) -> Self {
        Self::with_room_for(MOST_ACCOUNTS, clock)
    }

    fn with_room_for(most: usize, clock: C) -> Self {
        let start = clock.now();
        Self {
            accounts: papaya::HashMap::default(),
            hash: RandomState::new(),
            made: AtomicUsize::new(0),
            most,
            rest: Arc::new(Account::new(0)),
            clock,
            start,
        }
    }

    /// Finds the account of `who`, or opens one.
    pub(super) fn account(&self, who: &impl Hash) -> Arc<Account> {
        let id = self.hash.hash_one(who);
        let accounts = self.accounts.pin();
        if let Some(account) = accounts.get(&id) {
            return Arc::clone(account);
        }
        if self.made.fetch_add(1, Ordering::Relaxed) % MADE_BETWEEN_SWEEPS == MADE_BETWEEN_SWEEPS - 1 {
            self.sweep();
        }
        if accounts.len() >= self.most {
            return Arc::clone(&self.rest);
        }
        Arc::clone(accounts.get_or_insert_with(id, || Arc::new(Account::new(id))))
    }

    /// Drops what is as good as new. Whoever holds such an account meanwhile counts on it to the end; a request that comes
    /// in between is forgiven.
    fn sweep(&self) {
        let now = self.clock.now().duration_since(self.start);
        self.accounts.pin().retain(|_, account| !account.is_as_new(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::rate::Rate;
    use crate::problem::Limit;
    use governor::clock::FakeRelativeClock;
    use std::time::Duration;

    #[test]
    fn one_account_each_and_the_same_one_again() {
        let ledger = Ledger::new(FakeRelativeClock::default());

        let (a, b) = (ledger.account(&"a"), ledger.account(&"b"));

        assert!(Arc::ptr_eq(&a, &ledger.account(&"a")));
        assert!(!Arc::ptr_eq(&a, &b));
    }

    #[test]
    fn strangers_that_come_and_go_do_not_pile_up_and_those_who_are_busy_stay() {
        let clock = FakeRelativeClock::default();
        let ledger = Ledger::new(clock.clone());
        let rate = Rate::new(Limit::RequestsPerMinute, "caller", 60, 10, clock.clone()).unwrap();
        let busy = ledger.account(&"busy");
        busy.open.fetch_add(1, Ordering::Relaxed);
        let owing = ledger.account(&"owing");

        for stranger in 0..20 * MADE_BETWEEN_SWEEPS {
            rate.check(&ledger.account(&stranger)).unwrap();
            // Each of them is as good as new after a second; this one always has something to pay back.
            if rate.check(&owing).is_err() {
                clock.advance(Duration::from_secs(1));
            }
        }

        assert!(
            ledger.accounts.len() < 3 * MADE_BETWEEN_SWEEPS,
            "{}",
            ledger.accounts.len()
        );
        assert!(Arc::ptr_eq(&busy, &ledger.account(&"busy")));
        assert!(Arc::ptr_eq(&owing, &ledger.account(&"owing")));
    }

    #[test]
    fn when_the_book_is_full_newcomers_share_what_is_left() {
        let clock = FakeRelativeClock::default();
        let ledger = Ledger::with_room_for(100, clock.clone());
        let rate = Rate::new(Limit::AddressRequestsPerMinute, "address", 60, 5, clock).unwrap();
        let mut passed = 0;

        for address in 0..10_000_u32 {
            passed += u32::from(rate.check(&ledger.account(&address)).is_ok());
        }

        assert_eq!(ledger.accounts.len(), 100);
        assert_eq!(passed, 100 + 5, "one each, and five for the rest together");
        assert!(
            rate.check(&ledger.account(&7_u32)).is_ok(),
            "those who came before have their own"
        );
    }
}
