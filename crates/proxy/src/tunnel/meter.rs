//! Counts the messages of a WebSocket as requests of its caller, and ends it at the limit.
//!
//! A WebSocket is one request to HTTP, and any number of answers of a model to the one who pays for them. So each message of
//! the caller counts as a request, except pieces of sound and text ([`PIECES`]), of which one a minute counts. The platform
//! may start an answer without a message, when it hears the end of speech: an answer beyond the messages counts
//! when it begins.
//!
//! The meter stands around the caller's side of the tunnel and alters nothing. At the limit it keeps back the last byte of the
//! message, so the platform never has a whole one, and tells the caller why: by an error event as the platform writes them,
//! and by a close with the status 1008.

use super::messages::{Event, Messages};
use cozegate_config::text::Language;
use cozegate_core::problem::{Problem, ProblemKind};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Events of which a caller sends many a second.
const PIECES: [&str; 2] = ["input_audio_buffer.append", "input_text_buffer.append"];
/// How often one of them counts.
const PIECES_COUNT_EVERY: Duration = Duration::from_mins(1);
/// The event with which each answer begins.
const ANSWER_BEGINS: &str = "conversation.chat.created";
/// How many messages may be ahead of their answers.
const MOST_AHEAD: u32 = 8;
/// RFC 6455 7.4.1.
const POLICY_VIOLATION: u16 = 1008;
/// The longest reason of a close (RFC 6455 5.5).
const LONGEST_REASON: usize = 123;

/// Counts one request of the caller, or says why it may send no more.
pub(super) type Count = Box<dyn Fn() -> Result<(), Problem> + Send>;

/// The caller's side of a tunnel, counted.
pub(super) struct Metered<IO> {
    io: IO,
    count: Count,
    from_caller: Messages,
    to_caller: Messages,
    /// Counted messages whose answer has not begun.
    ahead: u32,
    pieces_counted_at: Option<Instant>,
    last_words: Option<LastWords>,
    /// The task that waits for the caller, to be told when an answer meets the limit.
    reader: Option<Waker>,
    is_limited: Arc<AtomicBool>,
}

/// What the caller hears at the end.
#[derive(Debug)]
struct LastWords {
    bytes: Vec<u8>,
    written: usize,
}

impl<IO> fmt::Debug for Metered<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metered")
    }
}

impl<IO> Metered<IO> {
    /// Counts what passes `io` with `count`.
    pub(super) fn new(io: IO, count: Count) -> Self {
        Self {
            io,
            count,
            from_caller: Messages::new(),
            to_caller: Messages::new(),
            ahead: 0,
            pieces_counted_at: None,
            last_words: None,
            reader: None,
            is_limited: Arc::default(),
        }
    }

    /// Set when the limit has ended the tunnel.
    pub(super) fn is_limited(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_limited)
    }

    fn limit(&mut self, problem: &Problem) {
        self.is_limited.store(true, Ordering::Relaxed);
        problem.log("A message over a WebSocket");
        self.last_words.get_or_insert_with(|| LastWords {
            bytes: last_words(problem),
            written: 0,
        });
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// Reads what the caller sends; returns how many bytes of it may pass.
    fn read_caller(&mut self, bytes: &[u8]) -> usize {
        let mut refused = None;
        let (count, pieces_counted_at, ahead) = (&self.count, &mut self.pieces_counted_at, &mut self.ahead);
        let passed = self.from_caller.read(bytes, |event| {
            let is_piece = matches!(event, Event::Named(name) if PIECES.contains(&name));
            if is_piece {
                let now = Instant::now();
                if pieces_counted_at.is_some_and(|at| now - at < PIECES_COUNT_EVERY) {
                    return true;
                }
                *pieces_counted_at = Some(now);
            }
            match count() {
                Ok(()) => {
                    *ahead = (*ahead + 1).min(MOST_AHEAD);
                    true
                }
                Err(problem) => {
                    refused = Some(problem);
                    false
                }
            }
        });
        if let Some(problem) = refused {
            self.limit(&problem);
        }
        passed
    }

    /// Reads what was written to the caller.
    fn read_platform(&mut self, bytes: &[u8]) {
        let mut refused = None;
        let (count, ahead) = (&self.count, &mut self.ahead);
        self.to_caller.read(bytes, |event| {
            if event == Event::Named(ANSWER_BEGINS) {
                match ahead.checked_sub(1) {
                    Some(left) => *ahead = left,
                    None => refused = count().err().or(refused.take()),
                }
            }
            true
        });
        if let Some(problem) = refused {
            self.limit(&problem);
        }
    }
}

impl<IO: AsyncWrite + Unpin> Metered<IO> {
    /// Writes the last words, if it is their turn. Ready when they are written.
    fn poll_last_words(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.to_caller.is_between_frames() {
            return Poll::Ready(Ok(()));
        }
        let Some(last_words) = &mut self.last_words else {
            return Poll::Ready(Ok(()));
        };
        while let Some(left) = last_words
            .bytes
            .get(last_words.written..)
            .filter(|left| !left.is_empty())
        {
            let written = ready!(Pin::new(&mut self.io).poll_write(context, left))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            last_words.written += written;
        }
        Pin::new(&mut self.io).poll_flush(context)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Metered<IO> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.last_words.is_some() {
            // The tunnel takes this for the caller's end, and ends the platform's side.
            return self.poll_last_words(context);
        }
        let start = buf.filled().len();
        if Pin::new(&mut self.io).poll_read(context, buf)?.is_pending() {
            self.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let passed = self.read_caller(buf.filled().get(start..).unwrap_or_default());
        buf.set_filled(start + passed);
        if passed == 0 && self.last_words.is_some() {
            return self.poll_last_words(context);
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Metered<IO> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.last_words.is_none() {
            let written = ready!(Pin::new(&mut self.io).poll_write(context, bytes))?;
            self.read_platform(bytes.get(..written).unwrap_or_default());
            return Poll::Ready(Ok(written));
        }
        if self.to_caller.is_between_frames() {
            ready!(self.poll_last_words(context))?;
            // Nothing may follow a close.
            return Poll::Ready(Ok(bytes.len()));
        }
        // To the end of this frame, byte by byte: this is rare.
        let Some(byte) = bytes.first() else {
            return Poll::Ready(Ok(0));
        };
        let byte = std::slice::from_ref(byte);
        let written = ready!(Pin::new(&mut self.io).poll_write(context, byte))?;
        self.to_caller.read(byte.get(..written).unwrap_or_default(), |_| true);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_last_words(context))?;
        ready!(Pin::new(&mut self.io).poll_shutdown(context))?;
        if self.last_words.is_none() {
            return Poll::Ready(Ok(()));
        }
        // What the caller still sends is dropped until it ends: a reset could overtake the last words.
        let mut bytes = [0; 4 * 1024];
        loop {
            let mut unread = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.io).poll_read(context, &mut unread))?;
            if unread.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// An error event, and a close.
fn last_words(problem: &Problem) -> Vec<u8> {
    let limit = problem.limit.map_or("", cozegate_core::problem::Limit::key);
    let wait = problem.retry_after.map_or(1, cozegate_core::problem::whole_seconds);
    let reason = format!("cozegate: {limit} is reached; try again in {wait} s");
    let event = serde_json::json!({
        "event_type": "error",
        "data": {
            "code": ProblemKind::RateLimited.code(),
            "msg": format!("cozegate: {} {}", problem.detail(Language::English), reason),
        },
    })
    .to_string();
    let reason = reason.get(..reason.len().min(LONGEST_REASON)).unwrap_or_default();
    let close = [&POLICY_VIOLATION.to_be_bytes(), reason.as_bytes()].concat();
    [frame(0x81, event.as_bytes()), frame(0x88, &close)].concat()
}

/// An unmasked frame (RFC 6455 5.2).
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(short) if short < 126 => frame.push(short),
        Ok(_) | Err(_) => {
            frame.push(126);
            frame.extend(u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}
