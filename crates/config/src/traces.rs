//! Where traces go: the variables that every program with OpenTelemetry reads.
//!
//! Only what we decide about is read here; the exporter reads the rest itself (`OTEL_EXPORTER_OTLP_HEADERS`,
//! `OTEL_TRACES_SAMPLER` and so on, `docs/reference/traces.md`).

use super::env::Environment;
use std::fmt;

/// Where traces go.
#[derive(Clone, PartialEq, Eq)]
pub struct TracesConfig {
    /// The whole address, path included.
    pub endpoint: String,
    /// What the collector knows us by.
    pub service_name: Option<String>,
    /// `http/protobuf` when absent, or `http/json`.
    pub protocol: Option<String>,
}

/// An address may hold a password.
impl fmt::Debug for TracesConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracesConfig")
            .field("service_name", &self.service_name)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

impl TracesConfig {
    /// What the environment asks for; `None` when it names no address.
    pub(super) fn of(environment: &Environment) -> Option<Self> {
        let text = |name: &str| environment.get(name).map(|value| value.trim().to_owned());
        if text("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        let endpoint = text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| {
            let base = text("OTEL_EXPORTER_OTLP_ENDPOINT")?;
            Some(format!("{}/v1/traces", base.trim_end_matches('/')))
        })?;
        Some(Self {
            endpoint,
            service_name: text("OTEL_SERVICE_NAME"),
            protocol: text("OTEL_EXPORTER_OTLP_PROTOCOL"),
        })
    }
}
