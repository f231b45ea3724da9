//! What processes use: CPU time, memory, file handles - and what the rest of the machine does meanwhile.
//!
//! CPU time is that of `/proc/PID/task/*/schedstat`, in nanoseconds on a core. User memory is `Anonymous` of
//! `/proc/PID/smaps_rollup`: what the process itself has written to, without files that are shared.

use anyhow::Context as _;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::time::{Duration, Instant};

/// CPU time by thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuTimes(BTreeMap<u32, u64>);

impl CpuTimes {
    /// That of all threads of `pids`. A process that has ended has none.
    pub(crate) fn of(pids: &[u32]) -> Self {
        let mut times = BTreeMap::new();
        for pid in pids {
            let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
                continue;
            };
            for thread in threads.flatten() {
                let nanoseconds = fs::read_to_string(thread.path().join("schedstat"))
                    .ok()
                    .and_then(|text| text.split_whitespace().next()?.parse().ok());
                let id = thread.file_name().to_str().and_then(|name| name.parse().ok());
                if let (Some(id), Some(nanoseconds)) = (id, nanoseconds) {
                    times.insert(id, nanoseconds);
                }
            }
        }
        Self(times)
    }

    /// What was used since `before`. The last moments of a thread that has ended meanwhile are lost.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let nanoseconds = self
            .0
            .iter()
            .map(|(id, after)| after.saturating_sub(before.0.get(id).copied().unwrap_or_default()));
        Duration::from_nanos(nanoseconds.sum())
    }

    /// The same of one thread.
    pub(crate) fn of_thread_since(&self, id: u32, before: &Self) -> Duration {
        let at = |times: &Self| times.0.get(&id).copied().unwrap_or_default();
        Duration::from_nanos(at(self).saturating_sub(at(before)))
    }
}

/// `root` and everything below it.
pub(crate) fn process_tree(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Some(parent) = parent_of(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut tree = vec![root];
    let mut seen = 0;
    while let Some(pid) = tree.get(seen).copied() {
        tree.extend(children.remove(&pid).unwrap_or_default());
        seen += 1;
    }
    tree
}

/// The name, in brackets, may hold anything: what counts stands behind the last bracket.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(')')?;
    behind.split_whitespace().nth(1)?.parse().ok()
}

/// The memory and file handles of processes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Footprint {
    /// KiB that the processes themselves have written to.
    pub(crate) anonymous_kib: f64,
    /// KiB that are in memory, shared files too.
    pub(crate) resident_kib: f64,
    pub(crate) handles: usize,
}

impl Footprint {
    pub(crate) fn of(pids: &[u32]) -> anyhow::Result<Self> {
        let mut sum = Self::default();
        for pid in pids {
            let path = format!("/proc/{pid}/smaps_rollup");
            let text = fs::read_to_string(&path).with_context(|| format!("could not read {path}"))?;
            sum.anonymous_kib += kib(&text, "Anonymous:");
            sum.resident_kib += kib(&text, "Rss:");
            sum.handles += fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        }
        Ok(sum)
    }
}

fn kib(text: &str, field: &str) -> f64 {
    text.lines()
        .find_map(|line| line.strip_prefix(field)?.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

/// What the whole machine has done so far.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    at: Instant,
    /// Ticks of work, and ticks that another guest of the host had.
    busy: f64,
    stolen: f64,
    /// All of ours: this program and everything below it.
    ours: CpuTimes,
}

/// Linux counts in hundredths of a second there, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

impl Machine {
    pub(crate) fn now() -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let ticks: Vec<f64> = text
            .lines()
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(1)
            .filter_map(|field| field.parse().ok())
            .collect();
        let at = |index: usize| ticks.get(index).copied().unwrap_or_default();
        Self {
            at: Instant::now(),
            // user, nice, system, irq, softirq
            busy: [0, 1, 2, 5, 6].map(at).iter().sum(),
            stolen: at(7),
            ours: CpuTimes::of(&process_tree(std::process::id())),
        }
    }

    /// The share of all cores that others had since `before`: other programs, and other guests of the host.
    pub(crate) fn disturbance_since(&self, before: &Self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let there_was = (self.at - before.at).as_secs_f64() * cores as f64;
        let busy = (self.busy - before.busy) / TICKS_PER_SECOND;
        let stolen = (self.stolen - before.stolen) / TICKS_PER_SECOND;
        let foreign = (busy - self.ours.since(&before.ours).as_secs_f64()).max(0.0);
        (foreign + stolen) / there_was
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_grows_with_work_and_a_new_thread_counts_from_nothing() {
        let before = CpuTimes(BTreeMap::from([(1, 100), (2, 50)]));
        let after = CpuTimes(BTreeMap::from([(1, 400), (3, 30)]));

        assert_eq!(after.since(&before), Duration::from_nanos(330));
        assert_eq!(after.of_thread_since(1, &before), Duration::from_nanos(300));
    }

    #[test]
    fn our_own_process_has_a_tree_memory_and_handles() {
        let own = std::process::id();

        let footprint = Footprint::of(&[own]).unwrap();

        assert_eq!(process_tree(own).first(), Some(&own));
        assert!(footprint.anonymous_kib > 0.0 && footprint.resident_kib > footprint.anonymous_kib);
        assert!(footprint.handles > 2);
        assert!(CpuTimes::of(&[own]).since(&CpuTimes::default()) > Duration::ZERO);
    }
}
