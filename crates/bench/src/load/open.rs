//! An open loop: requests leave by a schedule, whatever the answers do, as visitors come.
//!
//! A latency counts from the moment for which a request was planned: a proxy that stands still for a while is charged for
//! everybody who came meanwhile. One thread keeps the schedule and writes; this one reads.

use super::{Door, block_on};
use crate::clock::{Pacer, now_ns};
use crate::statistics::Latencies;
use crate::wire::Answers;
use anyhow::Context as _;
use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Which connections are free, and which moments wait because none is.
#[derive(Debug, Default)]
struct Schedule {
    /// Free connections, used in turn.
    free: VecDeque<usize>,
    /// By connection: the moment of the request that is on it.
    on_its_way: Vec<u64>,
    late: VecDeque<u64>,
    is_over: bool,
}

type Shared = Arc<Mutex<Schedule>>;

/// Sends `per_second` requests over `connections` for `length`.
pub(crate) fn run(
    door: &Door,
    body: &[u8],
    connections: usize,
    per_second: f64,
    length: Duration,
) -> anyhow::Result<Latencies> {
    let body: Arc<[u8]> = body.into();
    block_on(async {
        let shared = Shared::default();
        let mut writers = Vec::with_capacity(connections);
        let mut readers = JoinSet::new();
        for connection in 0..connections {
            let mut stream = door.connect().await?;
            let request = door.call(connection);
            let mut answers = Answers::default();
            stream.write_all(&request).await?;
            answers.expect(&mut stream, &body).await?;
            let socket = stream.into_std()?;
            writers.push((socket.try_clone()?, request.clone()));
            lock(&shared).free.push_back(connection);
            lock(&shared).on_its_way.push(0);
            let reader = Reader {
                connection,
                stream: TcpStream::from_std(socket)?,
                request,
                answers,
                body: Arc::clone(&body),
                shared: Arc::clone(&shared),
            };
            readers.spawn(reader.read());
        }
        let gap = Duration::from_secs_f64(1.0 / per_second);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of requests"
        )]
        let requests = (length.as_secs_f64() * per_second) as usize;
        let for_writer = Arc::clone(&shared);
        let writer = std::thread::spawn(move || write(&for_writer, writers, gap, requests));
        let mut latencies = Vec::with_capacity(requests);
        while let Some(reader) = readers.join_next().await {
            latencies.extend(reader.context("a caller panicked")??);
        }
        match writer.join() {
            Ok(outcome) => outcome?,
            Err(_) => anyhow::bail!("the schedule panicked"),
        }
        Ok(Latencies::of(latencies))
    })
}

fn lock(shared: &Mutex<Schedule>) -> std::sync::MutexGuard<'_, Schedule> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the schedule. Ends by closing the connections for writing, once everything is answered.
fn write(
    shared: &Mutex<Schedule>,
    mut writers: Vec<(std::net::TcpStream, Vec<u8>)>,
    gap: Duration,
    requests: usize,
) -> anyhow::Result<()> {
    let outcome = (|| {
        let mut pacer = Pacer::new(gap)?;
        for _ in 0..requests {
            let moment = pacer.wait();
            let mut schedule = lock(shared);
            let Some(connection) = schedule.free.pop_front() else {
                schedule.late.push_back(moment);
                continue;
            };
            if let Some(slot) = schedule.on_its_way.get_mut(connection) {
                *slot = moment;
            }
            drop(schedule);
            if let Some((socket, request)) = writers.get_mut(connection) {
                socket.write_all(request)?;
            }
        }
        anyhow::Ok(())
    })();
    let mut schedule = lock(shared);
    schedule.is_over = true;
    // Readers of free connections wait for an answer that will not come: this ends them.
    for connection in std::mem::take(&mut schedule.free) {
        if let Some((socket, _)) = writers.get(connection) {
            socket.shutdown(std::net::Shutdown::Both)?;
        }
    }
    drop(schedule);
    outcome
}

struct Reader {
    connection: usize,
    stream: TcpStream,
    request: Vec<u8>,
    answers: Answers,
    body: Arc<[u8]>,
    shared: Shared,
}

impl Reader {
    async fn read(mut self) -> anyhow::Result<Vec<u64>> {
        let mut latencies = Vec::with_capacity(1024);
        loop {
            if let Err(error) = self.answers.expect(&mut self.stream, &self.body).await {
                let is_idle = {
                    let schedule = lock(&self.shared);
                    schedule.is_over && schedule.on_its_way.get(self.connection) == Some(&0)
                };
                return if is_idle { Ok(latencies) } else { Err(error) };
            }
            let now = now_ns();
            let late = {
                let mut schedule = lock(&self.shared);
                let late = schedule.late.pop_front();
                let slot = schedule
                    .on_its_way
                    .get_mut(self.connection)
                    .context("a connection without a place")?;
                latencies.push(now.saturating_sub(*slot));
                *slot = late.unwrap_or(0);
                if late.is_none() {
                    if schedule.is_over {
                        return Ok(latencies);
                    }
                    schedule.free.push_back(self.connection);
                }
                late
            };
            if late.is_some() {
                self.stream.write_all(&self.request).await?;
            }
        }
    }
}
