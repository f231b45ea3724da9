//! Opens an address in the person's browser.

/// Returns whether the system knew how. The address stands in the arguments of the browser's process, where everybody on
/// the machine can read it: it must hold no secret.
pub(super) fn open(url: &str) -> bool {
    open::that_detached(url).is_ok()
}
