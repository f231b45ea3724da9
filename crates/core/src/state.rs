//! What the two listeners share: one value, made at the start, read by every request.

use crate::addresses::{base_of, base_under_the_same_name};
use crate::apps::{Apps, ServingApp, TokenMeans};
use crate::caller::{Caller, TrustedProxies, VisitorKeys};
use crate::exchanges::{Exchanges, RunningExchange};
use crate::guard::{OriginList, Scheme};
use crate::limits::Limits;
use crate::ownership::OwnershipRegister;
use crate::problem::{Problem, ProblemKind};
use crate::sites::Sites;
use crate::targets::Allowed;
use crate::telemetry::Telemetry;
use crate::telemetry::access_log::Line;
use crate::telemetry::labels::{HandleLookup, Listener, Phase, StoreUse};
use crate::telemetry::metrics::{Metrics, Wait};
use crate::telemetry::record::{Record, RecordRefused};
#[cfg(feature = "otel")]
use crate::telemetry::traces::RequestTrace;
use arc_swap::ArcSwap;
use coze_auth::Subject;
use cozegate_config::{AccessLog, ChatConfig, Mode, PublicUrls, UserscriptConfig};
use cozegate_store::handles::fingerprint;
use cozegate_store::{Backend, BackendError, HandleRecord, HandleRegister, KnownHandle};
use http::header::{HeaderValue, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderName, Method};
#[cfg(feature = "otel")]
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// Keeps the records of requests that no service of a listener sees.
#[derive(Debug)]
pub struct RefusedAt {
    shared: Arc<Shared>,
    listener: Listener,
}

impl RecordRefused for RefusedAt {
    fn begin(&self, method: &Method) -> Record {
        let telemetry = &self.shared.telemetry;
        // Any core may refuse: their sets are written by nobody else.
        let mut record = Record::begin_refused(Arc::clone(telemetry.common()), self.listener, method);
        record.writes(match self.shared.live().access_log {
            AccessLog::On => telemetry.line_of_refused(),
            AccessLog::Off => None,
        });
        record
    }
}

/// The shared state. Everything in it is read-only or made for many threads.
#[derive(Debug)]
pub struct Shared {
    pub mode: Mode,
    /// The app is the emulator's, and nothing is kept.
    pub is_demo: bool,
    /// What a new configuration replaces while we run.
    pub live: ArcSwap<Live>,
    pub handles: Arc<HandleRegister>,
    /// Which visitor may use which conversation and file.
    pub ownership: Arc<OwnershipRegister>,
    /// Running exchanges by handle.
    pub exchanges: Arc<Exchanges>,
    /// Where everything rests, also while one configuration follows another.
    pub backend: Backend,
    /// The runtime that the backend's connections belong to.
    pub background: Handle,
    pub visitor_keys: VisitorKeys,
    /// What sources of tokens are made with.
    pub means: TokenMeans,
    /// Whether browsers are to keep to HTTPS: visitors use the gateway's own certificate.
    pub is_https_only: bool,
    /// How both listeners are reached.
    pub scheme: Scheme,
    /// At which addresses visitors reach them, in public mode.
    pub public: Option<PublicUrls>,
    /// Where the proxy listens; when another process runs it, where the configuration says it does.
    pub proxy_addr: SocketAddr,
    /// The same for the auth service.
    pub auth_addr: SocketAddr,
    /// The operator's proxies in front of us.
    pub trusted_proxies: TrustedProxies,
    /// Header fields that pass beside the listed ones.
    pub pass_fields: Vec<HeaderName>,
    /// What is counted.
    pub telemetry: Arc<Telemetry>,
    /// Cancelled when we begin to stop.
    pub stop: CancellationToken,
}

/// The part of the configuration that can change while we run. Replaced whole: a request sees the old one or the new one
/// and never half of each.
#[derive(Debug)]
pub struct Live {
    pub apps: Apps,
    pub origins: OriginList,
    /// Which pages belong to which app, and what their visitors may do.
    pub sites: Sites,
    /// The URLs that a request to the proxy may name.
    pub targets: Arc<Allowed>,
    pub chat: ChatConfig,
    pub userscript: UserscriptConfig,
    pub handle_lifetime: Duration,
    /// How long a visitor's cookie or pass is good; without end when absent.
    pub pass_lifetime: Option<Duration>,
    pub limits: Arc<Limits>,
    /// Whether a line is written for each request.
    pub access_log: AccessLog,
}

impl Live {
    /// Whether this configuration still serves the holder of a handle: its app is there, and its site with the page that
    /// opened the session.
    pub fn still_serves(&self, handle: &HandleRecord) -> bool {
        self.apps.find(Some(&handle.app)).is_some() && self.sites.site_of(handle).is_some()
    }
}

impl Shared {
    /// What is in force now. Take it once for a request and keep to it.
    pub fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Puts a new configuration in force for the requests that come from now on.
    pub fn replace_live(&self, live: Live) {
        self.live.store(Arc::new(live));
    }

    /// Finds what a handle stands for. On the hot path, and without waiting, unless the backend has to be asked.
    pub async fn find_handle(&self, handle: &str, metrics: &Metrics) -> Result<Arc<KnownHandle>, Problem> {
        let now = self.means.clock.now();
        if let Some(record) = self.handles.ready(handle, now) {
            metrics.handle_looked_up(HandleLookup::Memory);
            return Ok(record);
        }
        let wait = Wait::begin(metrics, Phase::HandleLookup);
        let (handles, asked) = (Arc::clone(&self.handles), handle.to_owned());
        // Its own task, since connections of another runtime would end with it; and an answer that was asked for is kept.
        let found = self.background.spawn(async move { handles.find(&asked, now).await });
        let found = found.await;
        wait.end();
        let (lookup, outcome) = match found {
            Ok(Ok(Some(record))) => (HandleLookup::Store, Ok(record)),
            Ok(Ok(None)) => (HandleLookup::Unknown, Err(ProblemKind::HandleUnknown.into())),
            Ok(Err(BackendError::Unreadable(row))) => {
                // A new handle heals it, so the caller hears what makes programs open one.
                self.telemetry.common().store_failed(StoreUse::Handles);
                tracing::error!(
                    row = fingerprint(handle),
                    error = &row as &dyn std::error::Error,
                    "The row of a handle does not open: it was damaged, moved, or sealed with another key. It counts as unknown"
                );
                (HandleLookup::Unknown, Err(ProblemKind::HandleUnknown.into()))
            }
            Ok(Err(error)) => (HandleLookup::Failed, Err(self.store_problem(StoreUse::Handles, &error))),
            Err(_) => (HandleLookup::Failed, Err(ProblemKind::Stopping.into())),
        };
        metrics.handle_looked_up(lookup);
        outcome
    }

    /// Registers an exchange of `caller` that is going to take a while. A Coze token of the caller's own has no session.
    pub fn join(&self, caller: &Caller) -> Option<RunningExchange> {
        let Caller::Visitor(handle) = caller else {
            return None;
        };
        let is_known = || self.handles.ready_hash(&handle.hash, self.means.clock.now()).is_some();
        Some(self.exchanges.join(handle, is_known))
    }

    /// Revokes all handles of `subject` at the app of this name, and ends what runs with them: here at once, on other
    /// instances when they read the revocation counter. Returns how many handles there were.
    pub async fn end_sessions(&self, app: &str, subject: &Subject) -> Result<u64, BackendError> {
        self.exchanges.end_all_of(app, subject);
        let revoked = self.handles.revoke_all_of(app, subject).await;
        // Again: an exchange may have been registered while the store deleted its handle.
        self.exchanges.end_all_of(app, subject);
        revoked
    }

    /// Tells browsers to use HTTPS only (RFC 6797), in public mode with the gateway's own certificate. Behind a reverse proxy this is the
    /// proxy's to say, and on a person's machine it would concern every other service of `localhost`.
    pub fn keep_to_https(&self, headers: &mut HeaderMap) {
        if self.is_https_only {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
    }

    /// Begins a line of the access log, if `live` asks for it.
    pub fn log_line(&self, live: &Live, method: &Method, path: &str) -> Option<Box<Line>> {
        match live.access_log {
            AccessLog::On => self.telemetry.line(method, path),
            AccessLog::Off => None,
        }
    }

    /// Who keeps the records of heads that are refused at `listener`.
    pub fn refused_at(self: &Arc<Self>, listener: Listener) -> Arc<RefusedAt> {
        let shared = Arc::clone(self);
        Arc::new(RefusedAt { shared, listener })
    }

    /// Begins the trace of a request, if any are made. Only the operator's own proxies are believed when they say that it
    /// is part of another one: anybody else could write into traces that are not theirs.
    #[cfg(feature = "otel")]
    pub fn trace(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Box<RequestTrace>> {
        let is_believed = self.trusted_proxies.contains(peer);
        let traces = self.telemetry.traces()?;
        Some(RequestTrace::begin(traces, is_believed.then_some(headers)))
    }

    /// The address where a person logs in to `app`.
    pub fn login_url(&self, app: &ServingApp) -> String {
        format!("{}://{}/login?app={}", self.scheme, self.auth_addr, app.name)
    }

    /// What a caller sees when the store could not do its part; counted.
    pub fn store_problem(&self, purpose: StoreUse, error: &BackendError) -> Problem {
        self.telemetry.common().store_failed(purpose);
        Problem::from_backend_error(error)
    }

    /// The proxy's base URL: the public one, or that under the name by which the caller reached us, so that a page of
    /// `localhost` is sent to `localhost`. The guard has checked `Host` before.
    pub fn proxy_base_for(&self, request: &HeaderMap) -> String {
        let public = self.public.as_ref().map(|public| base_of(&public.proxy));
        public.unwrap_or_else(|| base_under_the_same_name(request, self.scheme, self.proxy_addr))
    }

    /// The same for the auth service.
    pub fn auth_base_for(&self, request: &HeaderMap) -> String {
        let public = self.public.as_ref().map(|public| base_of(&public.auth));
        public.unwrap_or_else(|| base_under_the_same_name(request, self.scheme, self.auth_addr))
    }
}
