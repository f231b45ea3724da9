//! What an open event stream holds, in memory that the proxy itself has written to. The kernel's buffers are not in it: they are
//! the same for every proxy.

use super::bench::{Bench, Outcome};
use super::events;
use crate::picture::Chart;
use crate::row::{Goal, Rounds, Row, Verdict, short};
use crate::targets::Target;

/// KiB by stream.
struct PerStream {
    /// From one stream to all.
    all: f64,
    /// From one to the first thousand, and from there to all: the same if it grows in a line.
    first: f64,
    rest: f64,
}

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let counts = [1, 1_000, 5_000].map(|full| bench.options.scaled(full).max(1));
    let mut bars = Vec::new();
    let ours = bench.setup().start("cozegate", 1)?;
    let held = of(bench, ours.target()?, counts)?;
    drop(ours);
    bars.push(("cozegate", held.all));
    let mut notes = Vec::new();
    for started in [bench.fresh_nginx()?, bench.fresh_haproxy()?] {
        let Some(target) = started.as_ref().and_then(|started| started.targets.first()) else {
            continue;
        };
        let theirs = of(bench, target, counts)?;
        notes.push(format!("{} {} KiB", target.name, short(theirs.all)));
        bars.push((target.name, theirs.all));
    }
    let [_, first, all] = counts;
    outcome.rows.push(
        Row::of(
            format!("user memory per open SSE stream, {all} streams"),
            Goal::at_most(32.0, 8.0),
            vec![held.all],
            " KiB",
            Rounds::default(),
        )
        .with_note(notes.join(", ")),
    );
    outcome.rows.push(
        Row::of(
            format!("growth: KiB per stream, {first} to {all} vs 1 to {first}"),
            None,
            vec![held.rest / held.first],
            "",
            Rounds::default(),
        )
        .with_note(format!("{} KiB, then {} KiB", short(held.first), short(held.rest))),
    );
    if bars.len() == 1 {
        let why = "neither nginx nor haproxy is there";
        outcome
            .rows
            .push(Row::absent("memory per stream of others", None, Verdict::Skipped, why));
    }
    outcome.charts.push(Chart {
        title: format!("Memory per open event stream, {all} streams"),
        unit: "KiB",
        bars,
    });
    Ok(outcome)
}

fn of(bench: &Bench, target: &Target, counts: [usize; 3]) -> anyhow::Result<PerStream> {
    // What one stream allocates once for all is no stream's.
    let mut callers = Vec::new();
    let mut held = [0.0; 3];
    let mut before = 0;
    for (count, held) in counts.into_iter().zip(&mut held) {
        callers.push(events::open(bench, target, before..count, count)?);
        before = count;
        *held = target.footprint()?.anonymous_kib;
    }
    for callers in callers {
        callers.leave()?;
    }
    bench.stub.emitter().drop_all();
    let ([one, thousand, all], [few, some, many]) = (held, counts.map(|count| count as f64));
    Ok(PerStream {
        all: (all - one) / (many - few),
        first: (thousand - one) / (some - few),
        rest: (all - thousand) / (many - some),
    })
}
