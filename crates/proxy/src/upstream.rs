//! One exchange with the platform: a connection, the request, the answer's head - and what is tried again.
//!
//! A request is repeated in two cases only, both before a byte came back: it was never sent, because the idle
//! connection had just been closed; or it is safe by its method, has no body, and the reused connection broke
//! (RFC 9110 9.2.2). A chat that may have begun is never sent twice.

use super::body::Answer;
use super::connect::{Target, TargetError};
use super::pool::{CallerId, Lease, Pool};
use super::upload::{Course, Upload};
use cozegate_config::TimeoutsConfig;
use cozegate_core::alarm::Alarm;
use cozegate_core::limits::Buffer;
use cozegate_core::problem::{Limit, Problem, ProblemKind};
use cozegate_core::telemetry::labels::Phase;
use cozegate_core::telemetry::metrics::{Metrics, Wait};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use url::Url;

/// The platform's API, seen from one core.
pub(super) struct Upstream {
    target: Target,
    pool: Arc<Pool>,
    tasks: TaskTracker,
    metrics: Arc<Metrics>,
    buffer: Arc<Buffer>,
    connect_timeout: Duration,
    head_timeout: Duration,
    idle_timeout: Duration,
    total_timeout: Option<Duration>,
}

/// The platforms that one core talks to: apps with the same API base share connections.
pub(super) struct Upstreams {
    by_base: Mutex<Vec<(Url, Arc<Upstream>)>>,
    timeouts: TimeoutsConfig,
    tasks: TaskTracker,
    metrics: Arc<Metrics>,
    buffer: Arc<Buffer>,
}

impl Upstreams {
    /// Prepares the given bases, so that a base that cannot be used is found at the start.
    pub(super) fn new(
        bases: impl IntoIterator<Item = Url>,
        timeouts: TimeoutsConfig,
        tasks: TaskTracker,
        metrics: Arc<Metrics>,
        buffer: Arc<Buffer>,
    ) -> Result<Self, TargetError> {
        let upstreams = Self {
            by_base: Mutex::default(),
            timeouts,
            tasks,
            metrics,
            buffer,
        };
        for base in bases {
            upstreams.at(&base)?;
        }
        Ok(upstreams)
    }

    /// The upstream at `api_base`. A handful at most, so a list is the quickest map.
    pub(super) fn at(&self, api_base: &Url) -> Result<Arc<Upstream>, TargetError> {
        let mut by_base = self.by_base.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, upstream)) = by_base.iter().find(|(base, _)| base == api_base) {
            return Ok(Arc::clone(upstream));
        }
        let upstream = Arc::new(Upstream::new(api_base, self)?);
        by_base.push((api_base.clone(), Arc::clone(&upstream)));
        Ok(upstream)
    }
}

/// How sending a request ended.
enum Sent {
    /// With the head of an answer.
    Answered(Response<Incoming>),
    /// It never left us: the connection was closed already.
    Unsent(Box<Request<Upload>>),
    /// It left us, at least in part, and nothing came back.
    Lost(hyper::Error),
    /// It left us, and no answer can come: the time is up, or the caller's body failed.
    Failed(Box<Problem>),
}

impl Upstream {
    /// The API at `api_base`, one of `all`.
    fn new(api_base: &Url, all: &Upstreams) -> Result<Self, TargetError> {
        let timeouts = &all.timeouts;
        Ok(Self {
            target: Target::new(api_base)?,
            pool: Arc::default(),
            tasks: all.tasks.clone(),
            metrics: Arc::clone(&all.metrics),
            buffer: Arc::clone(&all.buffer),
            connect_timeout: timeouts.connect,
            head_timeout: timeouts.head,
            idle_timeout: timeouts.idle,
            total_timeout: timeouts.total,
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// The byte budget for what is collected of a request or an answer.
    pub(super) fn buffer(&self) -> &Arc<Buffer> {
        &self.buffer
    }

    /// How long either side may say nothing within a body.
    pub(super) fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// When an exchange that begins now has to have ended, unless its answer is a stream.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.total_timeout.map(|total| Instant::now() + total)
    }

    /// Sends `request` of `caller`, `now`, and gives back the answer with its body still to come. `copy` makes the same request once
    /// more if it [may be sent twice](is_repeatable).
    pub(super) async fn exchange(
        &self,
        mut request: Box<Request<Upload>>,
        copy: impl FnOnce() -> Option<Box<Request<Upload>>>,
        caller: CallerId,
        mut now: Instant,
    ) -> Result<Response<Answer>, Problem> {
        let mut copy = Some(copy);
        while let Some(mut lease) = self.pool.take(caller, now).await {
            match self.send(&mut lease, request, now).await {
                Sent::Answered(answer) => return Ok(self.pass_on(answer, lease)),
                Sent::Unsent(unsent) => request = unsent,
                Sent::Lost(error) => match copy.take().and_then(|copy| copy()) {
                    Some(again) => request = again,
                    None => return Err(Problem::with_inside(ProblemKind::UpstreamBroken, error)),
                },
                Sent::Failed(problem) => return Err(*problem),
            }
            now = Instant::now();
        }
        // A handshake is rare, and its state large: it is no part of the future of every exchange.
        let mut lease = Box::pin(self.connect(caller)).await?;
        match self.send(&mut lease, request, Instant::now()).await {
            Sent::Answered(answer) => Ok(self.pass_on(answer, lease)),
            Sent::Unsent(_) => Err(Problem::with_inside(
                ProblemKind::UpstreamBroken,
                "closed as soon as it was open",
            )),
            Sent::Lost(error) => Err(Problem::with_inside(ProblemKind::UpstreamBroken, error)),
            Sent::Failed(problem) => Err(*problem),
        }
    }

    async fn connect(&self, caller: CallerId) -> Result<Lease, Problem> {
        let wait = Wait::begin(&self.metrics, Phase::Connect);
        let connected = tokio::time::timeout(self.connect_timeout, self.target.connect(&self.tasks)).await;
        wait.end();
        match connected {
            Ok(Ok(connection)) => Ok(self.pool.lease(connection, caller)),
            Ok(Err(error)) => {
                // In clear, who resets a connection at once has been reached: whether the reset is seen here or with the request
                // is chance.
                let is_reset = error.kind() == ErrorKind::ConnectionReset && self.target.is_plain();
                let kind = if is_reset {
                    ProblemKind::UpstreamBroken
                } else {
                    ProblemKind::UpstreamUnreachable
                };
                Err(Problem::with_inside(kind, error))
            }
            Err(_) => Err(Problem::at_limit(
                ProblemKind::UpstreamUnreachable,
                Limit::ConnectSeconds,
            )),
        }
    }

    async fn send(&self, lease: &mut Lease, request: Box<Request<Upload>>, now: Instant) -> Sent {
        let course = request.body().course();
        lease.uploads(course.clone());
        let (sender, alarm) = lease.parts();
        let answer = sender.try_send_request(*request);
        tokio::select! {
            biased;
            outcome = answer => match outcome {
                Ok(answer) => Sent::Answered(answer),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => Sent::Unsent(Box::new(unsent)),
                    None => match course.as_ref().and_then(|course| course.failure()) {
                        Some(failure) => Sent::Failed(Box::new(failure.clone().into())),
                        None => Sent::Lost(error.into_error()),
                    },
                },
            },
            () = self.head_overdue(alarm, now, course.as_deref()) => {
                Sent::Failed(Box::new(Problem::at_limit(ProblemKind::UpstreamTimedOut, Limit::HeadSeconds)))
            }
        }
    }

    /// Ends when it was the platform's turn, and it neither took more of the body nor began to answer, for
    /// `timeouts.head_seconds`. A caller that stands still is the upload's affair.
    async fn head_overdue(&self, alarm: &mut Alarm, now: Instant, course: Option<&Course>) {
        let frames = || course.map_or(0, Course::frames);
        let (mut before, mut due) = (frames(), now + self.head_timeout);
        loop {
            poll_fn(|context| alarm.poll_until(due, context)).await;
            let after = frames();
            if after == before && !course.is_some_and(Course::waits_for_caller) {
                return;
            }
            (before, due) = (after, Instant::now() + self.head_timeout);
        }
    }

    fn pass_on(&self, answer: Response<Incoming>, lease: Lease) -> Response<Answer> {
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            lease.hand_over();
            return answer.map(|_| Answer::default());
        }
        answer.map(|body| Answer::from_upstream(body, lease, self.idle_timeout))
    }
}

/// Whether a request may be sent a second time: a safe method (RFC 9110 9.2.1) without a body.
pub(super) fn is_repeatable(request: &Request<Upload>) -> bool {
    request.method().is_safe() && request.body().is_end_stream()
}
