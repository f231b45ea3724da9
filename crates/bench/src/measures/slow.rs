//! Callers that take what others need: sockets whose head never ends, and one that hardly reads.

use super::bench::{Bench, Outcome};
use crate::load::open;
use crate::load::slow::Attack;
use crate::rounds::interleave;
use crate::row::{Goal, Rounds, Row, short};
use crate::targets::Target;
use crate::usage::Footprint;
use crate::wire::{Chunks, head_end};
use anyhow::{Context as _, ensure};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const GOOD_USERS: usize = 200;
/// Calls of all good users together.
const PER_SECOND: f64 = 2_000.0;
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Outcome> {
    let mut rows = slow_sockets(bench)?;
    rows.push(slow_reader(bench)?);
    Ok(Outcome { rows, charts: vec![] })
}

struct Slice {
    p99: f64,
    footprint: Footprint,
    open: usize,
    thrown_out: usize,
}

fn slow_sockets(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let sockets = bench.options.scaled(5_000);
    let ours = bench.setup().start("cozegate", GOOD_USERS)?;
    let quiet = ours.target()?.clone();
    let attacked = Target {
        name: "attacked",
        ..quiet.clone()
    };
    // What all good users need, before the first attack: afterwards the allocator keeps what it had.
    open::run(&quiet.door, &bench.body, GOOD_USERS, PER_SECOND, bench.options.slice)?;
    let before = quiet.footprint()?.anonymous_kib;
    let pairs = bench.options.pairs.min(3);
    let measured = interleave(&[&quiet, &attacked], pairs, |target| {
        let attack = if target.name == "attacked" {
            let attack = Attack::start(&target.door, sockets)?;
            let began_at = Instant::now();
            while attack.open() < sockets && began_at.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(10));
            }
            Some(attack)
        } else {
            None
        };
        let latencies = open::run(
            &target.door,
            &bench.body,
            GOOD_USERS,
            PER_SECOND,
            bench.options.slice * 2,
        )?;
        let slice = Slice {
            p99: latencies.quantile_ms(0.99),
            footprint: target.footprint()?,
            open: attack.as_ref().map_or(0, Attack::open),
            thrown_out: attack.as_ref().map_or(0, Attack::thrown_out),
        };
        drop(attack);
        wait_until_gone(target)?;
        Ok(slice)
    })?;
    let p99 = |slice: &Slice| slice.p99;
    let memory = |slice: &Slice| slice.footprint.anonymous_kib;
    let open = measured.median(1, |slice| slice.open as f64);
    let thrown_out = measured.median(1, |slice| slice.thrown_out as f64);
    let handles = measured.median(1, |slice| slice.footprint.handles as f64);
    let ratio = Row::of(
        format!("{sockets} slow sockets beside {GOOD_USERS} good users: p99 with vs without"),
        Goal::at_most(2.0, 1.2),
        measured.ratios(1, 0, p99),
        "",
        measured.counts,
    )
    .with_note(format!(
        "{} ms, {} ms without; {open:.0} sockets open, {thrown_out:.0} were thrown out, {handles:.0} handles",
        short(measured.median(1, p99)),
        short(measured.median(0, p99)),
    ));
    let growth = (measured.median(1, memory) - before) / open.max(1.0);
    let per_socket = Row::of(
        format!("{sockets} slow sockets: user memory per socket"),
        None,
        vec![growth],
        " KiB",
        Rounds::default(),
    );
    Ok(vec![ratio, per_socket])
}

/// So that the round that follows meets a quiet proxy.
fn wait_until_gone(target: &Target) -> anyhow::Result<()> {
    let began_at = Instant::now();
    while target.footprint()?.handles > GOOD_USERS * 4 && began_at.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// An answer that comes as quickly as it goes, and a reader that stands still behind its head.
fn slow_reader(bench: &Bench) -> anyhow::Result<Row> {
    const FLOOD: u64 = 64 * 1024 * 1024;
    let ours = bench.setup().start("cozegate", 1)?;
    let target = ours.target()?;
    // What the first answer allocates once is not the slow reader's.
    crate::wire::ask(target.door.addr, &target.door.call(0))?;
    let before = target.footprint()?;
    let sent_before = bench.stub.flood_bytes();
    let mut stream = TcpStream::connect(target.door.addr)?;
    stream.write_all(&target.door.flood(FLOOD))?;
    let mut piece = vec![0; 64 * 1024];
    let mut head = Vec::new();
    let head_length = loop {
        let read = stream.read(piece.get_mut(..512).context("a buffer of its own")?)?;
        ensure!(read > 0, "the connection was closed within the head");
        head.extend_from_slice(piece.get(..read).unwrap_or_default());
        if let Some(end) = head_end(&head) {
            break end;
        }
    };
    let stuck = wait_until_still(|| bench.stub.flood_bytes() - sent_before)?;
    ensure!(stuck < FLOOD, "64 MiB went through although nobody read them");
    let held = target.footprint()?;
    // All the same, everything arrives.
    let mut chunks = Chunks::default();
    let mut arrived = 0_u64;
    let mut count = |data: &[u8]| arrived += data.len() as u64;
    chunks.feed(head.get(head_length..).unwrap_or_default(), &mut count)?;
    while !chunks.is_done() {
        let read = stream.read(&mut piece)?;
        ensure!(read > 0, "the answer was cut");
        chunks.feed(piece.get(..read).unwrap_or_default(), &mut count)?;
    }
    ensure!(arrived == FLOOD, "{arrived} of {FLOOD} bytes arrived");
    let delta = (held.anonymous_kib - before.anonymous_kib).max(0.0) / 1024.0;
    Ok(Row::of(
        "a reader that stands still before 64 MiB of events: user memory",
        Goal::at_most(1.0, 0.25),
        vec![delta],
        " MiB",
        Rounds::default(),
    )
    .with_note(format!(
        "{} MiB wait in the system's buffers; all bytes arrive in the end",
        short(stuck as f64 / 1024.0 / 1024.0)
    )))
}

/// Waits until a count stands still for a third of a second, and returns it.
fn wait_until_still(count: impl Fn() -> u64) -> anyhow::Result<u64> {
    let began_at = Instant::now();
    let mut last = (count(), 0);
    while last.1 < 10 || last.0 == 0 {
        ensure!(began_at.elapsed() < PATIENCE, "the flood does not stand still");
        std::thread::sleep(Duration::from_millis(30));
        let now = count();
        last = if now == last.0 { (now, last.1 + 1) } else { (now, 0) };
    }
    Ok(last.0)
}
