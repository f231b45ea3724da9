//! Logins on other devices (RFC 8628) that are under way: one per app, in memory.

use coze_auth::UnixSeconds;
use cozegate_core::problem::Problem;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use url::Url;

/// The logins on other devices that are under way, by the app's name.
#[derive(Debug, Default)]
pub struct DeviceLogins(Mutex<HashMap<Arc<str>, Arc<Waiting>>>);

/// A login that waits for a person elsewhere.
#[derive(Debug)]
pub(super) struct Waiting {
    /// What the person types.
    pub(super) user_code: String,
    /// Where.
    pub(super) verification_uri: Url,
    /// The same with the code in it.
    pub(super) verification_uri_complete: Url,
    /// Until when.
    pub(super) expires_at: UnixSeconds,
    pub(super) outcome: OnceLock<Result<(), Problem>>,
}

impl DeviceLogins {
    pub(super) fn find(&self, app: &str) -> Option<Arc<Waiting>> {
        self.logins().get(app).map(Arc::clone)
    }

    pub(super) fn begin(&self, app: Arc<str>, waiting: Arc<Waiting>) {
        self.logins().insert(app, waiting);
    }

    pub(super) fn end(&self, app: &str) {
        self.logins().remove(app);
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
