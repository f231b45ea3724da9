//! What the system knows of this process: CPU time, memory, file descriptors. From `/proc`, on Linux only.

/// As it is now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Process {
    pub(super) cpu_seconds: f64,
    pub(super) resident_bytes: u64,
    pub(super) open_fds: u64,
}

impl Process {
    /// Asks the system; `None` where it does not say.
    #[cfg(target_os = "linux")]
    pub(super) fn look() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let ticks = rustix::param::clock_ticks_per_second();
        let page_size = u64::try_from(rustix::param::page_size()).ok()?;
        let (cpu_seconds, resident_pages) = read_stat(&stat, ticks)?;
        // The one through which the folder is read is counted by the system as well, and is gone when we answer.
        let open_fds = std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
        Some(Self {
            cpu_seconds,
            resident_bytes: resident_pages.checked_mul(page_size)?,
            open_fds: u64::try_from(open_fds).ok()?,
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn look() -> Option<Self> {
        None
    }
}

/// Reads CPU seconds and resident pages out of proc(5) `stat`. The name in parentheses may hold spaces and parentheses.
#[cfg(target_os = "linux")]
fn read_stat(stat: &str, ticks_per_second: u64) -> Option<(f64, u64)> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    // The field after the name is the third of the manual.
    let field = |number: usize| behind_name.split_ascii_whitespace().nth(number - 3);
    let user: u64 = field(14)?.parse().ok()?;
    let system: u64 = field(15)?.parse().ok()?;
    let resident_pages = field(24)?.parse().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "ticks of centuries fit")]
    let seconds = (user + system) as f64 / ticks_per_second as f64;
    Some((seconds, resident_pages))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_behind_whatever_name_the_process_has() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 5 0 1000 90000 321 18446744073709551615";

        assert_eq!(read_stat(stat, 100), Some((3.0, 321)));
        assert_eq!(read_stat("7 (a) S 1", 100), None);
    }

    #[test]
    fn this_process_has_memory_and_files() {
        let process = Process::look().unwrap();

        assert!(process.resident_bytes > 100_000 && process.open_fds >= 3, "{process:?}");
    }
}
