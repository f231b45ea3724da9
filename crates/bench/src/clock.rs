//! Time between threads, and waiting that is finer than the timer of a runtime.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::num::NonZero;
use std::time::Duration;

/// Nanoseconds of the machine's steady clock.
pub(crate) fn now_ns() -> u64 {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Monotonic);
    u64::try_from(tv_sec).unwrap_or_default() * 1_000_000_000 + u64::try_from(tv_nsec).unwrap_or_default()
}

/// A schedule of moments at equal distances, kept by the thread that made it.
#[derive(Debug)]
pub(crate) struct Pacer {
    next: u64,
    gap: u64,
}

impl Pacer {
    pub(crate) fn new(gap: Duration) -> anyhow::Result<Self> {
        // Otherwise the system lets this thread sleep 50 µs longer than it asks for.
        rustix::thread::set_current_timer_slack(NonZero::new(1))?;
        Ok(Self {
            next: now_ns(),
            gap: u64::try_from(gap.as_nanos()).unwrap_or(u64::MAX),
        })
    }

    /// Waits for the next moment and returns it. A moment that is over comes at once: the schedule does not give way.
    pub(crate) fn wait(&mut self) -> u64 {
        let moment = self.next;
        self.next += self.gap;
        let early = moment.saturating_sub(now_ns());
        if early > 0 {
            std::thread::sleep(Duration::from_nanos(early));
        }
        moment
    }
}
