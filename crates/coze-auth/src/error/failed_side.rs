//! The side that can remove the cause of an error.

/// The side that has to act on an error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum FailedSide {
    /// The caller, who has to act first: log in, for example.
    Caller,
    /// This program, its configuration or its machine.
    Gateway,
    /// Coze, or the way there.
    Upstream,
}
