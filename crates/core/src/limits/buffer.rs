//! Byte budget of the process for data that is held in memory on behalf of callers.
//!
//! Buffered files, collected request bodies and collected answers reserve their bytes here before they allocate them. The
//! budget is one for all callers, listeners and threads, and it survives a change of the limits.
//!
//! Buffers of at most [`UNCOUNTED_BYTES`] are not counted: they are no larger than what a connection may hold for its socket
//! anyway, and their number is bounded by `limits.connections` and `limits.exchanges`.

use super::Limit;
use crate::problem::{Problem, ProblemKind};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The largest buffer that needs no reservation.
pub const UNCOUNTED_BYTES: usize = 16 * 1024;
/// A reservation ends with an answer; most answers end within a second.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The budget. 0 is no limit.
#[derive(Debug)]
pub struct Buffer {
    limit: AtomicU64,
    reserved: AtomicU64,
}

/// Bytes of the budget, given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    buffer: Arc<Buffer>,
    bytes: u64,
}

/// The budget has no room for a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} more bytes do not fit into limits.buffer_mib: {reserved} of {limit} bytes are reserved")]
pub struct BufferFull {
    wanted: u64,
    reserved: u64,
    limit: u64,
}

impl From<BufferFull> for Problem {
    fn from(full: BufferFull) -> Self {
        Self {
            limit: Some(Limit::BufferMib),
            retry_after: Some(RETRY_AFTER),
            ..Self::with_inside(ProblemKind::BufferFull, full)
        }
    }
}

impl Buffer {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit: AtomicU64::new(limit),
            reserved: AtomicU64::new(0),
        }
    }

    /// Changes the limit. Reservations above the new limit stay until they are dropped.
    pub(super) fn set_limit(&self, limit: u64) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Reserves `bytes`.
    pub fn reserve(self: &Arc<Self>, bytes: usize) -> Result<Reservation, BufferFull> {
        let mut reservation = Reservation {
            buffer: Arc::clone(self),
            bytes: 0,
        };
        reservation.grow(bytes)?;
        Ok(reservation)
    }

    /// How many bytes are reserved now.
    #[cfg(test)]
    pub fn reserved(&self) -> u64 {
        self.reserved.load(Ordering::Relaxed)
    }
}

impl Reservation {
    /// Reserves `bytes` more. On an error the reservation stays as it was.
    pub fn grow(&mut self, bytes: usize) -> Result<(), BufferFull> {
        let wanted = u64::try_from(bytes).unwrap_or(u64::MAX);
        let limit = match self.buffer.limit.load(Ordering::Relaxed) {
            0 => u64::MAX,
            limit => limit,
        };
        // Only the number itself is shared: nothing is published with it.
        let added = self
            .buffer
            .reserved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |reserved| {
                reserved.checked_add(wanted).filter(|sum| *sum <= limit)
            });
        match added {
            Ok(_) => {
                self.bytes += wanted;
                Ok(())
            }
            Err(reserved) => Err(BufferFull {
                wanted,
                reserved,
                limit,
            }),
        }
    }
}

/// Keeps `guard` until the last copy of `bytes` is gone: for bytes that a connection has still to write.
pub fn held_by<T: Send + 'static>(guard: T, bytes: Bytes) -> Bytes {
    struct Held<T> {
        bytes: Bytes,
        _guard: T,
    }
    impl<T> AsRef<[u8]> for Held<T> {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }
    Bytes::from_owner(Held { bytes, _guard: guard })
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.buffer.reserved.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_never_exceed_the_limit_and_come_back() {
        let buffer = Arc::new(Buffer::new(100));
        let mut first = buffer.reserve(60).unwrap();

        assert!(buffer.reserve(41).is_err());
        assert_eq!(buffer.reserved(), 60, "a refused reservation takes nothing");
        first.grow(40).unwrap();
        assert!(first.grow(1).is_err());
        assert_eq!(buffer.reserved(), 100);
        drop(first);
        assert_eq!(buffer.reserved(), 0);
        assert!(buffer.reserve(usize::MAX).is_err());
    }

    #[test]
    fn held_bytes_are_reserved_until_their_last_copy_is_gone() {
        let buffer = Arc::new(Buffer::new(100));
        let bytes = held_by(buffer.reserve(3).unwrap(), Bytes::from_static(b"abc"));

        let copy = bytes.slice(1..);
        drop(bytes);

        assert_eq!((copy.as_ref(), buffer.reserved()), (b"bc".as_slice(), 3));
        drop(copy);
        assert_eq!(buffer.reserved(), 0);
    }

    #[test]
    fn changed_limit_keeps_what_is_reserved() {
        let buffer = Arc::new(Buffer::new(0));
        let held = buffer.reserve(1_000_000).unwrap();

        buffer.set_limit(100);

        assert!(buffer.reserve(1).is_err());
        drop(held);
        assert!(buffer.reserve(100).is_ok());
    }

    #[test]
    fn threads_share_the_budget() {
        let buffer = Arc::new(Buffer::new(1_000));
        let most = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let reservation = buffer.reserve(300);
                        most.fetch_max(buffer.reserved(), Ordering::Relaxed);
                        drop(reservation);
                    }
                });
            }
        });
        assert!(most.load(Ordering::Relaxed) <= 1_000);
        assert_eq!(buffer.reserved(), 0);
    }
}
