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

/// Runs the suites `only`, or all of them where it is empty; of each the tests whose name contains `name`.
pub(crate) fn run(workspace: &Workspace, only: &[Suite], name: Option<&str>, report: &mut Report) {
    let wants = |suite| only.is_empty() || only.contains(&suite);

    if wants(Suite::Rust) {
        report.stage("build", || build(workspace));
        report.stage("rust tests", || rust(workspace, name));
        for (server, variable) in environment::SERVERS {
            if !environment::is_set(variable) {
                // libtest counts tests without their server as passed, and hides what they print.
                let reason = format!("{variable} is not set, so these tests did nothing");
                report.stage(server, || Ok(Outcome::Skipped(reason)));
            }
        }
        if name.is_none() {
            report.stage("lifecycle, short", || bench::lifecycle_short(workspace));
        }
    } else if [Suite::Python, Suite::Node, Suite::Browser].into_iter().any(wants) {
        report.stage("build", || build(workspace));
    }
    if wants(Suite::Web) {
        if name.is_none() {
            report.stage("web types", || web_types(workspace));
        }
        report.stage("web tests", || web(workspace, name));
    }
    if wants(Suite::Python) {
        report.stage("python clients", || python(workspace, name));
    }
    if wants(Suite::Node) {
        report.stage("node clients", || node(workspace, name));
    }
    if wants(Suite::Browser) {
        report.stage("browser", || browser(workspace, name));
    }
    if let Some(name) = name
        && !report.has_run_tests()
    {
        report.stage("name filter", || {
            Ok(Outcome::Checked(vec![format!(
                "no test has a name that contains {name:?}"
            )]))
        });
    }
}

fn build(workspace: &Workspace) -> anyhow::Result<Outcome> {
    Ok(cargo(workspace).args(["build", "--workspace"]).run()?.into())
}

/// With the stores that are no default: their suites skip themselves where there is no server.
fn rust(workspace: &Workspace, name: Option<&str>) -> anyhow::Result<Outcome> {
    let step = cargo(workspace).args(["test", "--workspace", "--no-fail-fast", ALL_STORES]);
    run_selected(step.args(name).counted_by(Runner::Cargo), name)
}

fn web_types(workspace: &Workspace) -> anyhow::Result<Outcome> {
    tools::node_packages(workspace, WEB)?;
    Ok(tools::npm_script(workspace, WEB, "check").run()?.into())
}

fn web(workspace: &Workspace, name: Option<&str>) -> anyhow::Result<Outcome> {
    let step = tools::npm_script(workspace, WEB, "test")
        .arg("--")
        .args(name.map(node_pattern));
    run_selected(step.counted_by(Runner::Node), name)
}

fn python(workspace: &Workspace, name: Option<&str>) -> anyhow::Result<Outcome> {
    let python = tools::python(workspace)?;
    let step = Step::new(python, &workspace.root.join(PYTHON_CLIENTS))
        .args(["-m", "pytest", "-v", "--color=no"])
        .env("COZEGATE_BIN", workspace.debug_binary())
        .env("COZEGATE_TEST_OUTPUT", &workspace.target)
        .counted_by(Runner::Pytest);
    let step = match name {
        Some(name) => step
            .args(["-k", &pytest_expression(name)])
            .accepting(PYTEST_SELECTED_NOTHING),
        None => step,
    };
    run_selected(step, name)
}

fn node(workspace: &Workspace, name: Option<&str>) -> anyhow::Result<Outcome> {
    tools::node_packages(workspace, NODE_CLIENTS)?;
    run_selected(node_tests(workspace, "sdk", name)?, name)
}

fn browser(workspace: &Workspace, name: Option<&str>) -> anyhow::Result<Outcome> {
    tools::node_packages(workspace, NODE_CLIENTS)?;
    let chromium = chromium::provide(workspace)?;
    let step = node_tests(workspace, "browser", name)?.env("COZEGATE_CHROMIUM", chromium);
    run_selected(step, name)
}

/// Runs a suite. Node and pytest count the tests that a filter leaves out as skipped; the report does not.
fn run_selected(step: Step, name: Option<&str>) -> anyhow::Result<Outcome> {
    let mut ended = step.run()?;
    if name.is_some() {
        ended.tally.skipped = 0;
    }
    Ok(ended.into())
}

/// The status of a pytest whose `-k` selects no test.
const PYTEST_SELECTED_NOTHING: i32 = 5;

/// Milliseconds after which a file of Node tests is stuck. Node applies its `--test-timeout` to a whole file as well as to a
/// test; the limit of one test is in `tests/clients/node/harness/test.js`.
const STUCK_FILE_MS: u32 = 30 * 60 * 1000;

/// Prepares `node --test` on the test files of one folder of the Node clients.
///
/// The files are listed here, since Node 20 expands no patterns itself. Two files at a time: each starts a product of its own
/// and waits for it more than it computes.
fn node_tests(workspace: &Workspace, folder: &str, name: Option<&str>) -> anyhow::Result<Step> {
    let package = workspace.root.join(NODE_CLIENTS);
    let files = test_files(&package.join(folder))?;
    let step = Step::new("node", &package)
        .args(["--test", "--test-reporter=spec", "--test-concurrency=2"])
        .arg(format!("--test-timeout={STUCK_FILE_MS}"))
        .args(name.map(node_pattern))
        .args(files)
        .env("COZEGATE_BIN", workspace.debug_binary())
        .env("COZEGATE_TEST_OUTPUT", &workspace.target);
    Ok(step.counted_by(Runner::Node))
}

/// pytest's `-k` is an expression of words, so every word of the name is asked for.
fn pytest_expression(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let is_name = |word: &&str| !word.is_empty() && !["and", "or", "not"].contains(word);
    words.filter(is_name).collect::<Vec<_>>().join(" and ")
}

/// Node's filter is a regular expression, so what has a meaning there is escaped.
fn node_pattern(name: &str) -> String {
    let mut pattern = String::from("--test-name-pattern=");
    for letter in name.chars() {
        if !letter.is_alphanumeric() && !matches!(letter, ' ' | '_') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pytest_is_asked_for_every_word_of_a_name() {
        assert_eq!(pytest_expression("test_chat"), "test_chat");
        assert_eq!(pytest_expression("chat and (POST /v3)"), "chat and POST and v3");
    }

    #[test]
    fn a_name_is_no_regular_expression_for_node() {
        assert_eq!(node_pattern("a b_c"), "--test-name-pattern=a b_c");
        assert_eq!(
            node_pattern("POST /v3 (1.5)"),
            r"--test-name-pattern=POST \/v3 \(1\.5\)".replace(r"\\", r"\")
        );
    }
}
