//! The mode: local for one person's machine, public for the visitors of a site.

use std::fmt;

/// Whom the services trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One person's machine: listens on loopback only, programs of this machine are trusted.
    Local,
    /// A site's visitors: nobody is trusted, and everybody has a history of their own.
    Public,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Public => f.write_str("public"),
        }
    }
}
