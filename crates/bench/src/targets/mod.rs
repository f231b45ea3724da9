//! The proxies that are compared: their configurations, written for one run, and how to reach them.
//!
//! All of them do the same work: `Authorization` and `Host` are set for the upstream, two CORS fields for the caller, and
//! connections to the upstream are kept. Each has as many workers as the machine has cores, listens on a free port of
//! 127.0.0.1 and logs no request.

pub(crate) mod cozegate;
pub(crate) mod haproxy;
pub(crate) mod nginx;
pub(crate) mod python;

use crate::child::Running;
use crate::load::Door;
use crate::usage::{CpuTimes, Footprint};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Connections at most, and file handles accordingly.
pub(crate) const MOST_CONNECTIONS: usize = 16_384;

/// One way through one proxy.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) door: Door,
    /// Its processes; empty for the way without a proxy.
    pub(crate) pids: Vec<u32>,
    /// A thread of ours that does a part of its work.
    pub(crate) helper: Option<u32>,
}

/// A proxy that runs, and its doors.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) targets: Vec<Target>,
    /// Dropping it ends the proxy.
    pub(crate) _running: Running,
}

/// CPU time as of now.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    own: CpuTimes,
    helpers: CpuTimes,
}

impl Target {
    /// The stub itself.
    pub(crate) fn direct(addr: std::net::SocketAddr) -> Self {
        Self {
            name: "direct",
            door: Door {
                addr,
                handles: Arc::new(vec![crate::stub::CONSTANT_TOKEN.to_owned()]),
            },
            pids: vec![],
            helper: None,
        }
    }

    pub(crate) fn used(&self) -> Used {
        Used {
            own: CpuTimes::of(&self.pids),
            helpers: match self.helper {
                Some(_) => CpuTimes::of(&[std::process::id()]),
                None => CpuTimes::default(),
            },
        }
    }

    /// The CPU time of all that works for it, since `before`.
    pub(crate) fn cpu_since(&self, before: &Used, after: &Used) -> Duration {
        let helper = self.helper.map_or(Duration::ZERO, |thread| {
            after.helpers.of_thread_since(thread, &before.helpers)
        });
        after.own.since(&before.own) + helper
    }

    pub(crate) fn footprint(&self) -> anyhow::Result<Footprint> {
        Footprint::of(&self.pids)
    }
}

/// A command with nothing of our own environment, so that no proxy variable or locale of the machine changes the work.
fn command(program: &Path, home: &Path, libraries: Option<&Path>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", home)
        .current_dir(home);
    if let Some(libraries) = libraries {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    command
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
