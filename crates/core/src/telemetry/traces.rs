//! Traces for a collector: OTLP over HTTP, with the feature `otel` and an address in the environment only.
//!
//! The spans of a request are made when it has ended, from the moments that its [`Record`](super::record::Record) has
//! noted in any case: so nothing is kept open, and a build without the feature has no line of this. The exporter brings no
//! HTTP client; ours sends, on the background runtime.
//!
//! A span tells what the metrics' labels tell, the status and the platform's log id. Nothing that a caller wrote is in it:
//! no path, no field, no name, no handle.

use super::labels::{Early, Grant, MethodClass, Place, TokenOutcome};
use crate::problem::ProblemKind;
use bytes::Bytes;
use coze_auth::transport::{self, TransportError};
use cozegate_config::TracesConfig;
use http::header::{HeaderMap, HeaderName};
use http::{Request, Response, StatusCode};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Handle;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// For the spans that are left when we stop.
const LAST_EXPORT_LIMIT: Duration = Duration::from_secs(5);

/// Why there can be no traces.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The exporter does not take its settings.
    #[error("traces cannot be exported with these settings")]
    Settings(#[from] ExporterBuildError),
    /// There is no such protocol, or this build does not speak it.
    #[error("OTEL_EXPORTER_OTLP_PROTOCOL is neither http/protobuf nor http/json")]
    Protocol,
    /// The client that sends them could not be built.
    #[error(transparent)]
    Client(#[from] TransportError),
}

/// Where spans go.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    /// The same moment on both clocks: durations are measured with the one, spans are dated with the other.
    started: (Instant, SystemTime),
}

impl Traces {
    pub fn new(config: &TracesConfig, background: Handle) -> Result<Arc<Self>, TracesError> {
        let client = Sender {
            http: transport::http_client(concat!("cozegate/", env!("CARGO_PKG_VERSION")))?,
            background,
        };
        let protocol = match config.protocol.as_deref() {
            None | Some("http/protobuf") => Protocol::HttpBinary,
            Some("http/json") => Protocol::HttpJson,
            Some(_) => return Err(TracesError::Protocol),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(config.endpoint.as_str())
            .with_protocol(protocol)
            .build()?;
        let name = config.service_name.clone().unwrap_or_else(|| "cozegate".to_owned());
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name(name).build())
            .build();
        Ok(Arc::new(Self {
            tracer: provider.tracer("cozegate"),
            provider,
            started: (Instant::now(), opentelemetry::time::now()),
        }))
    }

    /// Sends what is left. Waits, so it wants a thread on which one may.
    pub fn stop(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST_EXPORT_LIMIT) {
            tracing::warn!(%error, "The last traces were not exported");
        }
    }

    fn dated(&self, moment: Instant) -> SystemTime {
        let (instant, time) = self.started;
        time + moment.saturating_duration_since(instant)
    }

    /// A token was asked for at the platform. It is renewed for everybody, so its span belongs to no request.
    pub(super) fn token_requested(&self, grant: Grant, outcome: TokenOutcome, took: Duration) {
        let end = self.dated(Instant::now());
        let mut span = self
            .tracer
            .span_builder("token request")
            .with_kind(SpanKind::Client)
            .with_start_time(end.checked_sub(took).unwrap_or(end))
            .with_attributes([
                KeyValue::new("cozegate.grant", grant.name()),
                KeyValue::new("cozegate.outcome", outcome.name()),
            ])
            .start_with_context(&self.tracer, &Context::new());
        if outcome != TokenOutcome::Issued && outcome != TokenOutcome::Pending {
            span.set_status(Status::error(outcome.name()));
        }
        span.end_with_timestamp(end);
    }
}

/// The trace of one request.
#[derive(Debug)]
pub struct RequestTrace {
    traces: Arc<Traces>,
    parent: Option<SpanContext>,
    credential: Option<(Instant, Instant)>,
    problem: Option<ProblemKind>,
    log_id: Option<String>,
}

/// What a request's spans are made of at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) place: Place,
    pub(super) method: MethodClass,
    pub(super) status: Option<StatusCode>,
    pub(super) early: Option<Early>,
    pub(super) began: Instant,
    pub(super) exchange: Option<(Instant, Instant)>,
    pub(super) end: Instant,
}

impl RequestTrace {
    /// `believed` are the fields of a request that came from one of the operator's own proxies.
    pub fn begin(traces: &Arc<Traces>, believed: Option<&HeaderMap>) -> Box<Self> {
        Box::new(Self {
            traces: Arc::clone(traces),
            parent: believed.and_then(parent_of),
            credential: None,
            problem: None,
            log_id: None,
        })
    }

    pub(super) fn waited_for_credential(&mut self, since: Instant, until: Instant) {
        self.credential = Some((since, until));
    }

    pub(super) fn answered(&mut self, problem: Option<ProblemKind>, log_id: Option<String>) {
        self.problem = problem;
        self.log_id = log_id;
    }

    pub(super) fn end(&mut self, ended: &Ended) {
        let Traces { tracer, .. } = &*self.traces;
        let mut attributes = vec![
            KeyValue::new("http.request.method", ended.method.name()),
            KeyValue::new("cozegate.listener", ended.place.listener.name()),
            KeyValue::new("cozegate.route", ended.place.route.name()),
        ];
        if let Some(status) = ended.status {
            attributes.push(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        }
        if let Some(problem) = self.problem {
            attributes.push(KeyValue::new("cozegate.problem", problem.name()));
        }
        if let Some(early) = ended.early {
            attributes.push(KeyValue::new("cozegate.early_end", early.name()));
        }
        if let Some(log_id) = self.log_id.take() {
            attributes.push(KeyValue::new("coze.log_id", log_id));
        }
        let outside = match self.parent.take() {
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        let name = format!("{} {}", ended.method.name(), ended.place.route.name());
        let mut request = tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .with_start_time(self.traces.dated(ended.began))
            .with_attributes(attributes)
            .start_with_context(tracer, &outside);
        let inside = Context::new().with_remote_span_context(request.span_context().clone());
        let parts = [
            ("credential wait", SpanKind::Internal, self.credential),
            ("upstream exchange", SpanKind::Client, ended.exchange),
        ];
        for (name, kind, moments) in parts {
            if let Some((since, until)) = moments {
                tracer
                    .span_builder(name)
                    .with_kind(kind)
                    .with_start_time(self.traces.dated(since))
                    .start_with_context(tracer, &inside)
                    .end_with_timestamp(self.traces.dated(until));
            }
        }
        if ended.status.is_some_and(|status| status.is_server_error()) {
            request.set_status(Status::error(self.problem.map_or("", ProblemKind::name)));
        }
        request.end_with_timestamp(self.traces.dated(ended.end));
    }
}

/// The caller's span (W3C Trace Context 3.2). A version that is not known is read like 00, as far as that goes (4.3).
fn parent_of(headers: &HeaderMap) -> Option<SpanContext> {
    let mut fields = headers.get_all(TRACEPARENT).iter();
    let (Some(only), None) = (fields.next(), fields.next()) else {
        return None;
    };
    let text = only.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lengths = [version, trace, span, flags].map(str::len);
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_sound = lengths == [2, 32, 16, 2]
        && text.bytes().take(55).all(|byte| byte == b'-' || is_hex(byte))
        && version != "ff"
        && (version != "00" || parts.next().is_none());
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()? & 1),
        true,
        TraceState::default(),
    );
    (is_sound && context.is_valid()).then_some(context)
}

/// Sends for the exporter, which runs on a thread of its own.
#[derive(Debug)]
struct Sender {
    http: reqwest::Client,
    background: Handle,
}

impl HttpClient for Sender {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let http = self.http.clone();
        let sending = self.background.spawn(async move {
            let (head, body) = request.into_parts();
            let answer = http
                .request(head.method, head.uri.to_string())
                .headers(head.headers)
                .body(body)
                .send()
                .await?;
            let status = answer.status();
            let mut response = Response::new(answer.bytes().await?);
            *response.status_mut() = status;
            Ok::<_, reqwest::Error>(response)
        });
        Box::pin(async move {
            let outcome = sending.await?.map_err(reqwest::Error::without_url);
            match &outcome {
                Ok(response) if response.status().is_success() => {}
                Ok(response) => {
                    tracing::warn!(status = response.status().as_u16(), "The collector refuses traces");
                }
                Err(error) => tracing::warn!(%error, "The collector cannot be reached"),
            }
            Ok(outcome?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_span_is_read_strictly() {
        const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
        const SPAN: &str = "b7ad6b7169203331";
        let good = [
            format!("00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-00"),
            format!("01-{TRACE}-{SPAN}-01-more"),
        ];
        let bad = [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}x-{SPAN}-01"),
            format!("00-{TRACE}-+7ad6b7169203331-01"),
        ];
        let read = |text: &String| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, text.parse().unwrap());
            parent_of(&headers)
        };

        let refused: Vec<_> = good.iter().filter(|text| read(text).is_none()).collect();
        let let_through: Vec<_> = bad.iter().filter(|text| read(text).is_some()).collect();

        println!(
            "traceparent: bad tried {} / let through {}; good tried {} / refused {}",
            bad.len(),
            let_through.len(),
            good.len(),
            refused.len()
        );
        assert_eq!((refused, let_through), (vec![], vec![]));
    }
}
