//! What cozegate knows of itself: counts for Prometheus, and a line for each request.
//!
//! | file | owns |
//! |---|---|
//! | `metrics` | what is counted, by which words |
//! | `labels` | what tells series apart: closed sets |
//! | `counts` | what is counted with |
//! | `access_log` | a line for each request |
//! | `record` | one request from its head to its end, and a body that knows when that is |
//! | `observers` | what the token library and the store tell |
//! | `traces` | spans for a collector, with the feature `otel` |
//! | `exposition` | `GET /metrics` |
//! | `process` | what the system says about this process |
//!
//! Counting costs a request a handful of additions, which for the proxy are plain ones (each core has a set that it alone
//! writes), and two looks at the clock. Neither listener is imported here.

pub mod access_log;
mod counts;
pub mod exposition;
pub mod labels;
pub mod metrics;
pub mod observers;
mod process;
pub mod record;
pub mod server_timing;
#[cfg(feature = "otel")]
pub mod traces;

use access_log::{Line, RequestIds};
use coze_auth::{Random, UnixSeconds};
use http::Method;
use metrics::Metrics;
use std::sync::{Arc, Mutex, PoisonError};

/// The counts of this installation.
#[derive(Debug)]
pub struct Telemetry {
    /// Those of the auth service and of everything in the background.
    common: Arc<Metrics>,
    /// Those of the proxy's cores.
    cores: Mutex<Vec<Arc<Metrics>>>,
    started_at: UnixSeconds,
    ids: RequestIds,
    #[cfg(feature = "otel")]
    traces: std::sync::OnceLock<Arc<traces::Traces>>,
}

impl Telemetry {
    pub fn new(started_at: UnixSeconds, random: &dyn Random) -> Self {
        let mut seed = [0; 8];
        random.fill(&mut seed);
        Self {
            common: Arc::new(Metrics::of_many_threads()),
            cores: Mutex::default(),
            started_at,
            ids: RequestIds::new(u64::from_le_bytes(seed)),
            #[cfg(feature = "otel")]
            traces: std::sync::OnceLock::new(),
        }
    }

    /// Begins a line of the access log; `None` when nobody writes it down.
    pub fn line(&self, method: &Method, path: &str) -> Option<Box<Line>> {
        access_log::is_wanted().then(|| Box::new(Line::new(&self.ids, method, path)))
    }

    /// The same for a request of which nothing is known.
    pub fn line_of_refused(&self) -> Option<Box<Line>> {
        access_log::is_wanted().then(|| Box::new(Line::of_refused(&self.ids)))
    }

    /// Where spans go, if anywhere; said once, at the start.
    #[cfg(feature = "otel")]
    pub fn traces_to(&self, traces: Arc<traces::Traces>) {
        let _said_once = self.traces.set(traces);
    }

    /// Where spans go, if anywhere.
    #[cfg(feature = "otel")]
    pub fn traces(&self) -> Option<&Arc<traces::Traces>> {
        self.traces.get()
    }

    /// The set of whatever is not on the hot path.
    pub fn common(&self) -> &Arc<Metrics> {
        &self.common
    }

    /// Makes the set of a core: of one thread, on which everything that counts in it also ends.
    pub fn new_core(&self) -> Arc<Metrics> {
        let metrics = Arc::new(Metrics::of_one_thread());
        let mut cores = self.cores.lock().unwrap_or_else(PoisonError::into_inner);
        cores.push(Arc::clone(&metrics));
        metrics
    }

    fn sets(&self) -> Vec<Arc<Metrics>> {
        let cores = self.cores.lock().unwrap_or_else(PoisonError::into_inner);
        cores.iter().chain([&self.common]).map(Arc::clone).collect()
    }

    fn started_at(&self) -> i64 {
        self.started_at.0
    }
}

#[cfg(test)]
mod tests;
