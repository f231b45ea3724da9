//! `GET /metrics`: adds up the counts of all cores and writes them as Prometheus reads them (text format 0.0.4).
//!
//! The crate `prometheus-client` does the writing. Its own metrics are not used: a histogram of it takes a lock, a family
//! looks up a map under one. Every metric, its type and its labels stand in `docs/reference/metrics.md`, and a test
//! compares the page with what is written here.

use super::Telemetry;
use super::counts::{BUCKETS, Count, Durations, Each, Level};
use super::labels::Label;
use super::metrics::Metrics;
use super::process::Process;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;

/// How the text is announced.
pub use prometheus_text::CONTENT_TYPE;

/// A metric with more series than this shows those only that have been counted.
const ALWAYS_SHOWN: usize = 40;

const MICROSECONDS_PER_SECOND: f64 = 1e6;
const NANOSECONDS_PER_SECOND: f64 = 1e9;

/// Writes all metrics.
pub fn text(telemetry: &Arc<Telemetry>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Arc::clone(telemetry)));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Telemetry {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet {
            encoder,
            sets: self.sets(),
        };
        sheet.requests()?;
        sheet.upstream()?;
        sheet.tokens()?;
        sheet.policy()?;
        sheet.stores()?;
        sheet.files()?;
        sheet.counters("cozegate_config_reloads", "New configurations", |m| &m.reloads)?;
        let info = [("version", env!("CARGO_PKG_VERSION"))];
        sheet.gauge("cozegate_build_info", "What runs", &info, 1.0)?;
        sheet.process(self.started_at())
    }
}

/// What is being written, and from what.
struct Sheet<'e> {
    encoder: DescriptorEncoder<'e>,
    sets: Vec<Arc<Metrics>>,
}

impl Sheet<'_> {
    fn requests(&mut self) -> fmt::Result {
        self.counters("cozegate_requests", "Requests that have ended", |m| &m.requests)?;
        self.counters(
            "cozegate_early_ends",
            "Requests that ended before the end of their answer",
            |m| &m.early_ends,
        )?;
        self.levels("cozegate_requests_in_progress", "Requests being answered now", |m| {
            &m.in_progress
        })?;
        self.levels("cozegate_connections", "Open connections of callers", |m| {
            &m.connections
        })?;
        self.levels("cozegate_streams", "Event streams being passed on now", |m| &m.streams)?;
        self.levels("cozegate_websockets", "WebSockets that are open now", |m| &m.tunnels)?;
        self.counters("cozegate_websocket_ends", "WebSockets that have ended", |m| {
            &m.tunnel_ends
        })?;
        self.durations(
            "cozegate_request_duration_seconds",
            "From the head of a request to the end of its answer",
            |m| &m.durations,
        )?;
        self.durations("cozegate_phase_duration_seconds", "Stretches of requests", |m| {
            &m.phases
        })?;
        self.counters("cozegate_body_bytes", "Bytes of bodies", |m| &m.body_bytes)?;
        self.counters(
            "cozegate_problems",
            "Answers of our own that tell of a problem, refusals among them",
            |m| &m.problems,
        )
    }

    fn upstream(&mut self) -> fmt::Result {
        self.counters(
            "cozegate_upstream_failures",
            "Exchanges with the platform's API that failed",
            |m| &m.upstream_failures,
        )
    }

    fn tokens(&mut self) -> fmt::Result {
        self.counters(
            "cozegate_token_requests",
            "Requests to the platform's token endpoint",
            |m| &m.token_requests,
        )?;
        self.durations(
            "cozegate_token_request_duration_seconds",
            "How long the token endpoint took",
            |m| &m.token_request_durations,
        )?;
        self.counters(
            "cozegate_refused_tokens",
            "Tokens that the platform refused before their time",
            |m| &m.refused_tokens,
        )
    }

    fn policy(&mut self) -> fmt::Result {
        self.counters(
            "cozegate_policy_denied",
            "Requests that the visitor policy denied",
            |m| &m.policy_denied,
        )
    }

    fn stores(&mut self) -> fmt::Result {
        self.counters("cozegate_handle_lookups", "Handles that were looked for", |m| {
            &m.handle_lookups
        })?;
        self.counters("cozegate_store_errors", "What the store could not do", |m| {
            &m.store_errors
        })
    }

    fn files(&mut self) -> fmt::Result {
        self.counters("cozegate_files", "Static files that were asked for", |m| &m.files)?;
        self.levels("cozegate_file_cache_bytes", "Static files that are kept on disk", |m| {
            &m.file_cache_bytes
        })
    }

    fn process(&mut self, started_at: i64) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "seconds fit for millions of years")]
        let started_at = started_at as f64;
        self.gauge(
            "process_start_time_seconds",
            "When the services started, in Unix seconds",
            &[],
            started_at,
        )?;
        // Elsewhere than on Linux there is nothing to read.
        let Some(process) = Process::look() else { return Ok(()) };
        let name = "process_cpu_seconds";
        let mut metric = self
            .encoder
            .encode_descriptor(name, "CPU time", None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, f64, f64>(&process.cpu_seconds, None)?;
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Resident memory",
                process.resident_bytes,
            ),
            ("process_open_fds", "Open file descriptors", process.open_fds),
        ] {
            #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 bytes of memory")]
            self.gauge(name, help, &[], value as f64)?;
        }
        Ok(())
    }

    /// Writes a counter; `_total` is added to its name.
    fn counters<L: Label>(&mut self, name: &str, help: &str, of: impl Fn(&Metrics) -> &Each<L, Count>) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for label in (0..L::COUNT).filter_map(L::at) {
            let total: u64 = self
                .sets
                .iter()
                .filter_map(|set| of(set).of(label))
                .map(Count::get)
                .sum();
            if total > 0 || L::COUNT <= ALWAYS_SHOWN {
                let pairs = pairs(label);
                let mut series = metric.encode_family(&pairs)?;
                series.encode_counter::<NoLabelSet, u64, f64>(&total, None)?;
            }
        }
        Ok(())
    }

    fn levels<L: Label>(&mut self, name: &str, help: &str, of: impl Fn(&Metrics) -> &Each<L, Level>) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for label in (0..L::COUNT).filter_map(L::at) {
            let now: i64 = self
                .sets
                .iter()
                .filter_map(|set| of(set).of(label))
                .map(Level::get)
                .sum();
            let pairs = pairs(label);
            metric.encode_family(&pairs)?.encode_gauge(&now)?;
        }
        Ok(())
    }

    fn durations<L: Label>(
        &mut self,
        name: &str,
        help: &str,
        of: impl Fn(&Metrics) -> &Each<L, Durations>,
    ) -> fmt::Result {
        let mut metric = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Histogram)?;
        for label in (0..L::COUNT).filter_map(L::at) {
            let summed = Summed::of(self.sets.iter().filter_map(|set| of(set).of(label)));
            if summed.count > 0 || L::COUNT <= ALWAYS_SHOWN / 4 {
                let pairs = pairs(label);
                let mut series = metric.encode_family(&pairs)?;
                series.encode_histogram::<NoLabelSet>(summed.seconds, summed.count, &summed.buckets, None)?;
            }
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, help: &str, labels: &[(&'static str, &'static str)], value: f64) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        metric.encode_family(&labels)?.encode_gauge(&value)
    }
}

fn pairs<L: Label>(label: L) -> Vec<(&'static str, &'static str)> {
    let mut pairs = Vec::new();
    label.describe(&mut pairs);
    pairs
}

/// The durations of all cores.
struct Summed {
    seconds: f64,
    count: u64,
    /// Upper end in seconds, and how many are in this very bucket.
    buckets: Vec<(f64, u64)>,
}

impl Summed {
    fn of<'d>(sets: impl Iterator<Item = &'d Durations>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "bounds are small, and a sum may be rounded")]
        let ends = BUCKETS.iter().map(|end| *end as f64 / MICROSECONDS_PER_SECOND);
        let mut buckets: Vec<(f64, u64)> = ends.chain([f64::INFINITY]).map(|end| (end, 0)).collect();
        let mut nanoseconds = 0_u64;
        for set in sets {
            nanoseconds = nanoseconds.wrapping_add(set.nanoseconds());
            for (bucket, more) in buckets.iter_mut().zip(set.buckets()) {
                bucket.1 += more;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "bounds are small, and a sum may be rounded")]
        let seconds = nanoseconds as f64 / NANOSECONDS_PER_SECOND;
        Self {
            seconds,
            count: buckets.iter().map(|(_, count)| count).sum(),
            buckets,
        }
    }
}
