//! Runs a program: its output is streamed to whoever watches, and read for test counts on the way.

use crate::environment;
use crate::tally::{Runner, Tally};
use crate::workspace::Workspace;
use anyhow::{Context, ensure};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// A program to run, and how to read what it prints.
#[derive(Debug)]
pub(crate) struct Step {
    command: Command,
    runner: Option<Runner>,
    /// A status that is a success beside 0.
    accepted: Option<i32>,
}

/// What became of a step that could be started.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The tests it counted; zero where there is no [`Runner`].
    pub(crate) tally: Tally,
    /// Whether it ended with status 0, or the one that the step accepts.
    pub(crate) success: bool,
}

/// Prepares a cargo command in the workspace.
pub(crate) fn cargo(workspace: &Workspace) -> Step {
    Step::new(environment::cargo(), &workspace.root)
}

impl Step {
    /// Prepares `program`, to be run in `folder`.
    pub(crate) fn new(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null());
        Self {
            command,
            runner: None,
            accepted: None,
        }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Reads the output as that of `runner`.
    pub(crate) fn counted_by(mut self, runner: Runner) -> Self {
        self.runner = Some(runner);
        self
    }

    /// Takes `status` for a success as well as 0.
    pub(crate) fn accepting(mut self, status: i32) -> Self {
        self.accepted = Some(status);
        self
    }

    /// Runs it to its end. Standard error goes straight through; standard output line by line.
    pub(crate) fn run(self) -> anyhow::Result<Ended> {
        self.run_reading(|_| {})
    }

    /// The same, and shows every line to `reader`.
    pub(crate) fn run_reading(mut self, mut reader: impl FnMut(&str)) -> anyhow::Result<Ended> {
        let name = self.command.get_program().to_string_lossy().into_owned();
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start {name}"))?;

        let mut tally = Tally::default();
        if let Some(stdout) = child.stdout.take() {
            let mut lines = BufReader::new(stdout);
            let mut line = Vec::new();
            // By bytes: a test may print anything, and a line that is no UTF-8 must not end the run.
            while lines
                .read_until(b'\n', &mut line)
                .with_context(|| format!("could not read from {name}"))?
                > 0
            {
                std::io::stdout()
                    .write_all(&line)
                    .context("could not write to the terminal")?;
                let text = String::from_utf8_lossy(&line);
                if let Some(runner) = self.runner {
                    tally += runner.read(text.trim_end());
                }
                reader(text.trim_end());
                line.clear();
            }
        }
        let status = child.wait().with_context(|| format!("could not wait for {name}"))?;
        Ok(Ended {
            tally,
            success: status.success() || (self.accepted.is_some() && status.code() == self.accepted),
        })
    }

    /// Runs it to its end and takes any other status than 0 for an error.
    pub(crate) fn succeed(self) -> anyhow::Result<()> {
        let name = self.command.get_program().to_string_lossy().into_owned();
        let ended = self.run()?;
        ensure!(ended.success, "{name} did not succeed; see above");
        Ok(())
    }
}
