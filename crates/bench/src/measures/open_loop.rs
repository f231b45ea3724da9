//! Short calls by a schedule, at a quarter of what the machine can do: what a visitor feels on an ordinary day.

use super::bench::{Bench, Outcome};
use crate::load::{closed, open};
use crate::rounds::interleave;
use crate::row::{Goal, Row, Verdict, short};
use crate::targets::Target;
use std::time::Duration;

const CONNECTIONS: usize = 64;
/// How long capacity is looked for, each time.
const PROBE: Duration = Duration::from_millis(400);

struct Slice {
    p50: f64,
    p99: f64,
}

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Outcome> {
    let direct = Target::direct(bench.stub.api);
    let ours = bench.ours()?;
    let goal = Goal::at_most(1.2, 1.0);
    let Some(nginx) = bench.nginx(0) else {
        let row = Row::absent("open loop vs plain nginx", goal, Verdict::Skipped, "nginx is not there");
        return Ok(Outcome {
            rows: vec![row],
            charts: vec![],
        });
    };
    // The slower of the two decides what all get; a moment in which the machine did something else does not.
    let mut capacity = f64::INFINITY;
    for target in [ours, nginx] {
        let mut best = 0.0_f64;
        for _ in 0..3 {
            let run = closed::run(&target.door, &bench.body, CONNECTIONS, PROBE, || ())?;
            best = best.max(run.per_second());
        }
        capacity = capacity.min(best);
    }
    let per_second = capacity / 4.0;
    let measured = interleave(&[&direct, ours, nginx], bench.options.pairs, |target| {
        let latencies = open::run(&target.door, &bench.body, CONNECTIONS, per_second, bench.options.slice)?;
        Ok(Slice {
            p50: latencies.quantile_ms(0.5),
            p99: latencies.quantile_ms(0.99),
        })
    })?;
    let (p50, p99) = (|slice: &Slice| slice.p50, |slice: &Slice| slice.p99);
    let note = |figure: fn(&Slice) -> f64| {
        format!(
            "{} ms, nginx {} ms, direct {} ms",
            short(measured.median(1, figure)),
            short(measured.median(2, figure)),
            short(measured.median(0, figure))
        )
    };
    let at = format!("open loop, {per_second:.0}/s");
    let rows = vec![
        Row::of(
            format!("{at}: p50 added over direct, vs plain nginx"),
            goal,
            measured.ratios_added(1, 2, 0, p50),
            "",
            measured.counts,
        )
        .with_note(note(p50)),
        Row::of(
            format!("{at}: p99 vs plain nginx"),
            goal,
            measured.ratios(1, 2, p99),
            "",
            measured.counts,
        )
        .with_note(note(p99)),
    ];
    Ok(Outcome { rows, charts: vec![] })
}
