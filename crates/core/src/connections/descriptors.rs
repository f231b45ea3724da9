//! How many sockets the system lets this process open.

/// For the store, the log, files that are read, and sockets that are just being closed.
const RESERVED: u64 = 256;
/// A proxied request takes two sockets: the caller's and one to the platform. The auth service has a listener of its own.
const SOCKETS_OF_A_PAIR: u64 = 3;
/// There has to be room for a browser.
const FEWEST: usize = 16;

/// Raises the process's limit as far as it may, and returns how many connections each listener can have then; `None` where
/// the system knows no limit.
pub fn connections_per_listener() -> Option<usize> {
    let descriptors = raised_limit()?;
    let connections = descriptors.saturating_sub(RESERVED) / SOCKETS_OF_A_PAIR;
    Some(usize::try_from(connections).unwrap_or(usize::MAX).max(FEWEST))
}

/// Many systems give a program 1024 descriptors and more when it asks: programs that use `select` could not cope.
#[cfg(unix)]
fn raised_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let soft = now.current?;
    let raised = Rlimit {
        current: now.maximum,
        maximum: now.maximum,
    };
    if now.maximum.is_none_or(|hard| hard > soft) {
        // Some systems state a hard limit that they do not grant; then it stays as it is.
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::debug!(%error, "The limit of open files could not be raised");
        }
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn raised_limit() -> Option<u64> {
    None
}
