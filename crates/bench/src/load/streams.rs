//! Event streams that are open at the same time: what arrives on them, when, and whether it is what was sent.

use super::{Door, block_on};
use crate::clock::now_ns;
use crate::statistics::Latencies;
use crate::stub::time_of;
use crate::wire::{Answers, Chunks};
use anyhow::Context as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How many connections are opened at once.
const OPENING: usize = 64;

/// Callers with open streams, on a thread of their own.
#[derive(Debug)]
pub(crate) struct Callers {
    thread: JoinHandle<anyhow::Result<Received>>,
    open: Arc<AtomicUsize>,
    leave: CancellationToken,
}

/// What came.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// By number of the stream: events with a time, and the hash of all bytes of the body.
    pub(crate) streams: Vec<(usize, usize, u64)>,
    pub(crate) delays: Latencies,
}

impl Callers {
    /// Opens streams of these numbers and reads them to their end.
    pub(crate) fn start(door: &Door, numbers: Range<usize>) -> Self {
        let open = Arc::new(AtomicUsize::new(0));
        let leave = CancellationToken::new();
        let thread = std::thread::spawn({
            let (door, open, leave) = (door.clone(), Arc::clone(&open), leave.clone());
            move || block_on(read_all(door, numbers, open, leave))
        });
        Self { thread, open, leave }
    }

    /// On how many streams the first event has come.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(crate) fn have_failed(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the end of all streams.
    pub(crate) fn finish(self) -> anyhow::Result<Received> {
        self.thread
            .join()
            .map_err(|_| anyhow::anyhow!("the callers panicked"))?
    }

    /// Leaves in the middle of all streams.
    pub(crate) fn leave(self) -> anyhow::Result<()> {
        self.leave.cancel();
        self.finish().map(drop)
    }
}

async fn read_all(
    door: Door,
    numbers: Range<usize>,
    open: Arc<AtomicUsize>,
    leave: CancellationToken,
) -> anyhow::Result<Received> {
    let opening = Arc::new(Semaphore::new(OPENING));
    let mut callers = JoinSet::new();
    for number in numbers {
        let (door, open, opening) = (door.clone(), Arc::clone(&open), Arc::clone(&opening));
        let leave = leave.clone();
        callers.spawn(async move {
            tokio::select! {
                outcome = read(&door, number, &open, &opening) => outcome.map(Some),
                () = leave.cancelled() => Ok(None),
            }
        });
    }
    let mut received = Received::default();
    let mut delays = Vec::new();
    while let Some(caller) = callers.join_next().await {
        if let Some(stream) = caller.context("a caller panicked")?? {
            received.streams.push((stream.number, stream.delays.len(), stream.hash));
            delays.extend(stream.delays);
        }
    }
    received.streams.sort_unstable();
    received.delays = Latencies::of(delays);
    Ok(received)
}

struct Stream {
    number: usize,
    delays: Vec<u64>,
    hash: u64,
}

async fn read(door: &Door, number: usize, open: &AtomicUsize, opening: &Semaphore) -> anyhow::Result<Stream> {
    let permit = opening.acquire().await?;
    let mut stream = door.connect().await?;
    stream.write_all(&door.chat(number, number)).await?;
    let first = Answers::default().chunked_head(&mut stream).await?;
    let mut body = Body::default();
    body.take(&first)?;
    let mut piece = vec![0; 2048];
    let mut permit = Some(permit);
    loop {
        if body.has_event && permit.take().is_some() {
            open.fetch_add(1, Ordering::Relaxed);
        }
        if body.chunks.is_done() {
            return Ok(Stream {
                number,
                delays: body.delays,
                hash: body.hash.finish(),
            });
        }
        let read = stream.read(&mut piece).await.context("a stream broke")?;
        anyhow::ensure!(read > 0, "a stream was closed before its end");
        body.take(piece.get(..read).unwrap_or_default())?;
    }
}

/// A body as it comes.
#[derive(Default)]
struct Body {
    chunks: Chunks,
    hash: DefaultHasher,
    /// The beginning of an event whose end has not come.
    waiting: Vec<u8>,
    has_event: bool,
    delays: Vec<u64>,
}

impl Body {
    fn take(&mut self, piece: &[u8]) -> anyhow::Result<()> {
        let now = now_ns();
        let Self {
            chunks, hash, waiting, ..
        } = self;
        chunks.feed(piece, |data| {
            hash.write(data);
            waiting.extend_from_slice(data);
        })?;
        while let Some(end) = self.waiting.windows(2).position(|two| two == b"\n\n") {
            let event = self.waiting.get(..end).unwrap_or_default();
            self.has_event = true;
            if let Some(at) = time_of(event) {
                self.delays.push(now.saturating_sub(at));
            }
            self.waiting.drain(..end + 2);
        }
        Ok(())
    }
}
