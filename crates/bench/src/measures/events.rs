//! Event streams: every event arrives, its bytes are those that were sent, and how much later than without a proxy.

use super::bench::{Bench, Outcome};
use crate::load::streams::Callers;
use crate::picture::Chart;
use crate::rounds::interleave;
use crate::row::{Goal, Rounds, Row, Verdict, short};
use crate::statistics::Latencies;
use crate::stub::Plan;
use crate::targets::Target;
use anyhow::ensure;
use std::time::Duration;

/// Events of a stream, beside the first one that opens it.
const EVENTS: usize = 20;
/// Between two events of whatever streams.
const GAP: Duration = Duration::from_micros(100);
/// Until all streams are open.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    outcome.rows.push(cut_events(bench)?);
    for count in [1_000, 5_000].map(|full| bench.options.scaled(full)) {
        delays(bench, count, &mut outcome)?;
    }
    Ok(outcome)
}

/// The platform's events come in pieces of any size, and nothing of that may be lost or changed.
fn cut_events(bench: &Bench) -> anyhow::Result<Row> {
    let streams = bench.options.scaled(1_000);
    let plan = Plan {
        events: EVENTS,
        gap: GAP,
        cut: true,
    };
    run(bench, bench.ours()?, streams, plan)?;
    let events = streams * EVENTS;
    let name = "SSE, events cut at odd places: bytes identical".to_owned();
    Ok(
        Row::of(name, Goal::at_least(1.0, 1.0), vec![1.0], "", Rounds::default())
            .with_note(format!("{events} of {events} events on {streams} streams")),
    )
}

fn delays(bench: &Bench, streams: usize, outcome: &mut Outcome) -> anyhow::Result<()> {
    let direct = Target::direct(bench.stub.api);
    let plan = Plan {
        events: EVENTS,
        gap: GAP,
        cut: false,
    };
    let goal = Goal::at_most(1.3, 1.0);
    let name = format!("SSE, {streams} streams: added p50 vs plain nginx");
    let Some(nginx) = bench.nginx(0) else {
        outcome
            .rows
            .push(Row::absent(name, goal, Verdict::Skipped, "nginx is not there"));
        return Ok(());
    };
    let mut targets = vec![&direct, bench.ours()?, nginx];
    targets.extend(bench.haproxy().filter(|_| streams <= 1_000));
    let measured = interleave(&targets, bench.options.pairs, |target| {
        run(bench, target, streams, plan)
    })?;
    let at = |share: f64| move |delays: &Latencies| delays.quantile_ms(share);
    for (figure, share, goal) in [("p50", 0.5, Some(goal)), ("p99", 0.99, None)] {
        let name = format!("SSE, {streams} streams: added {figure} vs plain nginx");
        let note = format!(
            "{} ms, nginx {} ms, direct {} ms; all events, bytes identical",
            short(measured.median(1, at(share))),
            short(measured.median(2, at(share))),
            short(measured.median(0, at(share)))
        );
        let ratios = measured.ratios_added(1, 2, 0, at(share));
        outcome
            .rows
            .push(Row::of(name, goal, ratios, "", measured.counts).with_note(note));
    }
    let without = measured.median(0, at(0.5));
    outcome.charts.push(Chart {
        title: format!("Delay added to an event, median, {streams} open streams"),
        unit: "µs",
        bars: targets
            .iter()
            .enumerate()
            .skip(1)
            .map(|(index, target)| (target.name, (measured.median(index, at(0.5)) - without) * 1e3))
            .collect(),
    });
    Ok(())
}

/// Opens streams through `target`, sends events, and compares what arrives with what was sent.
fn run(bench: &Bench, target: &Target, streams: usize, plan: Plan) -> anyhow::Result<Latencies> {
    let callers = open(bench, target, 0..streams, streams)?;
    let sent = bench.stub.emitter().emit(plan)?;
    let received = callers.finish()?;
    ensure!(
        received.streams.len() == streams && sent.hashes.len() == streams,
        "{} of {streams} streams ended",
        received.streams.len()
    );
    for ((number, events, hash), (sent_number, sent_hash)) in received.streams.iter().zip(&sent.hashes) {
        ensure!(
            number == sent_number && *events == plan.events && hash == sent_hash,
            "what arrived on stream {number} through {} is not what was sent ({events} of {} events)",
            target.name,
            plan.events
        );
    }
    Ok(received.delays)
}

/// Opens streams and waits until the first event has come on all of them. `open_in_all` are those of before and these.
pub(super) fn open(
    bench: &Bench,
    target: &Target,
    numbers: std::ops::Range<usize>,
    open_in_all: usize,
) -> anyhow::Result<Callers> {
    let wanted = numbers.len();
    let callers = Callers::start(&target.door, numbers);
    if let Err(error) = bench.stub.emitter().wait_for(open_in_all, PATIENCE) {
        callers.leave()?;
        return Err(error);
    }
    let began_at = std::time::Instant::now();
    while callers.open() < wanted {
        ensure!(
            !callers.have_failed() && began_at.elapsed() < PATIENCE,
            "only {} of {wanted} streams were opened through {}",
            callers.open(),
            target.name
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(callers)
}
