//! State of one core's proxy: what all cores share, and what this one has for itself.

use super::files::Files;
use super::upstream::Upstreams;
use cozegate_core::guard::Guard;
use cozegate_core::state::Shared;
use cozegate_core::telemetry::metrics::Metrics;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// What the phases of a request need.
pub(super) struct ProxyState {
    pub(super) shared: Arc<Shared>,
    pub(super) guard: Guard,
    /// Fetches and caches static files; one for all cores.
    pub(super) files: Arc<Files>,
    /// The platform, over connections of this core.
    pub(super) upstreams: Upstreams,
    /// This core's counts.
    pub(super) metrics: Arc<Metrics>,
    /// Every open WebSocket. Stopping waits for them as for any answer.
    pub(super) tunnels: TaskTracker,
}
