//! Rust version that the crates promise, against the toolchain that compiles them.
//!
//! CI has one toolchain. A promise of an older version would be tested by no build, so CI wants both to be the same. A
//! newer toolchain on a laptop compiles the same code and only skips this check.

use crate::environment;
use crate::report::Outcome;
use crate::workspace::Workspace;
use anyhow::Context;
use std::process::Command;

/// Compares every crate's `rust-version` with the running toolchain.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let output = Command::new("rustc")
        .current_dir(&workspace.root)
        .arg("--version")
        .output()
        .context("could not start rustc")?;
    let version = String::from_utf8_lossy(&output.stdout);
    let toolchain = minor(version.split_whitespace().nth(1).unwrap_or_default());
    let stated = workspace
        .packages
        .iter()
        .map(|package| (package.name.as_str(), package.rust_version.as_deref()));
    let findings = compare(stated, &toolchain);
    if findings.is_empty() || environment::is_ci() {
        return Ok(Outcome::Checked(findings));
    }
    Ok(Outcome::Skipped(format!(
        "this toolchain is not CI's: {}",
        findings.join("; ")
    )))
}

fn compare<'a>(stated: impl Iterator<Item = (&'a str, Option<&'a str>)>, toolchain: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, version) in stated {
        match version {
            None => findings.push(format!("{name} states no rust-version")),
            Some(version) if minor(version) != toolchain => {
                findings.push(format!(
                    "{name} states rust-version {version}, the toolchain is {toolchain}"
                ));
            }
            Some(_) => {}
        }
    }
    findings
}

/// `1.95.0` without its last number.
fn minor(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_other_versions_are_named() {
        let stated = [("a", Some("1.95")), ("b", Some("1.94.1")), ("c", None)];

        assert_eq!(
            compare(stated.into_iter(), "1.95"),
            [
                "b states rust-version 1.94.1, the toolchain is 1.95",
                "c states no rust-version"
            ]
        );
        assert_eq!(minor("1.95.0"), "1.95");
    }
}
