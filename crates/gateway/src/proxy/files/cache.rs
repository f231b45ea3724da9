//! Stored files for many callers: on disk, and in memory for as long as somebody is being sent one.
//!
//! However many slow callers a file has, it is in memory once. Reading, writing and hashing run where blocking is allowed.

use super::folder::Folder;
use super::stored::{Key, Stored};
use crate::telemetry::metrics::Metrics;
use bytes::Bytes;
use coze_auth::UnixSeconds;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::runtime::Handle;

/// The cache. Without a folder nothing is kept.
#[derive(Debug)]
pub(super) struct Cache {
    folder: Option<Arc<Folder>>,
    in_use: Mutex<HashMap<Key, Weak<Stored>>>,
    background: Handle,
    counted: Counted,
}

/// How much the folder holds, as it was last told.
#[derive(Debug)]
struct Counted {
    bytes: AtomicU64,
    metrics: Arc<Metrics>,
}

impl Counted {
    fn holds(&self, bytes: u64) {
        let before = self.bytes.swap(bytes, Ordering::Relaxed);
        self.metrics
            .file_cache_changed(bytes.wrapping_sub(before).cast_signed());
    }
}

impl Cache {
    pub(super) fn new(folder: Option<Folder>, background: Handle, metrics: Arc<Metrics>) -> Self {
        Self {
            folder: folder.map(Arc::new),
            in_use: Mutex::default(),
            background,
            counted: Counted {
                bytes: AtomicU64::new(0),
                metrics,
            },
        }
    }

    /// Finds out what the folder holds, and makes it fit its limit, which may be another one than before. Blocking: for the
    /// start.
    pub(super) fn look_through(&self, now: UnixSeconds) {
        match self.folder.as_ref().map(|folder| folder.make_room(now)) {
            Some(Ok(bytes)) => self.counted.holds(bytes),
            Some(Err(error)) => tracing::warn!(%error, "The stored files cannot be listed"),
            None => {}
        }
    }

    /// Finds a stored file.
    pub(super) async fn find(&self, key: &Key, now: UnixSeconds) -> Option<Arc<Stored>> {
        let folder = Arc::clone(self.folder.as_ref()?);
        if let Some(stored) = self.in_use().get(key).and_then(Weak::upgrade) {
            return Some(stored);
        }
        let wanted = key.clone();
        let loading = self.background.spawn_blocking(move || folder.load(&wanted, now));
        let stored = Arc::new(loading.await.ok()??);
        self.note(key, &stored);
        Some(stored)
    }

    /// Stores a file in place of the one before.
    pub(super) async fn keep(&self, key: &Key, stored: &Arc<Stored>, now: UnixSeconds) {
        let Some(folder) = self.folder.clone() else { return };
        self.note(key, stored);
        let (key, stored) = (key.clone(), Arc::clone(stored));
        let saved = self
            .background
            .spawn_blocking(move || folder.save(&key, &stored, now))
            .await;
        match saved {
            Ok(Ok(bytes)) => self.counted.holds(bytes),
            Ok(Err(error)) => tracing::warn!(%error, "A file could not be stored"),
            // The runtime is gone.
            Err(_) => {}
        }
    }

    /// Forgets a file.
    pub(super) async fn remove(&self, key: &Key, now: UnixSeconds) {
        let Some(folder) = self.folder.clone() else { return };
        self.in_use().remove(key);
        let key = key.clone();
        let removed = self
            .background
            .spawn_blocking(move || folder.remove(&key).then(|| folder.make_room(now)))
            .await;
        if let Ok(Some(Ok(bytes))) = removed {
            self.counted.holds(bytes);
        }
    }

    fn note(&self, key: &Key, stored: &Arc<Stored>) {
        let mut in_use = self.in_use();
        in_use.retain(|_, stored| stored.strong_count() > 0);
        in_use.insert(key.clone(), Arc::downgrade(stored));
    }

    fn in_use(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Weak<Stored>>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of a stored file, for a body: they count as in use until it has been sent.
pub(super) fn bytes_of(stored: Arc<Stored>) -> Bytes {
    struct Lent(Arc<Stored>);
    impl AsRef<[u8]> for Lent {
        fn as_ref(&self) -> &[u8] {
            &self.0.file
        }
    }
    Bytes::from_owner(Lent(stored))
}
