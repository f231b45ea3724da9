//! The counts of one core, and the few words by which the rest of the gateway counts.
//!
//! Each proxy worker has a [`Metrics`] of its own, and the auth service one that everything in the background shares.
//! Nothing here knows how they are shown.

use super::counts::{Count, Durations, Each, Level, Writer, Writers};
use super::labels::{
    Direction, Early, FileSource, Grant, HandleLookup, Listener, MethodClass, Phase, Place, PolicyOutcome,
    PolicyReason, RefusedToken, Reload, StatusClass, StoreUse, TokenOutcome, TunnelEnd, UpstreamFailure,
};
use crate::problem::ProblemKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One core's counts.
#[derive(Debug)]
pub struct Metrics {
    pub(super) requests: Each<(Place, MethodClass, StatusClass), Count>,
    pub(super) early_ends: Each<(Listener, Early), Count>,
    pub(super) in_progress: Each<Listener, Level>,
    pub(super) connections: Each<Listener, Level>,
    pub(super) streams: Each<(), Level>,
    pub(super) tunnels: Each<(), Level>,
    pub(super) tunnel_ends: Each<TunnelEnd, Count>,
    pub(super) durations: Each<Place, Durations>,
    pub(super) phases: Each<Phase, Durations>,
    pub(super) body_bytes: Each<(Listener, Direction), Count>,
    pub(super) problems: Each<ProblemKind, Count>,
    pub(super) upstream_failures: Each<UpstreamFailure, Count>,
    pub(super) files: Each<FileSource, Count>,
    pub(super) file_cache_bytes: Each<(), Level>,
    pub(super) handle_lookups: Each<HandleLookup, Count>,
    pub(super) refused_tokens: Each<RefusedToken, Count>,
    pub(super) policy_denied: Each<(PolicyReason, PolicyOutcome), Count>,
    pub(super) token_requests: Each<(Grant, TokenOutcome), Count>,
    pub(super) token_request_durations: Each<Grant, Durations>,
    pub(super) store_errors: Each<StoreUse, Count>,
    pub(super) reloads: Each<Reload, Count>,
}

impl Metrics {
    /// The set of a thread that alone writes it; anybody may read it.
    pub(super) fn of_one_thread() -> Self {
        Self::new(&Writers::One(Writer::default()))
    }

    /// A set that any thread writes.
    pub(super) fn of_many_threads() -> Self {
        Self::new(&Writers::Many)
    }

    fn new(writers: &Writers) -> Self {
        Self {
            requests: Each::new(writers),
            early_ends: Each::new(writers),
            in_progress: Each::new(writers),
            connections: Each::new(writers),
            streams: Each::new(writers),
            tunnels: Each::new(writers),
            tunnel_ends: Each::new(writers),
            durations: Each::new(writers),
            phases: Each::new(writers),
            body_bytes: Each::new(writers),
            problems: Each::new(writers),
            upstream_failures: Each::new(writers),
            files: Each::new(writers),
            file_cache_bytes: Each::new(writers),
            handle_lookups: Each::new(writers),
            refused_tokens: Each::new(writers),
            policy_denied: Each::new(writers),
            token_requests: Each::new(writers),
            token_request_durations: Each::new(writers),
            store_errors: Each::new(writers),
            reloads: Each::new(writers),
        }
    }

    /// A request that we refused or could not answer, by the problem that the caller was told of.
    pub fn refused(&self, problem: ProblemKind) {
        self.problems.add(problem, 1);
    }

    /// How long a stretch of a request took.
    pub fn took(&self, phase: Phase, duration: Duration) {
        self.phases.observe(phase, duration);
    }

    /// An exchange with the platform's API came to nothing.
    pub fn upstream_failed(&self, failure: UpstreamFailure) {
        self.upstream_failures.add(failure, 1);
    }

    /// Somebody asked for a static file.
    pub fn file_asked_for(&self, source: FileSource) {
        self.files.add(source, 1);
    }

    /// So many bytes more of static files are kept on disk, or fewer.
    pub fn file_cache_changed(&self, bytes: i64) {
        self.file_cache_bytes.change((), bytes);
    }

    /// Somebody looked for a handle.
    pub fn handle_looked_up(&self, lookup: HandleLookup) {
        self.handle_lookups.add(lookup, 1);
    }

    /// The platform refused a token before its time.
    pub fn token_refused(&self, outcome: RefusedToken) {
        self.refused_tokens.add(outcome, 1);
    }

    /// The visitor policy denied a request.
    pub fn policy_denied(&self, reason: PolicyReason, outcome: PolicyOutcome) {
        self.policy_denied.add((reason, outcome), 1);
    }

    /// The store could not do its part.
    pub fn store_failed(&self, purpose: StoreUse) {
        self.store_errors.add(purpose, 1);
    }

    /// Somebody asked for another configuration.
    pub fn reloaded(&self, outcome: Reload) {
        self.reloads.add(outcome, 1);
    }

    /// A token was asked for at the platform.
    pub fn token_requested(&self, grant: Grant, outcome: TokenOutcome, took: Duration) {
        self.token_requests.add((grant, outcome), 1);
        self.token_request_durations.observe(grant, took);
    }
}

/// Measures a phase from its making to [`end`](Self::end). For waits only: it reads the clock twice.
#[derive(Debug)]
pub struct Wait<'m> {
    metrics: &'m Metrics,
    phase: Phase,
    since: Instant,
}

impl<'m> Wait<'m> {
    pub fn begin(metrics: &'m Metrics, phase: Phase) -> Self {
        Self {
            metrics,
            phase,
            since: Instant::now(),
        }
    }

    /// However it ended, this is how long it took.
    pub fn end(self) {
        self.metrics.took(self.phase, self.since.elapsed());
    }
}

/// A caller's connection, counted while it is open.
#[derive(Debug)]
pub struct OpenConnection {
    metrics: Arc<Metrics>,
    listener: Listener,
}

impl OpenConnection {
    pub fn new(metrics: &Arc<Metrics>, listener: Listener) -> Self {
        metrics.connections.change(listener, 1);
        Self {
            metrics: Arc::clone(metrics),
            listener,
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.metrics.connections.change(self.listener, -1);
    }
}

/// An open WebSocket, counted while it is open.
#[derive(Debug)]
pub struct OpenTunnel {
    metrics: Arc<Metrics>,
}

impl OpenTunnel {
    pub fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.tunnels.change((), 1);
        Self {
            metrics: Arc::clone(metrics),
        }
    }

    /// Something else than our own stopping has ended it. Whoever reads metrics then is gone as well.
    pub fn ended(self, end: TunnelEnd) {
        self.metrics.tunnel_ends.add(end, 1);
    }
}

impl Drop for OpenTunnel {
    fn drop(&mut self) {
        self.metrics.tunnels.change((), -1);
    }
}
