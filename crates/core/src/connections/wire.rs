//! The socket as the parser sees it: whole heads that were found good, bodies as they come, and nothing behind a fault.
//!
//! Usually a head arrives in one piece; then it is looked at where the parser will read it, and nothing is copied. Only of
//! a head that comes in pieces the pieces are kept here until it is whole, so that the parser is idle until then, and its
//! connection can be closed without loss.
//!
//! What is refused becomes a request of our own making, `GET *`, which no client can send through here. So the answer takes
//! its turn behind those before it, and the service, not this file, knows how answers look.

use super::fault::Fault;
use super::framing::Framer;
use super::register::Seat;
use super::state::ConnectionState;
use crate::problem::ProblemKind;
use bytes::{Buf as _, BytesMut};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the service answers with the refusal.
const REFUSED_REQUEST: &[u8] = b"GET * HTTP/1.1\r\nconnection: close\r\n\r\n";
/// The same, where the client reads no text.
const REFUSED_HEAD_REQUEST: &[u8] = b"HEAD * HTTP/1.1\r\nconnection: close\r\n\r\n";

/// A connection's socket, in clear or below TLS.
#[derive(Debug)]
pub(super) struct Wire<IO> {
    io: IO,
    framer: Framer,
    /// Of a head that came in pieces, and what came behind it.
    held: BytesMut,
    /// So much of `held` may go on.
    approved: usize,
    /// What is wrong behind that.
    fault: Option<Fault>,
    is_refused: bool,
    /// Our side is closed; what still comes is dropped.
    is_lingering: bool,
    state: Arc<ConnectionState>,
    /// Kept for as long as the socket is open, be it by another protocol.
    _seat: Seat,
}

impl<IO> Wire<IO> {
    pub(super) fn new(io: IO, seat: Seat) -> Self {
        Self {
            io,
            framer: Framer::new(),
            held: BytesMut::new(),
            approved: 0,
            fault: None,
            is_refused: false,
            is_lingering: false,
            state: Arc::clone(seat.state()),
            _seat: seat,
        }
    }

    /// Looks at what `buf` holds from `start`; what may not go on yet is taken out of it.
    fn look_at(&mut self, buf: &mut ReadBuf<'_>, start: usize) {
        let bytes = buf.filled().get(start..).unwrap_or_default();
        if self.held.is_empty() {
            let passed = self.framer.pass(bytes);
            self.fault = passed.fault;
            self.held
                .extend_from_slice(bytes.get(passed.approved..).unwrap_or_default());
            buf.set_filled(start + passed.approved);
        } else {
            self.held.extend_from_slice(bytes);
            buf.set_filled(start);
            let waiting = self.held.get(self.approved..).unwrap_or_default();
            let passed = self.framer.pass(waiting);
            self.fault = passed.fault;
            self.approved += passed.approved;
        }
        if self.held.len() > self.approved {
            self.state.head_waits();
        } else {
            self.state.head_is_read();
        }
    }

    /// Hands on what was held and may go.
    fn hand_on(&mut self, buf: &mut ReadBuf<'_>, most: usize) {
        let length = most.min(buf.remaining());
        buf.put_slice(self.held.get(..length).unwrap_or_default());
        self.held.advance(length);
        self.approved = self.approved.saturating_sub(length);
        if self.held.is_empty() {
            // An idle connection keeps no memory for its next head.
            self.held = BytesMut::new();
        }
    }

    /// Decides whether a refusal is due: for a fault of the bytes, or one that was decided elsewhere.
    fn refuse(&mut self) -> io::Result<()> {
        match self.fault {
            Some(Fault::Head(reason)) => self.state.refuse(ProblemKind::HeadRefused, reason),
            Some(Fault::HeadTooLarge) => self.state.refuse(ProblemKind::HeadTooLarge, "the head is too long"),
            // Its head has gone on, so whoever reads the body has to hear of it.
            Some(Fault::Body) => return Err(io::Error::new(io::ErrorKind::InvalidData, "the chunks cannot be read")),
            None => {}
        }
        if self.state.refusal().is_some() && !self.framer.is_in_body() {
            self.is_refused = true;
            self.state.head_is_read();
            let is_head = self.held.starts_with(b"HEAD ");
            self.held = BytesMut::from(if is_head { REFUSED_HEAD_REQUEST } else { REFUSED_REQUEST });
            self.approved = self.held.len();
        }
        Ok(())
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Wire<IO> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.state.is_upgraded() {
            if !wire.held.is_empty() {
                wire.hand_on(buf, wire.held.len());
                return Poll::Ready(Ok(()));
            }
            return Pin::new(&mut wire.io).poll_read(context, buf);
        }
        loop {
            if wire.approved > 0 {
                wire.hand_on(buf, wire.approved);
                return Poll::Ready(Ok(()));
            }
            if wire.is_refused {
                // The answer is the last, and who leaves before it is found out by writing.
                return Poll::Pending;
            }
            wire.refuse()?;
            if wire.is_refused {
                continue;
            }
            let start = buf.filled().len();
            ready!(Pin::new(&mut wire.io).poll_read(context, buf))?;
            if buf.filled().len() == start {
                return Poll::Ready(Ok(()));
            }
            wire.look_at(buf, start);
            if buf.filled().len() > start {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Wire<IO> {
    /// Closes our side; then, if the client may still be sending, reads on until it has heard our last answer. How long that
    /// may take is the [state](ConnectionState::due)'s to say; how many bytes it takes is not asked, as whoever wants to
    /// send many can do so in a request.
    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_lingering {
            ready!(Pin::new(&mut self.io).poll_shutdown(context))?;
            if self.state.is_upgraded() || !(self.is_refused || self.framer.is_in_body()) {
                return Poll::Ready(Ok(()));
            }
            self.is_lingering = true;
            self.state.lingers();
        }
        let mut bytes = [0; 8 * 1024];
        loop {
            let mut buf = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut self.io).poll_read(context, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => self.state.hears_on(),
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }

    fn note<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_pending() {
            self.state.write_stalls();
        } else {
            self.state.write_goes_on();
        }
        outcome
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<IO> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(context, bytes);
        self.note(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write_vectored(context, pieces);
        self.note(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_flush(context);
        self.note(outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_close(context)
    }
}
