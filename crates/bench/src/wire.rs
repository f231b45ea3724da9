//! As much HTTP/1.1 as both ends of a measurement need: finding the end of a head, a length, the pieces of a chunked body.
//!
//! By hand, so that what is measured is the proxy and not a second HTTP library on the same cores.

use anyhow::{Context as _, bail, ensure};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Returns where the head ends (behind its empty line).
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// The value of the first field of this name (in lower case, with its colon).
pub(crate) fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
    })
}

/// `Content-Length`; 0 when there is none.
pub(crate) fn content_length(head: &[u8]) -> usize {
    field(head, "content-length:")
        .and_then(|value| std::str::from_utf8(value).ok()?.parse().ok())
        .unwrap_or(0)
}

/// The status of an answer.
pub(crate) fn status(head: &[u8]) -> Option<u16> {
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

/// Reads answers from one connection.
#[derive(Debug)]
pub(crate) struct Answers {
    buffer: Vec<u8>,
    filled: usize,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            buffer: vec![0; 8 * 1024],
            filled: 0,
        }
    }
}

impl Answers {
    /// Reads one answer whole and checks that it is a good one with exactly this body.
    pub(crate) async fn expect(&mut self, stream: &mut (impl AsyncRead + Unpin), body: &[u8]) -> anyhow::Result<()> {
        let head = self.head(stream).await?;
        if !is_chunked(self.buffer.get(..head).unwrap_or_default()) {
            let whole = head + content_length(self.buffer.get(..head).unwrap_or_default());
            while self.filled < whole {
                self.more(stream).await?;
            }
            ensure!(
                self.buffer.get(head..whole) == Some(body),
                "the body is not the one that was sent"
            );
            self.filled = 0;
            return Ok(());
        }
        let mut chunks = Chunks::default();
        let mut seen = Vec::new();
        chunks.feed(self.buffer.get(head..self.filled).unwrap_or_default(), |data| {
            seen.extend_from_slice(data);
        })?;
        while !chunks.is_done() {
            self.filled = 0;
            self.more(stream).await?;
            chunks.feed(self.buffer.get(..self.filled).unwrap_or_default(), |data| {
                seen.extend_from_slice(data);
            })?;
        }
        self.filled = 0;
        ensure!(seen == body, "the body is not the one that was sent");
        Ok(())
    }

    /// Reads the head of a good answer with a chunked body and returns what has come of the body.
    pub(crate) async fn chunked_head(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<Vec<u8>> {
        let head = self.head(stream).await?;
        ensure!(
            is_chunked(self.buffer.get(..head).unwrap_or_default()),
            "the stream is not chunked"
        );
        let rest = self.buffer.get(head..self.filled).unwrap_or_default().to_vec();
        self.filled = 0;
        Ok(rest)
    }

    async fn head(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<usize> {
        loop {
            self.more(stream).await?;
            let have = self.buffer.get(..self.filled).unwrap_or_default();
            if let Some(end) = head_end(have) {
                let status = status(have);
                ensure!(
                    status == Some(200),
                    "the answer is {}",
                    String::from_utf8_lossy(have).lines().next().unwrap_or_default()
                );
                return Ok(end);
            }
        }
    }

    async fn more(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<()> {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        ensure!(!room.is_empty(), "the answer is larger than expected");
        let read = stream.read(room).await.context("could not read an answer")?;
        ensure!(read > 0, "the connection was closed within an answer");
        self.filled += read;
        Ok(())
    }
}

fn is_chunked(head: &[u8]) -> bool {
    field(head, "transfer-encoding:").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"))
}

/// Takes a chunked body apart (RFC 9112 7.1), in whatever pieces it comes.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    state: ChunkState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ChunkState {
    /// Within the line that states a size; the digits so far.
    #[default]
    Start,
    Size(usize),
    /// Behind the digits, up to the end of the line.
    SizeLine(usize),
    Data(usize),
    /// The line end behind the data; whether the last chunk is over.
    DataEnd,
    LastLine,
    Done,
}

impl Chunks {
    pub(crate) fn is_done(&self) -> bool {
        self.state == ChunkState::Done
    }

    /// Takes the next piece and shows the data in it.
    pub(crate) fn feed(&mut self, mut piece: &[u8], mut data: impl FnMut(&[u8])) -> anyhow::Result<()> {
        while let Some((&byte, rest)) = piece.split_first() {
            if let ChunkState::Data(left) = self.state {
                let (now, later) = piece.split_at(left.min(piece.len()));
                data(now);
                piece = later;
                self.state = match left - now.len() {
                    0 => ChunkState::DataEnd,
                    left => ChunkState::Data(left),
                };
                continue;
            }
            piece = rest;
            self.state = match (self.state, byte) {
                (ChunkState::Start, _) => ChunkState::Size(digit(byte)?),
                (ChunkState::Size(size) | ChunkState::SizeLine(size), b'\n') => match size {
                    0 => ChunkState::LastLine,
                    size => ChunkState::Data(size),
                },
                (ChunkState::Size(size), b'\r' | b';' | b' ') => ChunkState::SizeLine(size),
                (ChunkState::Size(size), _) => ChunkState::Size(size * 16 + digit(byte)?),
                (ChunkState::DataEnd, b'\n') => ChunkState::Start,
                (ChunkState::LastLine, b'\n') => ChunkState::Done,
                (ChunkState::Done, _) => bail!("something follows the last chunk"),
                (state, _) => state,
            };
        }
        Ok(())
    }
}

fn digit(byte: u8) -> anyhow::Result<usize> {
    let digit = char::from(byte).to_digit(16).context("a chunk without a size")?;
    Ok(usize::try_from(digit)?)
}

/// Sends one request on a connection of its own and waits for the whole answer: for what is not measured.
pub(crate) fn ask(addr: SocketAddr, request: &[u8]) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(addr)?;
    ask_on(&mut stream, request)
}

/// The same on a connection that goes on.
pub(crate) fn ask_on(stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<(u16, String)> {
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece)?;
        ensure!(read > 0, "the connection was closed within an answer");
        answer.extend_from_slice(piece.get(..read).unwrap_or_default());
        let Some(end) = head_end(&answer) else { continue };
        let head = answer.get(..end).unwrap_or_default();
        if answer.len() >= end + content_length(head) {
            let body = answer.get(end..).unwrap_or_default();
            return Ok((
                status(head).context("an answer without a status")?,
                String::from_utf8_lossy(body).into_owned(),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunked_body_is_the_same_however_it_is_cut() {
        let sent = b"5\r\nhello\r\n1A;x=y\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";
        for first in 0..sent.len() {
            let mut chunks = Chunks::default();
            let mut seen = Vec::new();
            for piece in [&sent[..first], &sent[first..]] {
                assert!(!chunks.is_done());
                chunks.feed(piece, |data| seen.extend_from_slice(data)).unwrap();
            }
            assert!(chunks.is_done());
            assert_eq!(seen, b"helloabcdefghijklmnopqrstuvwxyz");
        }
    }

    #[test]
    fn fields_are_found_in_any_case() {
        let head = b"HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nContent-length: 12\r\n\r\n";

        assert_eq!(head_end(head), Some(head.len()));
        assert_eq!(status(head), Some(200));
        assert_eq!(content_length(head), 12);
        assert_eq!(field(head, "authorization:"), None);
    }
}
