//! One run: everything is started, measured and stopped; a signal ends it early, with nothing left behind.

use crate::facts::Facts;
use crate::measures::{self, Bench};
use crate::options::{MEASURES, Options};
use crate::report::Report;
use crate::targets::MOST_CONNECTIONS;
use crate::{picture, usage};
use anyhow::Context as _;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Measures what was asked for. `false`: a `must` was missed.
pub(crate) fn until_the_end_or_a_signal() -> anyhow::Result<bool> {
    let options = Options::from_arguments(std::env::args().skip(1))?;
    raise_handle_limit()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (sender, receiver) = oneshot::channel();
        std::thread::spawn(move || drop(sender.send(run(options))));
        tokio::select! {
            outcome = receiver => outcome.context("the measuring thread panicked")?,
            _ = interrupt.recv() => Err(interrupted()),
            _ = terminate.recv() => Err(interrupted()),
        }
    })
}

/// The proxies are processes of their own and would go on.
fn interrupted() -> anyhow::Error {
    for pid in usage::process_tree(std::process::id()).into_iter().skip(1) {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            let _gone = kill_process(pid, Signal::KILL);
        }
    }
    anyhow::anyhow!("stopped by a signal")
}

/// Thousands of connections want as many handles, here and in the programs that we start.
fn raise_handle_limit() -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised)?;
    let most = u64::try_from(MOST_CONNECTIONS)?;
    if limit.maximum.is_some_and(|maximum| maximum < most) {
        eprintln!(
            "warning: this machine allows {} handles to a process; 5,000 streams want {most}",
            limit.maximum.unwrap_or_default()
        );
    }
    Ok(())
}

fn run(options: Options) -> anyhow::Result<bool> {
    let began_at = Instant::now();
    let home = tempfile::tempdir()?;
    let facts = Facts::gather(&options);
    let bench = Bench::start(options, home.path())?;
    let (mut rows, mut charts) = (Vec::new(), Vec::new());
    for name in MEASURES {
        if !bench.options.wants(name) {
            continue;
        }
        println!("{name} ...");
        let began_at = Instant::now();
        let outcome = measures::run(name, &bench)?;
        for row in &outcome.rows {
            println!("{}", row.to_string().trim_end());
        }
        println!("{name}: {:.0} s", began_at.elapsed().as_secs_f64());
        rows.extend(outcome.rows);
        charts.extend(outcome.charts);
    }
    rows.push(bench.auth_token()?);
    let report = Report {
        facts,
        rows,
        seconds: began_at.elapsed().as_secs(),
    };
    report.print();
    if let Some(path) = &bench.options.json {
        report.write_json(path).context("could not write the figures")?;
    }
    if let Some(path) = &bench.options.picture {
        std::fs::write(path, picture::draw(&charts, &report.facts.to_string()))
            .context("could not write the picture")?;
    }
    Ok(report.is_well())
}
