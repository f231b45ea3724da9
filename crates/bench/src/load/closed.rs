//! A closed loop: each connection asks again as soon as it is answered. It finds what a proxy can do at most.

use super::{Door, block_on};
use crate::clock::now_ns;
use crate::statistics::Latencies;
use crate::wire::Answers;
use anyhow::Context as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Requests before the measurement: connections are opened, tokens are there, caches are warm.
const WARM_UP: usize = 3;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Closed<P> {
    pub(crate) requests: usize,
    pub(crate) took: Duration,
    pub(crate) latencies: Latencies,
    /// What `probe` said before the first and after the last measured request.
    pub(crate) before: P,
    pub(crate) after: P,
}

impl<P> Closed<P> {
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }
}

/// Keeps `connections` busy for `length`. Connection `n` asks for the users `n`, `n + connections`, and so on.
pub(crate) fn run<P>(
    door: &Door,
    body: &[u8],
    connections: usize,
    length: Duration,
    probe: impl Fn() -> P,
) -> anyhow::Result<Closed<P>> {
    let body: Arc<[u8]> = body.into();
    block_on(async {
        let start = Arc::new(Barrier::new(connections + 1));
        let ready = Arc::new(Barrier::new(connections + 1));
        let mut callers = JoinSet::new();
        for first_user in 0..connections {
            let users = (first_user..door.handles.len().max(first_user + 1)).step_by(connections);
            let mut caller = Caller {
                requests: users.map(|user| door.call(user)).collect(),
                next: 0,
                stream: door.connect().await?,
                answers: Answers::default(),
                body: Arc::clone(&body),
            };
            let (ready, start) = (Arc::clone(&ready), Arc::clone(&start));
            callers.spawn(async move {
                let warm_up = caller.ask_times(WARM_UP).await;
                ready.wait().await;
                start.wait().await;
                warm_up?;
                caller.ask_for(length).await
            });
        }
        ready.wait().await;
        let before = probe();
        let began_at = Instant::now();
        start.wait().await;
        let mut latencies = Vec::new();
        while let Some(caller) = callers.join_next().await {
            latencies.extend(caller.context("a caller panicked")??);
        }
        let took = began_at.elapsed();
        Ok(Closed {
            requests: latencies.len(),
            took,
            latencies: Latencies::of(latencies),
            before,
            after: probe(),
        })
    })
}

struct Caller {
    requests: Vec<Vec<u8>>,
    next: usize,
    stream: TcpStream,
    answers: Answers,
    body: Arc<[u8]>,
}

impl Caller {
    async fn ask(&mut self) -> anyhow::Result<()> {
        let request = self.requests.get(self.next).context("a caller without a request")?;
        self.next = (self.next + 1) % self.requests.len();
        self.stream.write_all(request).await?;
        self.answers.expect(&mut self.stream, &self.body).await
    }

    async fn ask_times(&mut self, times: usize) -> anyhow::Result<()> {
        for _ in 0..times {
            self.ask().await?;
        }
        Ok(())
    }

    async fn ask_for(&mut self, length: Duration) -> anyhow::Result<Vec<u64>> {
        let mut latencies = Vec::with_capacity(4096);
        let mut asked_at = now_ns();
        let end = asked_at + u64::try_from(length.as_nanos())?;
        while asked_at < end {
            self.ask().await?;
            let now = now_ns();
            latencies.push(now - asked_at);
            asked_at = now;
        }
        Ok(latencies)
    }
}
