//! A timer for what is nearly always over before its time: a head, the next piece of a body, a rest between two requests.
//!
//! Setting a timer and taking it back costs more than all the rest of such a wait. So an alarm stays set for the first moment
//! it was needed for, and when that comes it is set for the moment that counts by then, if any.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// The timer. It may wake its task before the time, and seldom does.
#[derive(Debug, Default)]
pub struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Not set.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Ready from `due` on; until then, the task of `context` will be woken.
    pub fn poll_until(&mut self, due: Instant, context: &mut Context<'_>) -> Poll<()> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if timer.deadline() > due {
            timer.as_mut().reset(due);
        }
        ready!(timer.as_mut().poll(context));
        if timer.deadline() < due {
            timer.as_mut().reset(due);
            ready!(timer.as_mut().poll(context));
        }
        Poll::Ready(())
    }
}

/// How long somebody may stand still between two steps.
#[derive(Debug)]
pub struct Idle {
    limit: Duration,
    /// While we wait for a step.
    due: Option<Instant>,
    alarm: Alarm,
}

impl Idle {
    /// `limit` for each step.
    pub const fn new(limit: Duration) -> Self {
        Self {
            limit,
            due: None,
            alarm: Alarm::new(),
        }
    }

    pub const fn limit(&self) -> Duration {
        self.limit
    }

    /// A step was made.
    pub fn goes_on(&mut self) {
        self.due = None;
    }

    /// No step can be made now. Ready when that has lasted too long.
    pub fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let due = *self.due.get_or_insert_with(|| Instant::now() + self.limit);
        self.alarm.poll_until(due, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test(start_paused = true)]
    async fn it_goes_off_when_due_whatever_it_was_set_for() {
        let mut alarm = Alarm::new();
        for seconds in [10, 20, 5, 7, 60] {
            let due = Instant::now() + Duration::from_secs(seconds);
            // Set for a moment that is not waited for, sooner or later than the one that is.
            for other in [seconds - 1, seconds + 3] {
                let other = Instant::now() + Duration::from_secs(other);
                let is_ready = poll_fn(|context| Poll::Ready(alarm.poll_until(other, context).is_ready())).await;
                assert!(!is_ready);
            }

            poll_fn(|context| alarm.poll_until(due, context)).await;

            assert_eq!(Instant::now(), due);
            assert!(poll_fn(|context| Poll::Ready(alarm.poll_until(due, context).is_ready())).await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_step_has_its_own_time() {
        let mut idle = Idle::new(Duration::from_secs(10));
        let is_over = async |idle: &mut Idle| poll_fn(|context| Poll::Ready(idle.poll_over(context).is_ready())).await;
        for _ in 0..5 {
            assert!(!is_over(&mut idle).await);
            tokio::time::advance(Duration::from_secs(9)).await;
            assert!(!is_over(&mut idle).await);
            idle.goes_on();
        }
        let began = Instant::now();

        poll_fn(|context| idle.poll_over(context)).await;

        assert_eq!(Instant::now() - began, Duration::from_secs(10));
    }
}
