//! Everything the double knows, in one place that all handlers share.

use crate::accounts::Accounts;
use crate::apps::Apps;
use crate::clock::Clock;
use crate::config::EmulatorConfig;
use crate::faults::Faults;
use crate::history::History;
use crate::ids::Ids;
use crate::journal::Journal;
use crate::logins::Logins;
use crate::tokens::{Tenant, Tokens};
use aws_lc_rs::error::Unspecified;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The state of one running double. Nothing is kept on disk.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) config: EmulatorConfig,
    /// The address it is bound to, with the real port.
    pub(crate) addr: SocketAddr,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) accounts: Accounts,
    pub(crate) apps: Apps,
    pub(crate) tokens: Tokens,
    pub(crate) logins: Logins,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    /// Where secrets were written, for whoever reads the info.
    secret_files: Mutex<SecretFiles>,
    /// Chats go on when their reader leaves; they end with the platform.
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: CancellationToken,
    history: Mutex<History>,
    files: Mutex<HashMap<String, StoredFile>>,
    delta_spacing_ms: AtomicU64,
    /// The number of deltas after which each answer waits; none waits without it.
    hold_after: watch::Sender<Option<usize>>,
}

/// Files that hold this run's secrets, once somebody asked for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretFiles {
    pub(crate) private_key: Option<PathBuf>,
    pub(crate) personal_access_token: Option<PathBuf>,
}

/// What is remembered of an uploaded file; its bytes are counted, not kept.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    /// The account that it belongs to, whatever the `session_name`: nothing says that sessions separate files.
    pub(crate) account: Tenant,
    pub(crate) bytes: u64,
    pub(crate) file_name: String,
    /// Unix seconds.
    pub(crate) created_at: i64,
}

impl Platform {
    pub(crate) fn new(config: EmulatorConfig, addr: SocketAddr, accounts: Accounts) -> Result<Self, Unspecified> {
        let platform = Self {
            addr,
            clock: Clock::default(),
            ids: Ids::new()?,
            accounts,
            apps: Apps::generate(config.permissions.as_deref())?,
            tokens: Tokens::default(),
            logins: Logins::new(config.consent, config.refresh),
            journal: Journal::new(),
            faults: Faults::default(),
            secret_files: Mutex::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            history: Mutex::new(History::new(config.isolation)),
            files: Mutex::default(),
            delta_spacing_ms: AtomicU64::new(0),
            hold_after: watch::Sender::new(None),
            config,
        };
        platform.set_delta_spacing(platform.config.delta_spacing);
        Ok(platform)
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn files(&self) -> MutexGuard<'_, HashMap<String, StoredFile>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn secret_files(&self) -> MutexGuard<'_, SecretFiles> {
        self.secret_files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time between two deltas, which may change while a bot speaks.
    pub(crate) fn delta_spacing(&self) -> Duration {
        Duration::from_millis(self.delta_spacing_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn set_delta_spacing(&self, spacing: Duration) {
        let millis = u64::try_from(spacing.as_millis()).unwrap_or(u64::MAX);
        self.delta_spacing_ms.store(millis, Ordering::Relaxed);
    }

    /// Holds every answer after its first `deltas` deltas, or lets all go on.
    pub(crate) fn hold_answers_after(&self, deltas: Option<usize>) {
        self.hold_after.send_replace(deltas);
    }

    /// Waits until the delta with this index, counted from 0, may be sent.
    pub(crate) async fn delta_may_go(&self, index: usize) {
        let mut hold = self.hold_after.subscribe();
        // The sender lives as long as the platform.
        hold.wait_for(|after| after.is_none_or(|after| index < after))
            .await
            .ok();
    }
}
