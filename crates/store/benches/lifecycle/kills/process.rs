//! A worker as its conductor holds it: started, told things, heard, killed.

use super::wire::{Order, Report, Setup};
use crate::options::WORKER;
use anyhow::Context as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tokio::sync::mpsc::UnboundedSender;

/// A worker process. It ends with this.
pub(crate) struct Process {
    /// Never used again for another one.
    pub(crate) number: u64,
    pub(crate) user_agent: String,
    child: Child,
    orders: ChildStdin,
}

impl Process {
    /// Starts this very program as a worker. What it says goes to `inbox` with its number.
    pub(crate) fn start(number: u64, mut setup: Setup, inbox: UnboundedSender<(u64, Report)>) -> anyhow::Result<Self> {
        setup.user_agent = format!("cozegate-bench/worker-{number}");
        let program = std::env::current_exe().context("could not find this program's own file")?;
        let mut child = Command::new(program)
            .arg(WORKER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start a worker")?;
        let orders = child.stdin.take().context("a worker without standard input")?;
        let reports = child.stdout.take().context("a worker without standard output")?;
        let mut process = Self {
            number,
            user_agent: setup.user_agent.clone(),
            child,
            orders,
        };
        std::thread::spawn(move || listen(number, reports, &inbox));
        process.tell(&Order::Begin(setup))?;
        Ok(process)
    }

    pub(crate) fn tell(&mut self, order: &Order) -> anyhow::Result<()> {
        let line = serde_json::to_string(order)?;
        writeln!(self.orders, "{line}").with_context(|| format!("worker {} is gone", self.number))
    }

    /// `SIGKILL`: no handler, no destructor, no flush.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().context("could not kill a worker")?;
        self.child.wait().context("could not wait for a killed worker")?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        self.kill().ok();
    }
}

fn listen(number: u64, reports: ChildStdout, inbox: &UnboundedSender<(u64, Report)>) {
    for line in BufReader::new(reports).lines().map_while(Result::ok) {
        let Ok(report) = serde_json::from_str(&line) else {
            continue;
        };
        if inbox.send((number, report)).is_err() {
            break;
        }
    }
}
