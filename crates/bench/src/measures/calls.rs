//! Short calls in a closed loop: a kibibyte of JSON, as often as it goes.

use super::bench::{Bench, Outcome};
use crate::load::closed;
use crate::picture::Chart;
use crate::rounds::{Measured, interleave};
use crate::row::{Goal, Row, Verdict, short};
use crate::targets::Target;

/// One target in one round.
struct Slice {
    /// CPU time of all that works for it, by request, in microseconds.
    cpu: f64,
    per_second: f64,
    p50: f64,
    p99: f64,
    p999: f64,
}

fn slice(bench: &Bench, target: &Target, connections: usize) -> anyhow::Result<Slice> {
    let run = closed::run(&target.door, &bench.body, connections, bench.options.slice, || {
        target.used()
    })?;
    Ok(Slice {
        cpu: target.cpu_since(&run.before, &run.after).as_secs_f64() * 1e6 / run.requests as f64,
        per_second: run.per_second(),
        p50: run.latencies.quantile_ms(0.5),
        p99: run.latencies.quantile_ms(0.99),
        p999: run.latencies.quantile_ms(0.999),
    })
}

/// One comparison: with whom, at how many connections, and the goal.
type Comparison<'a> = (&'a str, Option<&'a Target>, Option<Goal>);

pub(super) fn measure_clear(bench: &Bench) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    for (connections, is_first) in [(64, true), (512, false)] {
        let comparisons: [Comparison<'_>; 4] = [
            ("nginx, same work", bench.nginx(1), Some(Goal::at_most(0.60, 0.40))),
            (
                "plain nginx",
                bench.nginx(0),
                Some(Goal::at_most(1.15, if is_first { 0.95 } else { 0.90 })),
            ),
            (
                "haproxy",
                bench.haproxy(),
                is_first.then_some(Goal::at_most(0.95, 0.75)),
            ),
            (
                "Flask, requests, gunicorn",
                bench.python(),
                is_first.then_some(Goal::at_most(1.0 / 100.0, 1.0 / 130.0)),
            ),
        ];
        compare(bench, connections, &comparisons, &mut outcome)?;
    }
    Ok(outcome)
}

pub(super) fn measure_tls(bench: &Bench) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let Some(api) = bench.stub.api_tls else {
        return Ok(outcome);
    };
    let mut setup = bench.setup();
    // The certificate is for that name.
    setup.api_base = format!("https://localhost:{}", api.port());
    setup.authority = Some(&bench.certificates.authority);
    let ours = setup.start("cozegate to TLS", 64)?;
    let comparison: [Comparison<'_>; 1] = [("nginx, TLS upstream", bench.nginx(2), Some(Goal::at_most(0.95, 0.75)))];
    compare_with(bench, ours.target()?, 64, &comparison, &mut outcome)?;
    Ok(outcome)
}

fn compare(
    bench: &Bench,
    connections: usize,
    comparisons: &[Comparison<'_>],
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    compare_with(bench, bench.ours()?, connections, comparisons, outcome)
}

fn compare_with(
    bench: &Bench,
    ours: &Target,
    connections: usize,
    comparisons: &[Comparison<'_>],
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let mut targets = vec![ours];
    targets.extend(comparisons.iter().filter_map(|(_, target, _)| *target));
    let measured = interleave(&targets, bench.options.pairs, |target| {
        slice(bench, target, connections)
    })?;
    let mut place = 0;
    for (with, target, goal) in comparisons {
        let name = format!("CPU per request vs {with}, {connections} connections");
        let Some(target) = target else {
            if goal.is_some() {
                outcome
                    .rows
                    .push(Row::absent(name, *goal, Verdict::Skipped, "not there"));
            }
            continue;
        };
        place += 1;
        let ratios = measured.ratios(0, place, |slice| slice.cpu);
        let note = note(&measured, place, target.name);
        outcome
            .rows
            .push(Row::of(name, *goal, ratios, "", measured.counts).with_note(note));
    }
    if targets.len() > 1 {
        for (figure, of) in [
            ("throughput", (|slice: &Slice| slice.per_second) as fn(&Slice) -> f64),
            ("p50", |slice| slice.p50),
            ("p99", |slice| slice.p99),
            ("p99.9", |slice| slice.p999),
        ] {
            let with = targets.iter().position(|target| target.name == "nginx").unwrap_or(1);
            let name = format!(
                "{figure} vs {}, {connections} connections",
                targets.get(with).map_or("", |target| target.name)
            );
            let unit = if figure == "throughput" { "/s" } else { " ms" };
            let note = format!(
                "{}{unit}, theirs {}{unit}",
                short(measured.median(0, of)),
                short(measured.median(with, of))
            );
            let row = Row::of(name, None, measured.ratios(0, with, of), "", measured.counts);
            outcome.rows.push(row.with_note(note));
        }
    }
    // A stack that needs a hundred times as much would make bars of the others that nobody can see.
    let shown = targets
        .iter()
        .enumerate()
        .filter(|(_, target)| !target.name.starts_with("Flask"));
    outcome.charts.push(Chart {
        title: format!(
            "CPU time per request, {connections} connections{}",
            if ours.name.ends_with("TLS") {
                ", TLS upstream"
            } else {
                ""
            }
        ),
        unit: "µs",
        bars: shown
            .map(|(index, target)| (target.name, measured.median(index, |slice| slice.cpu)))
            .collect(),
    });
    Ok(())
}

fn note(measured: &Measured<Slice>, theirs: usize, name: &str) -> String {
    format!(
        "{} µs, {name} {} µs",
        short(measured.median(0, |slice| slice.cpu)),
        short(measured.median(theirs, |slice| slice.cpu))
    )
}
