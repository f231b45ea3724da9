//! `cargo xtask fuzz [TARGET] [--seconds N]`: lets cargo-fuzz look for bytes that make a parser panic or an oracle fail.
//!
//! The targets in `fuzz/` call what `cargo test` tries with a fixed list of texts; here the list is made by coverage. No
//! sanitizer: the code is safe Rust, and runs several times as fast without. What is found stays in `fuzz/artifacts`.

use crate::environment;
use crate::report::{Outcome, Report};
use crate::step::cargo;
use crate::workspace::Workspace;
use anyhow::{Context, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;

/// The files of `fuzz/fuzz_targets`.
const TARGETS: [&str; 14] = [
    "config_file",
    "cookies",
    "credential",
    "events",
    "forwarded",
    "guard",
    "header_filter",
    "path",
    "policy_json",
    "policy_path",
    "policy_query",
    "private_key",
    "token_answer",
    "url_target",
];

/// What to try, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// What to try; everything when absent
    #[arg(value_parser = PossibleValuesParser::new(TARGETS))]
    target: Option<String>,
    /// How long each target is tried
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

impl Fuzz {
    /// Runs the targets, one after the other.
    pub(crate) fn run(&self, workspace: &Workspace, report: &mut Report) -> anyhow::Result<()> {
        ensure!(
            environment::find_program(&["cargo-fuzz"]).is_some(),
            "found no cargo-fuzz on PATH; cargo install cargo-fuzz --locked"
        );
        let is_chosen = |target: &&str| self.target.as_deref().is_none_or(|chosen| chosen == *target);
        for target in TARGETS.into_iter().filter(is_chosen) {
            report.stage(target, || try_one(workspace, target, self.seconds));
        }
        Ok(())
    }
}

/// New inputs go into the first folder, which git does not keep; the second holds those that a run begins with.
fn try_one(workspace: &Workspace, target: &str, seconds: u32) -> anyhow::Result<Outcome> {
    let home = workspace.root.join("fuzz");
    let corpus = home.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).with_context(|| format!("could not make {}", corpus.display()))?;
    let run = cargo(workspace)
        // cargo-fuzz asks the compiler for its coverage, which the stable one gives under this variable only.
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["fuzz", "run", "--sanitizer=none", "--fuzz-dir=fuzz", target])
        .arg(&corpus)
        .arg(home.join("seeds").join(target))
        .args(["--", "-print_final_stats=1"])
        .arg(format!("-max_total_time={seconds}"));
    Ok(run.run()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_target_is_known() {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
        let files = home.read_dir().unwrap().map(|file| file.unwrap().path());
        let mut names: Vec<String> = files
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();

        assert_eq!(names, TARGETS);
    }
}
