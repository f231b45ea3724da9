//! An entry of the system's keyring, and reasons why it gave no keys.

use keyring_core::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// Where in the keyring the keys stand.
#[derive(Clone, Debug)]
pub struct KeyringEntry {
    /// The program, as people see it in their keyring: `cozegate`.
    pub service: String,
    /// Which of its stores.
    pub account: String,
    /// The file that is locked while the entry is made; it is made when absent, and stays empty. All who use the entry
    /// have to name the same one, so it belongs to the person, as the keyring does, and not beside a store.
    pub lock_file: PathBuf,
}

impl fmt::Display for KeyringEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.account, self.service)
    }
}

/// Why the keyring gave no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Nobody keeps secrets here.
    #[error(
        "there is no keyring here, as in a container, a service or a session over SSH; keep the store's key in a file"
    )]
    NoKeyring {
        /// What the system said.
        #[source]
        source: Source,
    },
    /// It stayed locked, or does not let us in.
    #[error(
        "the keyring is locked or refuses us; unlock it (log in to the desktop, or answer its question) and start again, or keep the store's key in a file"
    )]
    Locked {
        /// What the keyring said.
        #[source]
        source: Source,
    },
    /// Its question, or another process that makes the entry, is still waiting.
    #[error("the keyring did not answer within {} seconds; it may wait for its password, so unlock it and start again, or keep the store's key in a file", within.as_secs())]
    NoAnswer {
        /// How long we waited.
        within: Duration,
    },
    /// The entry holds something else, or nothing.
    #[error(
        "the entry {entry} in the keyring does not hold keys for the store (43 characters of base64url each); restore it, or remove it together with the store"
    )]
    Malformed {
        /// Its name.
        entry: KeyringEntry,
    },
    /// Several entries go by the name.
    #[error("the keyring holds {count} entries {entry}; remove all but the one that belongs to the store")]
    Several {
        /// Its name.
        entry: KeyringEntry,
        /// How many there are.
        count: usize,
    },
    /// The keyring does not take an entry of this name, or of this length.
    #[error("the keyring does not take an entry {entry}: {reason}")]
    Unacceptable {
        /// Its name.
        entry: KeyringEntry,
        /// What the keyring said.
        reason: String,
    },
    /// The keyring took the entry, and has it no more.
    #[error("the keyring did not keep the entry {entry}; keep the store's key in a file")]
    NotKept {
        /// Its name.
        entry: KeyringEntry,
    },
    /// Anything else.
    #[error(
        "could not {action} the entry {entry} in the keyring; where nobody is logged in to a desktop, keep the store's key in a file"
    )]
    Failed {
        /// What was tried: `find`, `read` or `write`.
        action: &'static str,
        /// Its name.
        entry: KeyringEntry,
        /// What the keyring said.
        #[source]
        source: Source,
    },
    /// The thread that speaks with the keyring panicked, or could not be started.
    #[error("the connection with the keyring broke down; keep the store's key in a file")]
    BrokeDown,
}

/// What a keyring says, each in its own type.
type Source = Box<dyn std::error::Error + Send + Sync>;

impl KeyringError {
    /// Names what the keyring said when we tried to `action` the entry. What the entry holds stays out of it.
    pub(super) fn of(action: &'static str, entry: &KeyringEntry, error: Error) -> Self {
        let entry = entry.clone();
        let source = match error {
            Error::NoStorageAccess(source) => return Self::Locked { source },
            Error::BadEncoding(content) | Error::BadDataFormat(content, _) => {
                drop(Zeroizing::new(content));
                return Self::Malformed { entry };
            }
            Error::Ambiguous(entries) => {
                let count = entries.len();
                return Self::Several { entry, count };
            }
            Error::TooLong(..) | Error::Invalid(..) => {
                let reason = error.to_string();
                return Self::Unacceptable { entry, reason };
            }
            Error::PlatformFailure(source) => source,
            // In words: the `Debug` of one that comes in a later version may show what the entry holds.
            other => other.to_string().into(),
        };
        Self::Failed { action, entry, source }
    }
}
