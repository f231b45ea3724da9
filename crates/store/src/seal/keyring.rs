//! The keys that seal, in the keyring of the system: the Keychain of macOS, the Credential Manager of Windows, the Secret
//! Service on Linux (GNOME's keyring, KDE's wallet, `KeePassXC`).
//!
//! Against a file it gains that the key rests encrypted, so that a stolen disk or a backup opens no store. Against a
//! program that runs as the same person it gains nothing. It wants somebody who is logged in to a desktop: a container, a
//! service or a session over SSH keeps its key in a file ([`SealKeys::load_or_create`]).
//!
//! No keyring can make an entry only if there is none: the last writer wins, and what was sealed with another key
//! would be lost. So the entry is made under the lock of a file, looked for again once the lock is held, and read back
//! after it was written. What that leaves open: whoever locks another file, or writes the entry by hand, in the moment
//! between looking and writing.

mod system;

pub use super::keyring_error::{KeyringEntry, KeyringError};

use super::keys::{SealKeys, SealKeysError};
use crate::private_file;
use coze_auth::Random;
use keyring_core::{Entry, Error};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// A keyring may have to ask a person, who gets a minute.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

impl SealKeys {
    /// Reads the keys from the system's keyring, or makes one there when the entry is absent. The entry holds the same
    /// text as a key file.
    ///
    /// Several processes that start at once agree on one key, if they name the same `lock_file`.
    ///
    /// Blocks the calling thread, up to a minute where a person has to unlock the keyring; inside an async runtime it
    /// belongs on a thread for blocking work. When that minute is over the keyring's question stays open, and
    /// answering it later does no harm.
    pub fn load_or_create_in_keyring(entry: &KeyringEntry, random: &dyn Random) -> Result<Self, SealKeysError> {
        let fresh = Self::throw_away(random);
        let entry = entry.clone();
        in_time(ANSWER_WITHIN, move || {
            let credential = system::open(&entry).map_err(SealKeysError::Keyring)?;
            load_or_create(&credential, &entry, &fresh)
        })
    }
}

/// Runs `work` on a thread of its own: neither keyrings nor locks know of an end to waiting, and the connection to the
/// Secret Service must not be made on a thread that drives an async runtime.
fn in_time(
    within: Duration,
    work: impl FnOnce() -> Result<SealKeys, SealKeysError> + Send + 'static,
) -> Result<SealKeys, SealKeysError> {
    let (sender, receiver) = mpsc::channel();
    // Nobody listens any more after the time is over; then the keys do not matter either. A thread that could not be
    // started drops the sender, as one that panicked does.
    let thread = thread::Builder::new().name("keyring".to_owned());
    drop(thread.spawn(move || drop(sender.send(work()))));
    receiver.recv_timeout(within).unwrap_or_else(|error| {
        Err(SealKeysError::Keyring(match error {
            RecvTimeoutError::Timeout => KeyringError::NoAnswer { within },
            RecvTimeoutError::Disconnected => KeyringError::BrokeDown,
        }))
    })
}

/// Reads the entry, or puts `fresh` there.
fn load_or_create(credential: &Entry, entry: &KeyringEntry, fresh: &SealKeys) -> Result<SealKeys, SealKeysError> {
    if let Some(keys) = read(credential, entry)? {
        return Ok(keys);
    }
    let _locked = private_file::lock(&entry.lock_file).map_err(SealKeysError::File)?;
    // Another process may have been faster.
    if let Some(keys) = read(credential, entry)? {
        return Ok(keys);
    }
    credential
        .set_password(fresh.to_text().trim_end())
        .map_err(|error| SealKeysError::Keyring(KeyringError::of("write", entry, error)))?;
    // What stands there counts, whoever wrote it.
    read(credential, entry)?.ok_or_else(|| SealKeysError::Keyring(KeyringError::NotKept { entry: entry.clone() }))
}

/// Reads the entry; `None` when there is none.
fn read(credential: &Entry, entry: &KeyringEntry) -> Result<Option<SealKeys>, SealKeysError> {
    let text = match credential.get_password() {
        Ok(text) => Zeroizing::new(text),
        Err(Error::NoEntry) => return Ok(None),
        Err(error) => return Err(SealKeysError::Keyring(KeyringError::of("read", entry, error))),
    };
    SealKeys::parse(&text)
        .map(Some)
        .map_err(|_| SealKeysError::Keyring(KeyringError::Malformed { entry: entry.clone() }))
}

#[cfg(test)]
mod tests;
