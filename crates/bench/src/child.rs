//! A program that we start, and that ends with us.

use crate::usage;
use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal};
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take until it listens, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running program. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    name: &'static str,
    log: PathBuf,
}

impl Running {
    /// Starts `command`; what it says on standard error goes into a file of `home`.
    pub(crate) fn start(name: &'static str, mut command: Command, home: &Path) -> anyhow::Result<Self> {
        let log = home.join(format!("{name}.log"));
        let errors = File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stderr(errors)
            .spawn()
            .with_context(|| format!("could not start {name}"))?;
        Ok(Self { child, name, log })
    }

    /// All of its processes, as they are now.
    pub(crate) fn pids(&self) -> Vec<u32> {
        usage::process_tree(self.child.id())
    }

    /// Waits until it has this many processes: a master listens before its workers are there.
    pub(crate) fn wait_for_processes(&mut self, count: usize) -> anyhow::Result<Vec<u32>> {
        let began_at = Instant::now();
        loop {
            let pids = self.pids();
            if pids.len() >= count {
                return Ok(pids);
            }
            if began_at.elapsed() > PATIENCE {
                bail!(
                    "{} has {} of {count} processes: {}",
                    self.name,
                    pids.len(),
                    self.last_words()
                );
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until something listens at `addr`.
    pub(crate) fn wait_for(&mut self, addr: SocketAddr) -> anyhow::Result<()> {
        let began_at = Instant::now();
        while TcpStream::connect(addr).is_err() {
            if self.child.try_wait()?.is_some() || began_at.elapsed() > PATIENCE {
                bail!("{} does not listen at {addr}: {}", self.name, self.last_words());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = text.len().saturating_sub(600);
        text.get(from..).unwrap_or(&text).trim().to_owned()
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended by itself.
            let _gone = rustix::process::kill_process(pid, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let began_at = Instant::now();
        while began_at.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            // Whoever serves streams waits for them; the second signal ends everything.
            if began_at.elapsed() > Duration::from_millis(200) {
                self.signal(Signal::INT);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// An address that nobody has. Somebody might take it before we do; then the program says so.
pub(crate) fn free_addr() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
