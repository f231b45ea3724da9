//! The machine's clock, and a number of seconds by which all parties of a round are ahead of it.
//!
//! A token of 15 minutes comes to its end without anybody waiting, while pauses of seconds pass by themselves.

use coze_auth::{Clock, SystemClock, UnixSeconds};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Clones show the same time.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShiftedClock {
    ahead: Arc<AtomicI64>,
}

impl ShiftedClock {
    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::SeqCst);
    }

    pub(crate) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::SeqCst)
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(SystemClock.now().0.saturating_add(self.ahead()))
    }
}
