//! Stored files for many callers: on disk, and their descriptions in memory while they are sent.
//!
//! Reading, writing and hashing run where blocking is allowed.

use super::content::DiskContent;
use super::folder::{Draft, Folder};
use super::stored::{Key, Stored};
use coze_auth::UnixSeconds;
use cozegate_core::telemetry::metrics::Metrics;
use http::HeaderMap;
use std::collections::HashMap;
use std::io;
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

/// How much the folder held when it was listed last.
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

    /// Where a file of this length can be written.
    pub(super) fn folder_for(&self, length: u64) -> Option<&Arc<Folder>> {
        self.folder.as_ref().filter(|folder| folder.has_room_for(length))
    }

    /// Finds a stored file. One that is being sent was checked before; each of its pieces is checked again.
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

    /// Puts a file that was collected on disk in place of the one before.
    pub(super) async fn save(
        &self,
        key: &Key,
        draft: Draft,
        fields: (HeaderMap, UnixSeconds),
        now: UnixSeconds,
    ) -> io::Result<Arc<Stored>> {
        let wanted = key.clone();
        self.write(key, move |folder| folder.save(draft, &wanted, fields, now))
            .await
    }

    /// Gives a stored file other fields.
    pub(super) async fn renew(
        &self,
        key: &Key,
        content: DiskContent,
        fields: (HeaderMap, UnixSeconds),
        now: UnixSeconds,
    ) -> io::Result<Arc<Stored>> {
        let wanted = key.clone();
        self.write(key, move |folder| folder.renew(&wanted, &content, fields, now))
            .await
    }

    async fn write(
        &self,
        key: &Key,
        write: impl FnOnce(&Folder) -> io::Result<(Stored, u64)> + Send + 'static,
    ) -> io::Result<Arc<Stored>> {
        let folder = self.folder.clone().ok_or(io::ErrorKind::NotFound)?;
        let written = self.background.spawn_blocking(move || write(&folder)).await;
        let (stored, bytes) = written.map_err(io::Error::other)??;
        self.counted.holds(bytes);
        let stored = Arc::new(stored);
        self.note(key, &stored);
        Ok(stored)
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
