//! What a process with secrets in memory forbids itself.

/// Forbids core dumps of this process: they would hold tokens, handles and keys. `PR_SET_DUMPABLE` is left alone: without it
/// a person could no longer find out which of their own processes holds an address (`cozegate ports`).
#[cfg(unix)]
pub fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "Core dumps cannot be forbidden; one would hold secrets");
    }
}

/// Elsewhere the system writes none unless its owner has asked for it.
#[cfg(not(unix))]
pub fn forbid_core_dumps() {}
