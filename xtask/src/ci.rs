//! `cargo xtask ci`: what a change has to pass, here as in CI.
//!
//! The checks come first because they are quick and their findings would change the code that the tests judge. Nothing
//! stops at the first failure: one run tells all there is to mend.

use crate::report::{Outcome, Report};
use crate::step::cargo;
use crate::test::ALL_STORES;
use crate::workspace::Workspace;
use crate::{cycles, direction, environment, generate, links, msrv, notices, test, words};
use anyhow::Context;
use std::path::PathBuf;
use std::process::Command;

/// The version that `--install-deny` installs; `deny.toml` is written for its format.
const CARGO_DENY: &str = "0.20.2";

/// Runs every check, then every test.
pub(crate) fn run(workspace: &Workspace, install_deny: bool, report: &mut Report) {
    report.stage("fmt", || {
        Ok(cargo(workspace).args(["fmt", "--all", "--check"]).run()?.into())
    });
    report.stage("clippy", || {
        let everything = [
            "clippy",
            "--workspace",
            "--all-targets",
            ALL_STORES,
            "--locked",
            "--",
            "--deny=warnings",
        ];
        Ok(cargo(workspace).args(everything).run()?.into())
    });
    report.stage("third-party notices", || notices::check(workspace));
    report.stage("web bundles", || generate::run(workspace, true));
    report.stage("clippy without demo", || {
        // What somebody ships who does not want the emulator in the binary.
        let lean = [
            "clippy",
            "--package=cozegate",
            "--no-default-features",
            "--locked",
            "--",
            "--deny=warnings",
        ];
        Ok(cargo(workspace).args(lean).run()?.into())
    });
    report.stage("clippy with keyring", || {
        // Off by default, and so built by nobody else.
        let keyring = [
            "clippy",
            "--package=cozegate",
            "--features=keyring",
            "--locked",
            "--",
            "--deny=warnings",
        ];
        Ok(cargo(workspace).args(keyring).run()?.into())
    });
    report.stage("clippy with otel", || {
        // Off by default as well; its crates are checked in seconds.
        let otel = [
            "clippy",
            "--package=cozegate",
            "--package=cozegate-gateway",
            "--all-targets",
            "--features=cozegate/otel",
            "--locked",
            "--",
            "--deny=warnings",
        ];
        Ok(cargo(workspace).args(otel).run()?.into())
    });
    report.stage("doc", || {
        let doc = cargo(workspace).args(["doc", "--workspace", "--no-deps", "--locked"]);
        Ok(doc.env("RUSTDOCFLAGS", "--deny=warnings").run()?.into())
    });
    report.stage("check-direction", || Ok(direction::check(workspace)));
    report.stage("check-cycles", || cycles::check(workspace, &[]));
    report.stage("check-words", || words::check(workspace));
    report.stage("check-links", || links::check(workspace));
    report.stage("rust-version", || msrv::check(workspace));
    deny(workspace, install_deny, report);
    test::run(workspace, &[], None, report);
}

/// Licences, bans and sources with cargo-deny, and advisories where their database can be reached.
///
/// cargo-deny takes about five minutes to compile and changes nothing for somebody who touches no dependency, so a
/// laptop without it says "skipped" and goes on. CI installs it on every run: it is the one place where a licence or a
/// second TLS library must not slip through, and five minutes of its forty are a fair price.
fn deny(workspace: &Workspace, install: bool, report: &mut Report) {
    let mut found = find_deny(workspace);
    if found.is_none() && install {
        report.stage("install cargo-deny", || {
            let root = workspace.tools().join("cargo");
            let step = cargo(workspace)
                .args([
                    "install",
                    "--locked",
                    "--quiet",
                    "cargo-deny",
                    "--version",
                    CARGO_DENY,
                    "--root",
                ])
                .arg(root);
            Ok(step.run()?.into())
        });
        found = find_deny(workspace);
    }
    let Some(program) = found else {
        report.stage("cargo-deny", || {
            let why = "cargo-deny is not installed; `cargo xtask ci --install-deny` installs it into .tools";
            Ok(Outcome::Skipped(why.to_owned()))
        });
        return;
    };
    report.stage("licences, bans, sources", || {
        let step = crate::step::Step::new(&program, &workspace.root).args(["check", "licenses", "bans", "sources"]);
        Ok(step.run()?.into())
    });
    report.stage("advisories", || advisories(workspace, &program));
}

fn find_deny(workspace: &Workspace) -> Option<PathBuf> {
    let ours = workspace
        .tools()
        .join("cargo/bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if ours.is_file() {
        Some(ours)
    } else {
        environment::find_program(&["cargo-deny"])
    }
}

/// Fetching and judging are two steps, so that a network without access to the database cannot be mistaken for a
/// finding, nor a finding for the network.
fn advisories(workspace: &Workspace, program: &PathBuf) -> anyhow::Result<Outcome> {
    let fetched = Command::new(program)
        .current_dir(&workspace.root)
        .args(["fetch", "db"])
        .output()
        .context("could not start cargo-deny")?;
    if !fetched.status.success() {
        let output = String::from_utf8_lossy(&fetched.stderr);
        let reason = output
            .lines()
            .rfind(|line| !line.trim().is_empty())
            .unwrap_or("no reason given");
        return Ok(Outcome::Skipped(format!(
            "the advisory database cannot be fetched: {}",
            reason.trim()
        )));
    }
    let step = crate::step::Step::new(program, &workspace.root).args(["check", "--disable-fetch", "advisories"]);
    Ok(step.run()?.into())
}
