//! What one connection is doing, and when that has lasted too long.
//!
//! Three parties write here: the wrapper around the socket (`wire.rs`), the service (`watched.rs`), and whoever needs
//! room or stops the process (`register.rs`). The connection's own task (`mod.rs`) reads, and acts. No lock: a request
//! costs a few atomic writes.

use crate::problem::{Limit, ProblemKind};
use futures_util::task::AtomicWaker;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// From the first byte of a head to its end, and from accepting to the first byte: nothing is lost yet by then.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// For the last bytes of a connection that is to end.
const LEAVING_LIMIT: Duration = Duration::from_secs(10);
/// What still comes behind the last answer is read and dropped, so that the answer is not lost in a reset (RFC 9112 9.6):
/// until the client ends it, or says nothing for so long, or
const LINGER_SILENCE: Duration = Duration::from_secs(2);
/// altogether for so long. Whoever has not read our answer by then sends without ever looking.
const LINGER_LIMIT: Duration = Duration::from_secs(30);

/// How long a connection may rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Between two requests. Longer than any client waits, so that it is the client who closes.
    pub(super) idle: Duration,
    /// While the client takes nothing of what we write.
    pub(super) stalled: Duration,
}

/// What to do when something has lasted too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The head: say so.
    Head,
    /// The first byte, or the next request: close, as nothing is under way.
    Rest,
    /// Reading what we wrote, or ending: close, whatever is under way.
    Everything,
}

/// Why a connection gets an answer of ours instead of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) kind: ProblemKind,
    /// The limit that was met, if it was one.
    pub(super) limit: Option<Limit>,
    /// For our log.
    pub(super) reason: &'static str,
}

impl Refusal {
    /// Places become free all the time; everything else has to be mended first.
    pub(super) fn retry_after(self) -> Option<Duration> {
        (self.kind == ProblemKind::TooManyConnections).then_some(Duration::from_secs(1))
    }
}

/// A point in time: milliseconds since the connection was accepted, and one; 0 is "not".
#[derive(Debug, Default)]
struct Moment(AtomicU64);

impl Moment {
    fn get(&self) -> Option<u64> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }

    fn set(&self, moment: u64) {
        self.0.store(moment + 1, Ordering::Relaxed);
    }

    fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct ConnectionState {
    accepted_at: Instant,
    patience: Patience,
    /// Requests whose answers have not ended.
    under_way: AtomicU32,
    /// When the last answer ended.
    rests_since: Moment,
    head_since: Moment,
    /// When a write first found the client's window full.
    stalled_since: Moment,
    lingers_since: Moment,
    /// While it lingers: when something came last.
    heard_at: Moment,
    leaves_since: Moment,
    must_leave: AtomicBool,
    /// A request's body has not been read to its end.
    body_left: AtomicBool,
    is_upgraded: AtomicBool,
    refusal: OnceLock<Refusal>,
    /// The connection's task.
    task: AtomicWaker,
}

impl ConnectionState {
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            accepted_at: Instant::now(),
            patience,
            under_way: AtomicU32::new(0),
            rests_since: Moment::default(),
            head_since: Moment::default(),
            stalled_since: Moment::default(),
            lingers_since: Moment::default(),
            heard_at: Moment::default(),
            leaves_since: Moment::default(),
            must_leave: AtomicBool::new(false),
            body_left: AtomicBool::new(false),
            is_upgraded: AtomicBool::new(false),
            refusal: OnceLock::new(),
            task: AtomicWaker::new(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.accepted_at.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    pub(super) fn request_begins(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answer_ends(&self) {
        self.rests_since.set(self.now());
        self.under_way.fetch_sub(1, Ordering::Release);
    }

    /// A part of a head is there, the rest is not.
    pub(super) fn head_waits(&self) {
        if self.head_since.get().is_none() {
            self.head_since.set(self.now());
        }
    }

    pub(super) fn head_is_read(&self) {
        self.head_since.clear();
    }

    pub(super) fn write_stalls(&self) {
        if self.stalled_since.get().is_none() {
            self.stalled_since.set(self.now());
        }
    }

    pub(super) fn write_goes_on(&self) {
        if self.stalled_since.get().is_some() {
            self.stalled_since.clear();
        }
    }

    pub(super) fn lingers(&self) {
        self.lingers_since.set(self.now());
        self.heard_at.set(self.now());
    }

    /// Something came that nobody will read.
    pub(super) fn hears_on(&self) {
        self.heard_at.set(self.now());
    }

    /// A request body waits to be read, or has been read.
    pub(super) fn set_body_left(&self, is_left: bool) {
        self.body_left.store(is_left, Ordering::Relaxed);
    }

    pub(super) fn is_body_left(&self) -> bool {
        self.body_left.load(Ordering::Relaxed)
    }

    /// From now on the bytes are another protocol's.
    pub(super) fn upgrade(&self) {
        self.is_upgraded.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Relaxed)
    }

    /// The next request is answered with this, whatever it is, and is the last. The first reason counts.
    pub(super) fn refuse(&self, kind: ProblemKind, reason: &'static str) {
        let limit = None;
        let _first_reason_counts = self.refusal.set(Refusal { kind, limit, reason });
    }

    /// The same for a limit of connections.
    pub(super) fn refuse_at(&self, limit: Limit, reason: &'static str) {
        let _first_reason_counts = self.refusal.set(Refusal {
            kind: ProblemKind::TooManyConnections,
            limit: Some(limit),
            reason,
        });
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refusal.get().copied()
    }

    /// Too much time has passed since the first byte of a head.
    pub(super) fn head_is_overdue(&self) {
        self.head_is_read();
        self.refuse(ProblemKind::HeadOverdue, "the head did not come to an end");
    }

    /// Asks the connection to end: at once if nothing is under way, else with the answer that is.
    pub(super) fn ask_to_leave(&self) {
        self.must_leave.store(true, Ordering::Release);
        self.task.wake();
    }

    pub(super) fn must_leave(&self) -> bool {
        self.must_leave.load(Ordering::Acquire)
    }

    pub(super) fn leaves(&self) {
        self.leaves_since.set(self.now());
    }

    /// Wakes this task when [`ask_to_leave`](Self::ask_to_leave) is called.
    pub(super) fn listen(&self, context: &std::task::Context<'_>) {
        self.task.register(context.waker());
    }

    /// Waits for [`ask_to_leave`](Self::ask_to_leave).
    pub(super) async fn asked_to_leave(&self) {
        std::future::poll_fn(|context| {
            self.listen(context);
            if self.must_leave() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }

    /// What will have lasted too long next, and when. Nothing while we work for the client.
    pub(super) fn due(&self) -> Option<(Instant, Overdue)> {
        let is_resting = self.under_way.load(Ordering::Acquire) == 0;
        let rests_since = self.rests_since.get();
        if let Some(since) = self.lingers_since.get() {
            return Some((self.lingers_until(since), Overdue::Everything));
        }
        let (since, limit, overdue) = if let Some(since) = self.stalled_since.get() {
            (since, self.patience.stalled, Overdue::Everything)
        } else if !is_resting {
            return None;
        } else if let Some(since) = self.leaves_since.get() {
            let since = since.max(rests_since.unwrap_or(0));
            (since, LEAVING_LIMIT, Overdue::Everything)
        } else if let Some(since) = self.head_since.get() {
            (since, HEAD_LIMIT, Overdue::Head)
        } else if let Some(since) = rests_since {
            (since, self.patience.idle, Overdue::Rest)
        } else {
            (0, HEAD_LIMIT, Overdue::Rest)
        };
        Some((self.at(since) + limit, overdue))
    }

    /// When it is closed, if the client does not end it before. One that is to make room, or that we stop, has no more time
    /// than a silent one.
    fn lingers_until(&self, since: u64) -> Instant {
        let silence_ends = self.at(self.heard_at.get().unwrap_or(since)) + LINGER_SILENCE;
        let patience_ends = self.leaves_since.get().map_or_else(
            || self.at(since) + LINGER_LIMIT,
            |leaves_since| self.at(leaves_since.max(since)) + LINGER_SILENCE,
        );
        silence_ends.min(patience_ends)
    }

    fn at(&self, moment: u64) -> Instant {
        self.accepted_at + Duration::from_millis(moment)
    }

    /// How little is lost when this one has to make room; the smallest goes first. `None`: an answer is under way.
    ///
    /// First those that have not brought a whole request, then those that rest, the longest of each first.
    pub(super) fn dispensable(&self) -> Option<(u8, Instant)> {
        if self.under_way.load(Ordering::Acquire) > 0 || self.is_upgraded() {
            return None;
        }
        Some(match (self.head_since.get(), self.rests_since.get()) {
            (Some(since), _) => (0, self.at(since)),
            (None, None) => (0, self.accepted_at),
            (None, Some(since)) => (1, self.at(since)),
        })
    }
}
