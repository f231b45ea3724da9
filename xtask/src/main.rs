//! Tasks for people who work on cozegate.
//!
//! `cargo xtask test` runs every test there is and installs what they need; `cargo xtask ci` adds the checks that a
//! change has to pass; `cargo xtask check-direction` says who depends on whom against the plan; `cargo xtask check-cycles` finds files that
//! import each other; `cargo xtask bench` counts
//! what a page in docs/reference claims; `cargo xtask fuzz` looks for what a parser does not expect. All of it is Rust, so
//! that it works the same on a laptop, in CI and on Windows. Nothing here is shipped.

mod bench;
mod chromium;
mod ci;
mod counts;
mod cycles;
mod direction;
mod environment;
mod files;
mod fuzz;
mod generate;
mod links;
mod msrv;
mod notices;
mod report;
mod step;
mod tally;
mod test;
mod tools;
mod words;
mod workspace;

use crate::report::Report;
use crate::workspace::Workspace;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tasks for people who work on cozegate.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run every test: Rust, the pages' JavaScript, and foreign clients against the real binary
    Test {
        /// Run only this part (may be repeated)
        #[arg(long, value_enum)]
        only: Vec<test::Suite>,
        /// Run only tests whose name contains this text, in every suite
        #[arg(last = true)]
        name: Option<String>,
    },
    /// Run what CI runs: formatting, lints, documentation, dependencies, then every test
    Ci {
        /// Install cargo-deny into .tools when it is missing (about five minutes); without this the check is skipped
        #[arg(long)]
        install_deny: bool,
    },
    /// Count or measure what the documentation claims
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Let cargo-fuzz look for bytes that make a parser fail
    Fuzz(fuzz::Fuzz),
    /// Write THIRD-PARTY.txt, the licences of what is linked into the binary
    Notices,
    /// Make the bundles in web/dist with esbuild
    Generate {
        /// Write nothing; fail where a bundle does not match its sources
        #[arg(long)]
        check: bool,
    },
    /// Compare the dependencies of the crates with the directions that ARCHITECTURE.md allows
    CheckDirection,
    /// Follow the relative links of the Markdown files
    CheckLinks,
    /// Look for phrases that comments, documents and English texts avoid
    CheckWords {
        /// Write the list of allowed places anew; refused when it would grow
        #[arg(long)]
        write: bool,
    },
    /// Look for import cycles among the files and folders of each crate
    CheckCycles {
        /// Check these crates only
        packages: Vec<String>,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut report = Report::default();
    match run(args.task, &mut report) {
        Ok(()) => report.finish(),
        Err(error) => {
            report.abort(&error);
            ExitCode::FAILURE
        }
    }
}

/// Does one task. An `Err` means that not even the first stage could begin; failed stages are in the report.
fn run(task: Task, report: &mut Report) -> anyhow::Result<()> {
    let workspace = Workspace::locate()?;
    match task {
        Task::Test { only, name } => test::run(&workspace, &only, name.as_deref(), report),
        Task::Ci { install_deny } => ci::run(&workspace, install_deny, report),
        Task::Bench { what } => bench::run(&workspace, &what, report),
        Task::Fuzz(fuzz) => fuzz.run(&workspace, report)?,
        Task::Notices => report.stage("notices", || notices::write(&workspace)),
        Task::Generate { check } => report.stage("generate", || generate::run(&workspace, check)),
        Task::CheckDirection => report.stage("check-direction", || Ok(direction::check(&workspace))),
        Task::CheckLinks => report.stage("check-links", || links::check(&workspace)),
        Task::CheckWords { write: false } => report.stage("check-words", || words::check(&workspace)),
        Task::CheckWords { write: true } => report.stage("check-words", || words::write(&workspace)),
        Task::CheckCycles { packages } => report.stage("check-cycles", || cycles::check(&workspace, &packages)),
    }
    Ok(())
}
