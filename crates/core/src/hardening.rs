//! Restrictions that a process with secrets in memory puts on itself.

/// The size limit of core files that forbids them.
///
/// Linux ignores the limit where a program takes core dumps through a pipe (`core_pattern`; systemd-coredump and apport do),
/// except for the value 1, which it keeps for programs that must never be dumped (`do_coredump` in `fs/coredump.c`). One
/// byte is too little for a core file as well.
#[cfg(target_os = "linux")]
const CORE_LIMIT: u64 = 1;
#[cfg(all(unix, not(target_os = "linux")))]
const CORE_LIMIT: u64 = 0;

/// Forbids core dumps of this process: they would hold tokens, handles and keys. `PR_SET_DUMPABLE` is left alone: without it
/// a person could no longer find out which of their own processes holds an address (`cozegate ports`).
#[cfg(unix)]
pub fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let none = Rlimit {
        current: Some(CORE_LIMIT),
        maximum: Some(CORE_LIMIT),
    };
    let is_forbidden_already = getrlimit(Resource::Core).maximum == Some(0);
    // Without privileges a limit of 0 that was set from outside (systemd's `LimitCORE=0`) cannot become 1.
    if let Err(error) = setrlimit(Resource::Core, none)
        && !is_forbidden_already
    {
        tracing::warn!(%error, "Core dumps cannot be forbidden; one would hold secrets");
    }
}

/// Elsewhere the system writes none unless its owner has asked for it.
#[cfg(not(unix))]
pub fn forbid_core_dumps() {}
