//! Against the in-memory keyring of `keyring_core`, and against the real one of this system where
//! `COZEGATE_TEST_KEYRING` says that there is one to write to, unlocked; the entry made there is removed. On a Linux without
//! a desktop `gnome-keyring-daemon --unlock` inside of `dbus-run-session` is one.

use super::*;
use coze_auth::{SeededRandom, SystemRandom};
use keyring_core::api::{Credential, CredentialApi, CredentialStoreApi as _};
use keyring_core::mock;
use std::any::Any;
use std::fs::{OpenOptions, TryLockError};
use std::path::Path;
use std::sync::{Arc, Barrier, Mutex};
use tempfile::TempDir;

/// An empty keyring, and a folder for the lock.
struct Place {
    store: Arc<mock::Store>,
    folder: TempDir,
    entry: KeyringEntry,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: mock::Store::new().unwrap(),
            entry: entry(folder.path(), "store"),
            folder,
        }
    }

    fn credential(&self) -> Entry {
        self.store
            .build(&self.entry.service, &self.entry.account, None)
            .unwrap()
    }

    /// What a process with this seed does at its start.
    fn start(&self, seed: u64) -> Result<SealKeys, SealKeysError> {
        self.start_with(&self.credential(), seed)
    }

    fn start_with(&self, credential: &Entry, seed: u64) -> Result<SealKeys, SealKeysError> {
        load_or_create(credential, &self.entry, &SealKeys::throw_away(&SeededRandom::new(seed)))
    }

    /// The next call to the keyring fails so.
    fn fail_next(&self, error: Error) {
        let credential = self.credential();
        credential
            .as_any()
            .downcast_ref::<mock::Cred>()
            .unwrap()
            .set_error(error);
    }
}

fn entry(folder: &Path, account: &str) -> KeyringEntry {
    KeyringEntry {
        service: "cozegate".to_owned(),
        account: account.to_owned(),
        lock_file: folder.join("state").join("keyring.lock"),
    }
}

fn refusal(outcome: Result<SealKeys, SealKeysError>) -> KeyringError {
    match outcome.unwrap_err() {
        SealKeysError::Keyring(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn key_made_at_the_first_start_is_read_at_the_second() {
    let place = Place::new();

    let first = place.start(1).unwrap();
    let second = place.start(2).unwrap();

    assert_eq!(first.newest(), second.newest());
    assert_eq!(place.credential().get_password().unwrap(), first.to_text().trim_end());
}

#[test]
fn entry_may_hold_what_a_key_file_does() {
    let place = Place::new();
    let path = place.folder.path().join("store.key");
    SealKeys::load_or_create(&path, &SeededRandom::new(1)).unwrap();
    let keys = SealKeys::add_to_file(&path, &SeededRandom::new(2)).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    place.credential().set_password(&text).unwrap();

    let read = place.start(3).unwrap();

    assert_eq!(read.newest(), keys.newest());
    assert_eq!(read.older().collect::<Vec<_>>(), keys.older().collect::<Vec<_>>());
}

#[test]
fn entry_that_is_no_key_is_refused_and_left_as_it_is() {
    let key = coze_auth::random::base64url(&SystemRandom, 32);
    let good = [key.clone(), format!("{key}\r\n"), format!("{key}, {key}")];
    let bad = ["", "canary", &format!("{key},canary"), &format!("{key}{key}")].map(|text| text.as_bytes().to_vec());
    let bad = bad.into_iter().chain([b"canary\xff".to_vec()]);
    let (mut tried, mut let_through, mut refused) = (0, 0, 0);

    for content in bad {
        let place = Place::new();
        place.credential().set_secret(&content).unwrap();
        tried += 1;
        match place.start(1) {
            Ok(_) => let_through += 1,
            Err(SealKeysError::Keyring(error @ KeyringError::Malformed { .. })) => {
                let said = format!("{error} {error:?}");
                assert!(!said.contains("canary") && !said.contains(&key), "{said}");
            }
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(place.credential().get_secret().unwrap(), content);
    }
    for content in &good {
        let place = Place::new();
        place.credential().set_password(content).unwrap();
        refused += usize::from(place.start(1).is_err());
    }

    eprintln!(
        "bad tried {tried} / let through {let_through}; good tried {} / refused {refused}",
        good.len()
    );
    assert_eq!((tried, let_through, refused), (5, 0, 0));
}

#[test]
fn every_refusal_of_a_keyring_has_its_name() {
    let place = Place::new();
    let kind_of = |error: Error| {
        place.fail_next(error);
        let error = refusal(place.start(1));
        let said = format!("{error} {error:?}");
        assert!(!said.contains("canary"), "{said}");
        error
    };

    assert!(matches!(
        kind_of(Error::NoStorageAccess("it is locked".into())),
        KeyringError::Locked { .. }
    ));
    assert!(matches!(
        kind_of(Error::PlatformFailure("no interaction".into())),
        KeyringError::Failed { action: "read", .. }
    ));
    assert!(matches!(
        kind_of(Error::BadDataFormat(b"canary".to_vec(), "not decrypted".into())),
        KeyringError::Malformed { .. }
    ));
    assert!(matches!(
        kind_of(Error::Ambiguous(vec![place.credential(), place.credential()])),
        KeyringError::Several { count: 2, .. }
    ));
    assert!(matches!(
        kind_of(Error::TooLong("user".to_owned(), 3)),
        KeyringError::Unacceptable { .. }
    ));
    assert!(matches!(
        kind_of(Error::NotSupportedByStore("read only".to_owned())),
        KeyringError::Failed { .. }
    ));
    assert!(place.start(1).is_ok(), "none of them was the end of the entry");
}

/// A credential at which something happens at the first reading, or before a writing.
struct Watched {
    inner: Entry,
    at_first_read: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    before_write: Box<dyn Fn() + Send + Sync>,
    keeps: bool,
}

impl CredentialApi for Watched {
    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        let outcome = self.inner.get_secret();
        if let Some(happens) = self.at_first_read.lock().unwrap().take() {
            happens();
        }
        outcome
    }

    fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
        (self.before_write)();
        if self.keeps {
            self.inner.set_secret(secret)
        } else {
            Ok(())
        }
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        self.inner.delete_credential()
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        self.inner.get_specifiers()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn watched(place: &Place, at_first_read: impl FnOnce() + Send + 'static, keeps: bool) -> Entry {
    let lock_file = place.entry.lock_file.clone();
    Entry::new_with_credential(Arc::new(Watched {
        inner: place.credential(),
        at_first_read: Mutex::new(Some(Box::new(at_first_read))),
        before_write: Box::new(move || {
            let other = OpenOptions::new().write(true).open(&lock_file).unwrap();
            assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        }),
        keeps,
    }))
}

#[test]
fn entry_is_written_under_the_lock_which_is_free_afterwards() {
    let place = Place::new();

    place.start_with(&watched(&place, || (), true), 1).unwrap();

    assert!(private_file::lock(&place.entry.lock_file).is_ok());
    assert_eq!(std::fs::read(&place.entry.lock_file).unwrap(), b"");
}

#[test]
fn who_found_nothing_takes_what_another_process_has_made_meanwhile() {
    let place = Arc::new(Place::new());
    let (other, fresh) = (Arc::clone(&place), Arc::new(Mutex::new(None)));
    let of_other = Arc::clone(&fresh);
    let credential = watched(
        &place,
        move || *of_other.lock().unwrap() = Some(other.start(2).unwrap()),
        true,
    );

    let late = place.start_with(&credential, 1).unwrap();

    let early = fresh.lock().unwrap().take().unwrap();
    assert_eq!(late.newest(), early.newest());
    assert_eq!(place.start(3).unwrap().newest(), early.newest());
}

#[test]
fn twenty_first_starts_at_once_agree_on_one_key() {
    let place = Arc::new(Place::new());
    let barrier = Arc::new(Barrier::new(20));
    let starts: Vec<_> = (0..20)
        .map(|seed| {
            let (place, barrier) = (Arc::clone(&place), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                place.start(seed).unwrap()
            })
        })
        .collect();

    let keys: Vec<SealKeys> = starts.into_iter().map(|start| start.join().unwrap()).collect();

    assert!(keys.iter().all(|key| key.newest() == keys[0].newest()));
}

#[test]
fn keyring_that_keeps_nothing_is_named() {
    let place = Place::new();

    let error = refusal(place.start_with(&watched(&place, || (), false), 1));

    assert!(matches!(error, KeyringError::NotKept { .. }), "{error}");
}

#[test]
fn waiting_has_an_end_and_so_does_a_panic() {
    let (question, answer) = mpsc::channel::<()>();
    let waits = in_time(Duration::ZERO, move || {
        answer.recv().unwrap_err();
        Ok(SealKeys::throw_away(&SystemRandom))
    });
    assert!(matches!(refusal(waits), KeyringError::NoAnswer { .. }));
    drop(question);

    let panics = in_time(ANSWER_WITHIN, || panic!("this one is meant to"));
    assert!(matches!(refusal(panics), KeyringError::BrokeDown));
}

#[expect(clippy::disallowed_methods, reason = "what tests may use is not configuration")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A bus that nobody listens on: what a container or a session over SSH has. In a process of its own, since the bus is
/// found by the environment.
#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn without_a_keyring_that_is_said_with_what_to_do() {
    const IN_CHILD: &str = "COZEGATE_TEST_WITHOUT_KEYRING";
    let folder = tempfile::tempdir().unwrap();
    if variable(IN_CHILD).is_some() {
        let outcome = SealKeys::load_or_create_in_keyring(&entry(folder.path(), "store"), &SystemRandom);
        let error = refusal(outcome);
        assert!(matches!(error, KeyringError::NoKeyring { .. }), "{error:?}");
        assert!(error.to_string().contains("keep the store's key in a file"));
        return;
    }
    let name = "seal::keyring::tests::without_a_keyring_that_is_said_with_what_to_do";
    let bus = format!("unix:path={}", folder.path().join("bus").display());

    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(IN_CHILD, "1")
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn first_starts_at_once_agree_in_the_keyring_of_this_system() {
    if variable("COZEGATE_TEST_KEYRING").is_none() {
        eprintln!("skipped: COZEGATE_TEST_KEYRING does not say that there is a keyring to write to");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let account = format!("test {}", coze_auth::random::base64url(&SystemRandom, 12));
    let place = entry(folder.path(), &account);
    let barrier = Arc::new(Barrier::new(8));
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let (place, barrier) = (place.clone(), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                SealKeys::load_or_create_in_keyring(&place, &SystemRandom)
            })
        })
        .collect();
    let outcomes: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    let again = SealKeys::load_or_create_in_keyring(&place, &SystemRandom);
    system::open(&place).unwrap().delete_credential().unwrap();

    let again = again.unwrap();
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().newest(), again.newest());
    }
}
