//! Open event streams, and the events that leave on them by a schedule.
//!
//! One thread sends all events at equal distances, one stream after the other, and writes into each when it left. So every
//! event meets a quiet proxy, and what is measured is the way of one event and not a burst of a thousand.

use crate::clock::{Pacer, now_ns};
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What stands before the time in every event.
const EVENT_PREFIX: &[u8] = b"event:conversation.message.delta\ndata:{\"at\":\"";
/// Digits of a time.
const TIME_DIGITS: usize = 20;

pub(super) const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
    Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The first event of a stream: it says that the stream is open, and carries no time.
const CREATED: &[u8] = b"event:conversation.chat.created\ndata:{\"id\":\"1\",\"status\":\"created\"}\n\n";

/// The streams that have been opened, by number.
#[derive(Debug, Default)]
pub(crate) struct Emitter {
    streams: Mutex<Vec<(usize, TcpStream)>>,
    arrived: Condvar,
}

/// What was sent.
#[derive(Debug, Default)]
pub(crate) struct Emitted {
    /// By number of the stream: the hash of all bytes of its body.
    pub(crate) hashes: Vec<(usize, u64)>,
}

/// How events leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) events: usize,
    /// Between two events of whatever streams.
    pub(crate) gap: Duration,
    /// Events are cut at odd places, two writes each.
    pub(crate) cut: bool,
}

/// The head and the first event.
pub(super) fn opening() -> Vec<u8> {
    let mut opening = HEAD.to_vec();
    chunk(&mut opening, CREATED);
    opening
}

/// One event of this length, as a chunk.
pub(super) fn filler(length: usize) -> Vec<u8> {
    let mut event = b"event:conversation.message.delta\ndata:".to_vec();
    event.resize(length - 2, b'x');
    event.extend_from_slice(b"\n\n");
    let mut chunked = Vec::new();
    chunk(&mut chunked, &event);
    chunked
}

fn chunk(into: &mut Vec<u8>, data: &[u8]) {
    into.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
    into.extend_from_slice(data);
    into.extend_from_slice(b"\r\n");
}

impl Emitter {
    /// A stream whose head has left.
    pub(super) fn take(&self, number: usize, stream: TcpStream) {
        self.lock().push((number, stream));
        self.arrived.notify_all();
    }

    /// Waits until `count` streams are open.
    pub(crate) fn wait_for(&self, count: usize, patience: Duration) -> anyhow::Result<()> {
        let (streams, timeout) = self
            .arrived
            .wait_timeout_while(self.lock(), patience, |streams| streams.len() < count)
            .unwrap_or_else(PoisonError::into_inner);
        anyhow::ensure!(
            !timeout.timed_out(),
            "only {} of {count} streams were opened",
            streams.len()
        );
        Ok(())
    }

    /// Closes all streams, whatever the other end makes of it.
    pub(crate) fn drop_all(&self) {
        self.lock().clear();
    }

    /// Sends events to all open streams, then their end.
    pub(crate) fn emit(&self, plan: Plan) -> anyhow::Result<Emitted> {
        let mut streams: Vec<_> = std::mem::take(&mut *self.lock());
        streams.sort_by_key(|(number, _)| *number);
        let mut hashes: Vec<DefaultHasher> = streams.iter().map(|_| DefaultHasher::new()).collect();
        for hash in &mut hashes {
            hash.write(CREATED);
        }
        let mut pacer = Pacer::new(plan.gap)?;
        let mut sent = Vec::with_capacity(1024);
        for round in 0..plan.events {
            for (index, ((_, stream), hash)) in streams.iter_mut().zip(&mut hashes).enumerate() {
                pacer.wait();
                let event = event(now_ns(), 80 + (index * 7 + round * 31) % 200);
                hash.write(&event);
                sent.clear();
                chunk(&mut sent, &event);
                let cut = if plan.cut {
                    (index * 13 + round * 5) % sent.len()
                } else {
                    0
                };
                let (first, second) = sent.split_at(cut);
                write_all(stream, first)?;
                write_all(stream, second)?;
            }
        }
        for (_, stream) in &mut streams {
            write_all(stream, LAST_CHUNK)?;
        }
        Ok(Emitted {
            hashes: streams
                .iter()
                .zip(hashes)
                .map(|((number, _), hash)| (*number, hash.finish()))
                .collect(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(usize, TcpStream)>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn event(at: u64, filling: usize) -> Vec<u8> {
    let mut event = EVENT_PREFIX.to_vec();
    event.extend_from_slice(format!("{at:020}\",\"content\":\"").as_bytes());
    event.resize(event.len() + filling, b'y');
    event.extend_from_slice(b"\"}\n\n");
    event
}

/// Writes to a socket that does not block.
fn write_all(stream: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_micros(100));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// When an event left, if it says so.
pub(crate) fn time_of(event: &[u8]) -> Option<u64> {
    let behind = event.strip_prefix(EVENT_PREFIX)?;
    std::str::from_utf8(behind.get(..TIME_DIGITS)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_says_when_it_left() {
        let event = event(1_234_567_890_123, 100);

        assert_eq!(time_of(&event), Some(1_234_567_890_123));
        assert!(event.ends_with(b"\n\n"));
        assert_eq!(time_of(CREATED), None);
    }
}
