//! Opens the keyring of the system that we run on.
//!
//! Opening is where most of what can be in the way shows itself: no keyring at all, or one that stays locked.

use crate::seal::keyring_error::{KeyringEntry, KeyringError};
use keyring_core::Entry;
use std::collections::HashMap;

/// The login keychain; it is always there, and asks for its password when the entry is read.
#[cfg(target_os = "macos")]
pub(super) fn open(entry: &KeyringEntry) -> Result<Entry, KeyringError> {
    let store = apple_native_keyring_store::keychain::Store::new().map_err(no_keyring)?;
    build(store.as_ref(), entry, &HashMap::new())
}

/// The credentials of the person who is logged in. The entry stays on this machine, as the store does: by itself it would
/// follow its owner to others.
#[cfg(windows)]
pub(super) fn open(entry: &KeyringEntry) -> Result<Entry, KeyringError> {
    let store = windows_native_keyring_store::Store::new().map_err(no_keyring)?;
    build(store.as_ref(), entry, &HashMap::from([("persistence", "Local")]))
}

/// The default collection of the Secret Service, unlocked before anything is looked for in it.
#[cfg(all(unix, not(target_os = "macos")))]
pub(super) fn open(entry: &KeyringEntry) -> Result<Entry, KeyringError> {
    unlock_default_collection()?;
    let store = zbus_secret_service_keyring_store::Store::new().map_err(no_keyring)?;
    let label = format!("{} ({})", entry.service, entry.account);
    build(store.as_ref(), entry, &HashMap::from([("label", label.as_str())]))
}

/// Unlocks the collection that new entries go into; the service asks its owner.
///
/// Some services find nothing in a locked collection. Our entry would look absent, and a new key would replace the one
/// that everything is sealed with.
#[cfg(all(unix, not(target_os = "macos")))]
fn unlock_default_collection() -> Result<(), KeyringError> {
    use secret_service::blocking::SecretService;
    use secret_service::{EncryptionType, Error};

    let none = |error: Error| KeyringError::NoKeyring { source: error.into() };
    // Nothing secret goes over this connection.
    let service = SecretService::connect(EncryptionType::Plain).map_err(none)?;
    let collection = service.get_default_collection().map_err(|error| match error {
        Error::NoResult => KeyringError::NoKeyring {
            source: "the Secret Service has no default collection".into(),
        },
        other => none(other),
    })?;
    if collection.is_locked().map_err(none)? {
        let locked = |error: Error| KeyringError::Locked { source: error.into() };
        collection.unlock().map_err(locked)?;
        collection.ensure_unlocked().map_err(locked)?;
    }
    Ok(())
}

/// A store that cannot be opened is as good as none. Opening reads nothing, so the error holds no secret.
fn no_keyring(error: keyring_core::Error) -> KeyringError {
    KeyringError::NoKeyring { source: error.into() }
}

fn build(
    store: &keyring_core::CredentialStore,
    entry: &KeyringEntry,
    modifiers: &HashMap<&str, &str>,
) -> Result<Entry, KeyringError> {
    store
        .build(&entry.service, &entry.account, Some(modifiers))
        .map_err(|error| KeyringError::of("find", entry, error))
}
