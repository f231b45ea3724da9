//! Who else could read or replace a key file or a store file, and what we say to it.

#![cfg(unix)]

use crate::backends::{SqliteFile, sealer};
use coze_auth::SystemRandom;
use cozegate_store::{Database, GatewaySecret, OpenError, PrivateFileError, SealKeys, SealKeysError, SecretFileError};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

/// What becomes of a set-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Used,
    ReadableByOthers,
    NotAFile,
    OwnedByAnother,
    FolderWritableByOthers,
    Io,
}

/// How a file that was good is spoiled, or not.
#[derive(Clone, Copy, Debug)]
enum SetUp {
    AsMade,
    Absent,
    AbsentWithItsFolder,
    Mode(u32),
    FolderMode(u32),
    LinkToGood,
    LinkToReadable,
    LinkToDevice,
    Folder,
    Socket,
    OtherOwner,
    FolderIsAFile,
}

/// The rules, for key files and store files alike.
const SET_UPS: &[(SetUp, Verdict)] = &[
    (SetUp::AsMade, Verdict::Used),
    (SetUp::Absent, Verdict::Used),
    (SetUp::AbsentWithItsFolder, Verdict::Used),
    (SetUp::Mode(0o600), Verdict::Used),
    (SetUp::Mode(0o700), Verdict::Used),
    (SetUp::Mode(0o640), Verdict::ReadableByOthers),
    (SetUp::Mode(0o644), Verdict::ReadableByOthers),
    (SetUp::Mode(0o660), Verdict::ReadableByOthers),
    (SetUp::Mode(0o666), Verdict::ReadableByOthers),
    (SetUp::Mode(0o604), Verdict::ReadableByOthers),
    (SetUp::Mode(0o602), Verdict::ReadableByOthers),
    (SetUp::Mode(0o620), Verdict::ReadableByOthers),
    (SetUp::Mode(0o777), Verdict::ReadableByOthers),
    (SetUp::FolderMode(0o700), Verdict::Used),
    (SetUp::FolderMode(0o755), Verdict::Used),
    (SetUp::FolderMode(0o775), Verdict::Used),
    (SetUp::FolderMode(0o1777), Verdict::Used),
    (SetUp::FolderMode(0o777), Verdict::FolderWritableByOthers),
    (SetUp::FolderMode(0o757), Verdict::FolderWritableByOthers),
    (SetUp::LinkToGood, Verdict::Used),
    (SetUp::LinkToReadable, Verdict::ReadableByOthers),
    (SetUp::LinkToDevice, Verdict::NotAFile),
    (SetUp::Folder, Verdict::NotAFile),
    (SetUp::Socket, Verdict::NotAFile),
    (SetUp::OtherOwner, Verdict::OwnedByAnother),
    (SetUp::FolderIsAFile, Verdict::Io),
];

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Spoils the good file at `path`. `false`: this set-up takes root's rights.
fn prepare(set_up: SetUp, path: &Path) -> bool {
    let folder = path.parent().unwrap();
    let elsewhere = folder.join("elsewhere");
    match set_up {
        SetUp::AsMade => {}
        SetUp::Absent => fs::remove_file(path).unwrap(),
        SetUp::AbsentWithItsFolder => fs::remove_dir_all(folder).unwrap(),
        SetUp::Mode(mode) => set_mode(path, mode),
        SetUp::FolderMode(mode) => set_mode(folder, mode),
        SetUp::LinkToGood | SetUp::LinkToReadable => {
            fs::rename(path, &elsewhere).unwrap();
            symlink(&elsewhere, path).unwrap();
            if matches!(set_up, SetUp::LinkToReadable) {
                set_mode(&elsewhere, 0o644);
            }
        }
        SetUp::LinkToDevice => {
            fs::remove_file(path).unwrap();
            symlink("/dev/null", path).unwrap();
        }
        SetUp::Folder => {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }
        SetUp::Socket => {
            fs::remove_file(path).unwrap();
            drop(UnixListener::bind(path).unwrap());
        }
        SetUp::OtherOwner => return chown(path, Some(65_534), None).is_ok(),
        SetUp::FolderIsAFile => {
            fs::remove_dir_all(folder).unwrap();
            fs::write(folder, "").unwrap();
        }
    }
    true
}

fn verdict(error: &PrivateFileError) -> Verdict {
    match error {
        PrivateFileError::ReadableByOthers { .. } => Verdict::ReadableByOthers,
        PrivateFileError::NotAFile { .. } => Verdict::NotAFile,
        PrivateFileError::OwnedByAnother { .. } => Verdict::OwnedByAnother,
        PrivateFileError::FolderWritableByOthers { .. } => Verdict::FolderWritableByOthers,
        _ => Verdict::Io,
    }
}

/// Compares the rules with what `open` does; `open` also makes the good file that is then spoiled.
async fn check_all(what: &str, open: impl AsyncFn(&Path) -> Result<(), Option<PrivateFileError>>) {
    let (mut bad, mut let_through, mut good, mut refused) = (0, 0, 0, 0);
    let mut misjudged = Vec::new();
    for (set_up, expected) in SET_UPS {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state").join("file");
        open(&path).await.unwrap();
        if !prepare(*set_up, &path) {
            eprintln!("SKIPPED: {set_up:?} takes root's rights");
            continue;
        }

        let found = match open(&path).await {
            Ok(()) => Verdict::Used,
            Err(error) => error.as_ref().map_or(Verdict::Io, verdict),
        };

        if *expected == Verdict::Used {
            good += 1;
            refused += usize::from(found != Verdict::Used);
        } else {
            bad += 1;
            let_through += usize::from(found == Verdict::Used);
        }
        if found != *expected {
            misjudged.push((set_up, found));
        }
        if matches!(set_up, SetUp::Absent | SetUp::AbsentWithItsFolder) {
            assert_eq!(mode_of(&path), 0o600, "{what}: {set_up:?}");
        }
    }
    println!(
        "permissions of the {what}: bad tried {bad} / let through {let_through}; good tried {good} / refused {refused}"
    );
    assert!(misjudged.is_empty(), "{what}: {misjudged:?}");
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn file_of_the_seal_keys_is_used_only_when_it_is_ours_alone() {
    check_all("seal keys' file", async |path| {
        match SealKeys::load_or_create(path, &SystemRandom) {
            Ok(_) => Ok(()),
            Err(SealKeysError::File(error)) => Err(Some(error)),
            Err(_) => Err(None),
        }
    })
    .await;
}

#[tokio::test]
async fn file_of_the_gateways_secret_is_used_only_when_it_is_ours_alone() {
    check_all(
        "gateway's secret file",
        async |path| match GatewaySecret::load_or_create(path, &SystemRandom) {
            Ok(_) => Ok(()),
            Err(SecretFileError::File(error)) => Err(Some(error)),
            Err(_) => Err(None),
        },
    )
    .await;
}

#[tokio::test]
async fn store_file_is_used_only_when_it_is_ours_alone() {
    check_all("store file", async |path| {
        match Database::open_sqlite(path, sealer(1), Arc::new(SystemRandom)).await {
            Ok(database) => {
                database.close().await;
                Ok(())
            }
            Err(OpenError::File(error)) => Err(Some(error)),
            Err(_) => Err(None),
        }
    })
    .await;
}

#[tokio::test]
async fn files_beside_the_store_are_ours_alone_too() {
    let file = SqliteFile::new();
    let database = file.open().await;
    database.ping().await.unwrap();

    let mut modes: Vec<(String, u32)> = fs::read_dir(file.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), mode_of(&entry.path())))
        .collect();
    modes.sort();

    let expected = ["cozegate.db", "cozegate.db-shm", "cozegate.db-wal"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(modes, expected);
}

#[tokio::test]
async fn log_beside_the_store_that_others_may_read_is_refused() {
    let file = SqliteFile::new();
    file.open().await.close().await;
    let log = file.folder.path().join("cozegate.db-wal");
    fs::write(&log, "").unwrap();
    set_mode(&log, 0o644);

    let opened = Database::open_sqlite(&file.path, sealer(1), Arc::new(SystemRandom)).await;

    assert!(
        matches!(&opened, Err(OpenError::File(PrivateFileError::ReadableByOthers { path, .. })) if *path == log),
        "{opened:?}"
    );
}
