//! So many exchanges at the same time: a permit is taken when one begins and goes when it has ended, however it ends.
//!
//! It is taken before the request is sent, and not when an answer turns out to be a stream: by then the platform is at work
//! already, and a caller could still hold any number of uploads and of answers that do not begin.

use super::ledger::Account;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Leave for one exchange. Dropping it gives it back.
#[derive(Debug)]
pub struct Permit {
    account: Arc<Account>,
    all: Arc<AtomicU32>,
}

/// How many run with a permit that was just taken, that one included.
pub(super) struct Running {
    pub(super) of_caller: u32,
    pub(super) of_all: u32,
}

impl Permit {
    /// Counts one more exchange of `account`. Whether there was room for it is the caller's to decide.
    pub(super) fn take(account: Arc<Account>, all: &Arc<AtomicU32>) -> (Self, Running) {
        let running = Running {
            of_caller: account.open.fetch_add(1, Ordering::Relaxed) + 1,
            of_all: all.fetch_add(1, Ordering::Relaxed) + 1,
        };
        let permit = Self {
            account,
            all: Arc::clone(all),
        };
        (permit, running)
    }
}

impl Permit {
    /// Tells the caller apart from all others in this process, unless there is no room for it in the ledger.
    pub fn caller_id(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.account.id())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.account.open.fetch_sub(1, Ordering::Relaxed);
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}
