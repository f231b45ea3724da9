//! How soon a process answers, and what it holds while nobody asks.
//!
//! The first answer is an API call of a user of before: the handle and its token come sealed from the store in SQLite, and the
//! platform's answer through a connection that has to be opened.

use super::bench::{Bench, Outcome};
use crate::load::Door;
use crate::row::{Goal, Rounds, Row};
use crate::statistics::Spread;
use crate::targets::cozegate::Setup;
use crate::usage::Footprint;
use crate::wire;
use std::sync::Arc;
use std::time::{Duration, Instant};

const STARTS: usize = 9;
/// Until what a start needs has been given back.
const REST: Duration = Duration::from_millis(700);

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Outcome> {
    let setup = bench.setup();
    let handles = {
        let before = setup.start("cozegate", 1)?;
        let door = &before.target()?.door;
        // Its token is minted, and kept.
        wire::ask(door.addr, &door.call(0))?;
        Arc::clone(&door.handles)
    };
    let mut first_answers = Vec::new();
    let mut resident = Vec::new();
    for start in 0..STARTS {
        let (took, idle) = once(&setup, &handles, start == 0 || start + 1 == STARTS)?;
        first_answers.push(took);
        resident.extend(idle);
    }
    let rounds = Rounds {
        used: STARTS,
        ..Rounds::default()
    };
    let mut rows = vec![
        Row::of(
            "start to the first 200 of a known user, SQLite store",
            Goal::at_most(60.0, 15.0),
            first_answers,
            " ms",
            rounds,
        ),
        Row::of(
            "idle memory, SQLite store",
            Goal::at_most(24.0, 10.0),
            resident,
            " MiB",
            Rounds::default(),
        )
        .with_note("resident, shared files of the system included"),
    ];
    if let Some(nginx) = theirs(bench)?
        && let Some(row) = rows.first_mut()
    {
        row.note = format!("nginx {} ms", crate::row::short(nginx));
    }
    Ok(Outcome { rows, charts: vec![] })
}

/// One start: milliseconds to the first answer, and MiB of one that rests when that is wanted.
fn once(setup: &Setup<'_>, handles: &Arc<Vec<String>>, rest: bool) -> anyhow::Result<(f64, Option<f64>)> {
    let began_at = Instant::now();
    let (running, proxy, _) = setup.launch()?;
    let door = Door {
        addr: proxy,
        handles: Arc::clone(handles),
    };
    let took = first_answer(&door, began_at)?;
    if !rest {
        return Ok((took, None));
    }
    std::thread::sleep(REST);
    let idle = Footprint::of(&running.pids())?.resident_kib / 1024.0;
    Ok((took, Some(idle)))
}

fn first_answer(door: &Door, began_at: Instant) -> anyhow::Result<f64> {
    let request = door.call(0);
    loop {
        if let Ok((status, answer)) = wire::ask(door.addr, &request) {
            anyhow::ensure!(status == 200, "the first answer is {status}: {answer}");
            return Ok(began_at.elapsed().as_secs_f64() * 1e3);
        }
        anyhow::ensure!(
            began_at.elapsed() < Duration::from_secs(20),
            "nothing answers after twenty seconds"
        );
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// The same of nginx, for comparison.
fn theirs(bench: &Bench) -> anyhow::Result<Option<f64>> {
    let mut times = Vec::new();
    for _ in 0..3 {
        let began_at = Instant::now();
        let Some(nginx) = bench.fresh_nginx()? else {
            return Ok(None);
        };
        if let Some(target) = nginx.targets.first() {
            times.push(first_answer(&target.door, began_at)?);
        }
    }
    Ok(Spread::of(times).map(|spread| spread.median))
}
