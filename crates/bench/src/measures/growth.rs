//! Ten users and ten thousand: what a request costs, and what a user holds.

use super::bench::{Bench, Outcome};
use crate::load::closed;
use crate::rounds::interleave;
use crate::row::{Goal, Rounds, Row, short};
use std::time::{Duration, Instant};

const FEW: usize = 10;
const CONNECTIONS: usize = 64;

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Outcome> {
    let many = bench.options.scaled(10_000);
    let ours = bench.setup().start("few users", FEW)?;
    let few_users = ours.target()?.clone();
    // All that 64 connections need at once is there, whoever uses them.
    closed::run(
        &few_users.door,
        &bench.body,
        CONNECTIONS,
        Duration::from_millis(300),
        || (),
    )?;
    let before = few_users.footprint()?;
    let began_at = Instant::now();
    let many_users = ours.with_users(FEW..FEW + many)?;
    let opened = many as f64 / began_at.elapsed().as_secs_f64();
    // Everybody calls once: that mints a token for each.
    let began_at = Instant::now();
    let mut called = 0;
    while called < many {
        let mut part = many_users.clone();
        let handles = part.door.handles.iter().skip(called).take(CONNECTIONS);
        part.door.handles = std::sync::Arc::new(handles.cloned().collect());
        let width = part.door.handles.len();
        closed::run(&part.door, &bench.body, width, Duration::ZERO, || ())?;
        called += width;
    }
    let minted = many as f64 / began_at.elapsed().as_secs_f64();
    let after = many_users.footprint()?;

    let measured = interleave(&[&few_users, &many_users], bench.options.pairs, |target| {
        let run = closed::run(&target.door, &bench.body, CONNECTIONS, bench.options.slice, || {
            target.used()
        })?;
        Ok(target.cpu_since(&run.before, &run.after).as_secs_f64() * 1e6 / run.requests as f64)
    })?;
    let note = format!(
        "{} µs, with {FEW} users {} µs",
        short(measured.median(1, |cpu| *cpu)),
        short(measured.median(0, |cpu| *cpu))
    );
    let rows = vec![
        Row::of(
            format!("CPU per request, {many} users vs {FEW}"),
            Goal::at_most(1.25, 1.1),
            measured.ratios(1, 0, |cpu| *cpu),
            "",
            measured.counts,
        )
        .with_note(note),
        Row::of(
            format!("user memory per user with a token, {FEW} to {many}"),
            None,
            vec![(after.anonymous_kib - before.anonymous_kib) / many as f64],
            " KiB",
            Rounds::default(),
        ),
        Row::of(
            "sessions opened one after the other",
            None,
            vec![opened],
            "/s",
            Rounds::default(),
        ),
        Row::of(
            "first calls of new users, each with a mint and a row in SQLite",
            None,
            vec![minted],
            "/s",
            Rounds::default(),
        ),
    ];
    Ok(Outcome { rows, charts: vec![] })
}
