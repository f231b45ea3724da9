//! Version of a stored token.

/// Names one save. Only equality means something: versions of one key differ, but need not grow.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version(pub u64);
