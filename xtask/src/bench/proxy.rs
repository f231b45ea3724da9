//! `cargo xtask bench proxy`: builds what is measured and what measures, finds the other proxies, and lets `crates/bench` run.

use super::proxies::{self, Proxies};
use crate::report::{Outcome, Report};
use crate::step::Step;
use crate::step::cargo;
use crate::tally::Tally;
use crate::tools;
use crate::workspace::Workspace;
use clap::Args;
use std::path::PathBuf;

/// The measures by name.
const MEASURES: [&str; 9] = [
    "start",
    "mints",
    "json",
    "tls",
    "open-loop",
    "sse",
    "memory",
    "slow",
    "growth",
];

/// What to measure, and how long.
#[derive(Debug, Args)]
pub(crate) struct Proxy {
    /// Measure only this (may be repeated)
    #[arg(long, value_parser = MEASURES)]
    only: Vec<String>,
    /// Clean rounds of each comparison
    #[arg(long, default_value_t = 5)]
    pairs: u32,
    /// How long each proxy works in a round, in seconds
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
    /// Build with the release profile and measure with a tenth of the streams, sockets and users: to see that it works
    #[arg(long)]
    quick: bool,
    /// Compare with Flask, requests and gunicorn as well (installed into .tools)
    #[arg(long)]
    with_python: bool,
    /// Write the figures into this file
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draw the bars of the README into this file
    #[arg(long)]
    picture: Option<PathBuf>,
}

impl Proxy {
    pub(super) fn run(&self, workspace: &Workspace, report: &mut Report) {
        let mut found = None;
        report.stage("build", || {
            // One after the other: in one build, the features of the one would be those of the other.
            for package in ["cozegate", "cozegate-bench"] {
                cargo(workspace)
                    .args(["build", "--locked", "--profile", self.profile(), "--package", package])
                    .succeed()?;
            }
            Ok(Outcome::Passed(Tally::default()))
        });
        report.stage("proxies", || {
            let proxies = proxies::provide(workspace)?;
            let missing = missing(&proxies);
            found = Some(proxies);
            Ok(match missing {
                None => Outcome::Passed(Tally::default()),
                Some(missing) => Outcome::Skipped(missing),
            })
        });
        let mut python = None;
        if self.with_python {
            report.stage("python", || {
                python = Some(tools::python_of_bench(workspace)?);
                Ok(Outcome::Passed(Tally::default()))
            });
        }
        report.stage("measure", || {
            let found = found.unwrap_or_default();
            Ok(self.measure(workspace, &found, python).run()?.into())
        });
    }

    fn profile(&self) -> &'static str {
        if self.quick { "release" } else { "dist" }
    }

    fn measure(&self, workspace: &Workspace, proxies: &Proxies, python: Option<PathBuf>) -> Step {
        let built = workspace.target.join(self.profile());
        let mut step = Step::new(built.join("cozegate-bench"), &workspace.root)
            .arg("--cozegate")
            .arg(built.join("cozegate"));
        let paths = [
            ("--nginx", proxies.nginx.clone()),
            ("--haproxy", proxies.haproxy.clone()),
            ("--libraries", proxies.libraries.clone()),
            ("--python", python),
            ("--json", self.json.clone()),
            ("--picture", self.picture.clone()),
        ];
        for (option, path) in paths {
            if let Some(path) = path {
                step = step.arg(option).arg(path);
            }
        }
        for name in &self.only {
            step = step.args(["--only", name]);
        }
        if self.quick {
            step = step.arg("--small");
        }
        step.args([
            "--pairs",
            &self.pairs.to_string(),
            "--seconds",
            &self.seconds.to_string(),
        ])
    }
}

/// Says loudly what will be missing in the table.
fn missing(proxies: &Proxies) -> Option<String> {
    let missing: Vec<&str> = [("nginx", &proxies.nginx), ("haproxy", &proxies.haproxy)]
        .into_iter()
        .filter(|(_, program)| program.is_none())
        .map(|(name, _)| name)
        .collect();
    (!missing.is_empty()).then(|| format!("found no {}, and no package of it", missing.join(" and no ")))
}
