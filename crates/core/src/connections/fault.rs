//! Errors of HTTP/1.1 framing: why a request is refused by its bytes alone.

/// Why a request is refused by its bytes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The head cannot be read, or could be read in two ways; with the reason, for our log.
    Head(&'static str),
    /// The head is too long.
    HeadTooLarge,
    /// The body's chunks cannot be read. Its head has gone on already.
    Body,
}

impl Fault {
    pub(super) const fn head(reason: &'static str) -> Self {
        Self::Head(reason)
    }
}
