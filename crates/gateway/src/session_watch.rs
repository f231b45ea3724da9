//! Background task that ends the exchanges of sessions that ended elsewhere, by time, or by a new configuration.
//!
//! One query of the store every two seconds, however many handles are in use: it reads the revocation counter. Only when
//! the counter has moved are the handles of running exchanges looked up, in batches. While the store does not answer,
//! exchanges go on; what was revoked meanwhile ends with the first answer.

use cozegate_core::state::Shared;
use cozegate_core::telemetry::labels::StoreUse;
use cozegate_store::BackendError;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often expiry and configuration are compared.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often the revocation counter is read.
const READ_EVERY: Duration = Duration::from_secs(2);

/// Runs until we stop, on the runtime of the store.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let looking = async {
        let mut watcher = Watcher::new();
        loop {
            watcher.look(&shared).await;
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = shared.exchanges.wake.notified() => {}
            }
        }
    };
    shared.stop.run_until_cancelled(looking).await;
}

struct Watcher {
    read_next: Instant,
    /// The counter has moved, and not all handles were looked up since.
    has_moved: bool,
    /// The store failed the last time, which was logged.
    is_away: bool,
}

impl Watcher {
    fn new() -> Self {
        Self {
            read_next: Instant::now(),
            has_moved: false,
            is_away: false,
        }
    }

    async fn look(&mut self, shared: &Shared) {
        let now = shared.means.clock.now();
        let live = shared.live();
        let ended = shared
            .exchanges
            .end_if(|handle| handle.expires_at <= now || !live.still_serves(handle));
        log(ended, "expired, or the configuration has changed");
        drop(live);
        match self.ask_the_store(shared).await {
            Ok(ended) => {
                self.is_away = false;
                log(ended, "revoked");
            }
            Err(error) => {
                shared.telemetry.common().store_failed(StoreUse::Revocations);
                if !std::mem::replace(&mut self.is_away, true) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Could not read which handles were revoked; running exchanges go on"
                    );
                }
            }
        }
    }

    async fn ask_the_store(&mut self, shared: &Shared) -> Result<usize, BackendError> {
        let (handles, exchanges) = (&shared.handles, &shared.exchanges);
        let now = shared.means.clock.now();
        if Instant::now() >= self.read_next && !(handles.is_empty() && exchanges.is_empty()) {
            self.read_next = Instant::now() + READ_EVERY;
            self.has_moved |= handles.watch(now).await?;
        }
        let hashes = exchanges.handles(self.has_moved);
        if hashes.is_empty() {
            self.has_moved = false;
            return Ok(0);
        }
        let are_there = handles.still_there(&hashes, now).await?;
        self.has_moved = false;
        Ok(exchanges.note_checked(&hashes, &are_there))
    }
}

fn log(ended: usize, why: &'static str) {
    if ended > 0 {
        tracing::info!(ended, why, "Ended the exchanges of sessions that are over");
    }
}
