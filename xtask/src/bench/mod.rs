//! `cargo xtask bench`: what is counted or measured for a page in docs/reference, each by one command.
//!
//! The counts of `lifecycle` do not depend on optimisation, and nearly all of its time is spent waiting for leases and slow
//! answers. So it is built like the tests: that takes seconds where the tests were built, while a release build of every
//! database driver and TLS library takes longer than the run itself.

mod proxies;
mod proxy;

use crate::counts::Row;
use crate::report::{Outcome, Report};
use crate::step::Step;
use crate::step::cargo;
use crate::tally::Runner;
use crate::workspace::Workspace;
use anyhow::ensure;
use clap::{Args, Subcommand};

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Show that tokens are neither lost nor doubled when processes die, clocks jump and stores go away
    Lifecycle(Lifecycle),
    /// Compare the proxy's speed and memory with nginx, haproxy and the goals (Linux)
    Proxy(proxy::Proxy),
}

/// How long to try.
#[derive(Debug, Args)]
pub(crate) struct Lifecycle {
    /// Rounds in which a process is killed, a third of them on each store (default: 351, about seven minutes)
    #[arg(long)]
    rounds: Option<u32>,
    /// Choose the same delays and points as a run before
    #[arg(long)]
    seed: Option<u64>,
}

/// Suites that count what they tried: the package, the module of its tests, and what it is about.
const SUITES: &[(&str, &str, &str)] = &[
    ("cozegate-store", "sealing::", "sealing"),
    ("cozegate-store", "permissions::", "permissions"),
    ("cozegate-store", "canary::", "canaries in files"),
    ("coze-auth", "secrets::", "canaries in errors"),
];

/// Measures one thing.
pub(crate) fn run(workspace: &Workspace, bench: &Bench, report: &mut Report) {
    match bench {
        Bench::Lifecycle(lifecycle) => lifecycle.run(workspace, report),
        Bench::Proxy(proxy) => proxy.run(workspace, report),
    }
}

impl Lifecycle {
    fn run(&self, workspace: &Workspace, report: &mut Report) {
        let mut rows = Vec::new();
        report.stage("lifecycle", || {
            let mut step = lifecycle(workspace);
            if let Some(rounds) = self.rounds {
                step = step.arg("--rounds").arg(rounds.to_string());
            }
            if let Some(seed) = self.seed {
                step = step.arg("--seed").arg(seed.to_string());
            }
            counted(step, &mut rows)
        });
        for (package, module, name) in SUITES {
            report.stage(name, || counted(suite(workspace, package, module), &mut rows));
        }
        report.add_rows(rows);
    }
}

/// The short run that every change has to pass: each kill point once on each store.
pub(crate) fn lifecycle_short(workspace: &Workspace) -> anyhow::Result<Outcome> {
    Ok(lifecycle(workspace).arg("--short").run()?.into())
}

/// Prepares the benchmark; arguments of its own may follow.
fn lifecycle(workspace: &Workspace) -> Step {
    let step = cargo(workspace).args([
        "bench",
        "--profile=dev",
        "--package=cozegate-store",
        "--features=redis",
        "--bench=lifecycle",
        "--",
    ]);
    step.counted_by(Runner::Lifecycle)
}

fn suite(workspace: &Workspace, package: &str, module: &str) -> Step {
    let step = cargo(workspace)
        .args(["test", "--package", package, "--test=it", "--", "--nocapture"])
        .arg(module);
    step.counted_by(Runner::Cargo)
}

/// Runs a step and keeps what it counted. One that counts nothing has shown nothing, and one whose counts are bad is not
/// well whatever its status says.
fn counted(step: Step, rows: &mut Vec<Row>) -> anyhow::Result<Outcome> {
    let mut counts = Vec::new();
    let mut ended = step.run_reading(|line| counts.extend(Row::read(line)))?;
    ensure!(!counts.is_empty(), "it printed no counts");
    ended.success &= counts.iter().all(Row::is_well);
    rows.append(&mut counts);
    Ok(ended.into())
}
