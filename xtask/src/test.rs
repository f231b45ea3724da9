//! `cargo xtask test`: every test there is, from unit tests to a browser, in one go.
//!
//! The foreign clients (`tests/clients`) run against the debug binary: they are here to judge what strangers see, not
//! how fast it is. A suite whose tools cannot be had fails; leaving it out silently would be worse, and `--only` says
//! so out loud.

use crate::report::{Outcome, Report};
use crate::step::{Step, cargo};
use crate::tally::Runner;
use crate::tools::{self, NODE_CLIENTS, PYTHON_CLIENTS, WEB};
use crate::workspace::Workspace;
use crate::{bench, chromium, environment};
use anyhow::Context;
use clap::ValueEnum;
use std::fs;
use std::path::{Path, PathBuf};

/// Redis is left out of a usual build.
pub(crate) const ALL_STORES: &str = "--features=cozegate-store/redis";

/// A part of the tests that can be run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Unit, integration and documentation tests of every crate, and a short run of `bench lifecycle`
    Rust,
    /// The JavaScript of our pages: its types and its unit tests
    Web,
    /// cozepy, and raw requests, against the binary
    Python,
    /// @coze/api, and raw HTTP, against the binary
    Node,
    /// Chromium against the binary
    Browser,
}

/// Runs `only`, or everything where it is empty.
pub(crate) fn run(workspace: &Workspace, only: &[Suite], report: &mut Report) {
    let wants = |suite| only.is_empty() || only.contains(&suite);

    if wants(Suite::Rust) {
        report.stage("build", || build(workspace));
        report.stage("rust tests", || rust(workspace));
        for (name, variable) in environment::SERVERS {
            if !environment::is_set(variable) {
                // libtest counts tests without their server as passed, and hides what they print.
                let reason = format!("{variable} is not set, so these tests did nothing");
                report.stage(name, || Ok(Outcome::Skipped(reason)));
            }
        }
        report.stage("lifecycle, short", || bench::lifecycle_short(workspace));
    } else if [Suite::Python, Suite::Node, Suite::Browser].into_iter().any(wants) {
        report.stage("build", || build(workspace));
    }
    if wants(Suite::Web) {
        report.stage("web types", || web_types(workspace));
        report.stage("web tests", || web(workspace));
    }
    if wants(Suite::Python) {
        report.stage("python clients", || python(workspace));
    }
    if wants(Suite::Node) {
        report.stage("node clients", || node(workspace));
    }
    if wants(Suite::Browser) {
        report.stage("browser", || browser(workspace));
    }
}

fn build(workspace: &Workspace) -> anyhow::Result<Outcome> {
    Ok(cargo(workspace).args(["build", "--workspace"]).run()?.into())
}

/// With the stores that are no default: their suites skip themselves where there is no server.
fn rust(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let step = cargo(workspace).args(["test", "--workspace", "--no-fail-fast", ALL_STORES]);
    Ok(step.counted_by(Runner::Cargo).run()?.into())
}

fn web_types(workspace: &Workspace) -> anyhow::Result<Outcome> {
    tools::node_packages(workspace, WEB)?;
    Ok(tools::npm_script(workspace, WEB, "check").run()?.into())
}

fn web(workspace: &Workspace) -> anyhow::Result<Outcome> {
    Ok(tools::npm_script(workspace, WEB, "test")
        .counted_by(Runner::Node)
        .run()?
        .into())
}

fn python(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let python = tools::python(workspace)?;
    let step = Step::new(python, &workspace.root.join(PYTHON_CLIENTS))
        .args(["-m", "pytest", "-v", "--color=no"])
        .env("COZEGATE_BIN", workspace.debug_binary())
        .env("COZEGATE_TEST_OUTPUT", &workspace.target);
    Ok(step.counted_by(Runner::Pytest).run()?.into())
}

fn node(workspace: &Workspace) -> anyhow::Result<Outcome> {
    tools::node_packages(workspace, NODE_CLIENTS)?;
    Ok(node_tests(workspace, "sdk")?.run()?.into())
}

fn browser(workspace: &Workspace) -> anyhow::Result<Outcome> {
    tools::node_packages(workspace, NODE_CLIENTS)?;
    let chromium = chromium::provide(workspace)?;
    Ok(node_tests(workspace, "browser")?
        .env("COZEGATE_CHROMIUM", chromium)
        .run()?
        .into())
}

/// Milliseconds after which a file of Node tests is stuck. Node applies its `--test-timeout` to a whole file as well as to a
/// test; the limit of one test is in `tests/clients/node/harness/test.js`.
const STUCK_FILE_MS: u32 = 30 * 60 * 1000;

/// Prepares `node --test` on the test files of one folder of the Node clients.
///
/// The files are listed here, since Node 20 expands no patterns itself. Two files at a time: each starts a product of its own
/// and waits for it more than it computes.
fn node_tests(workspace: &Workspace, folder: &str) -> anyhow::Result<Step> {
    let package = workspace.root.join(NODE_CLIENTS);
    let files = test_files(&package.join(folder))?;
    let step = Step::new("node", &package)
        .args(["--test", "--test-reporter=spec", "--test-concurrency=2"])
        .arg(format!("--test-timeout={STUCK_FILE_MS}"))
        .args(files)
        .env("COZEGATE_BIN", workspace.debug_binary())
        .env("COZEGATE_TEST_OUTPUT", &workspace.target);
    Ok(step.counted_by(Runner::Node))
}

fn test_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))? {
        let path = entry
            .with_context(|| format!("could not list {}", folder.display()))?
            .path();
        if path.to_string_lossy().ends_with(".test.js") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
