//! The side that can remove the cause of an error.

/// Who has to do something about an error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum FailedSide {
    /// Whoever asked.
    Caller,
    /// This program, its configuration or its machine.
    Gateway,
    /// Coze, or the way there.
    Upstream,
}
