//! The caller of a request once it is known, and the exchange with a credential of that caller.
//!
//! A token that the platform refuses is renewed once and the request sent once more, before the caller has seen a byte. So
//! a token that was withdrawn early costs one round trip and no error. When the new one is refused as well, the answer uses
//! a code that does not trigger the SDKs' own token refresh.

use super::body::{Answer, EventDialect};
use super::framing::check_frame;
use super::policy::Gate;
use super::pool::CallerId;
use super::upload::Upload;
use super::upstream::{self, Upstream};
use super::{refusal, request, response};
use coze_auth::{Subject, Token};
use cozegate_core::apps::ServingApp;
use cozegate_core::caller::{Caller, Presented};
use cozegate_core::problem::{Limit, Problem, ProblemKind};
use cozegate_core::sites::Site;
use cozegate_core::state::{Live, Shared};
use cozegate_core::telemetry::labels::RefusedToken;
use cozegate_core::telemetry::metrics::Metrics;
use cozegate_core::telemetry::record::Record;
use cozegate_store::Grade;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, ORIGIN, UPGRADE};
use http::{Request, Response};
use std::borrow::Cow;
use tokio::time::{Instant, timeout_at};

/// Who asks, and the app that serves them.
pub(super) struct AuthenticatedCaller<'a> {
    app: &'a ServingApp,
    caller: Caller,
    /// The site on which the caller's handle was opened.
    site: Option<&'a Site>,
    id: CallerId,
    shared: &'a Shared,
}

impl<'a> AuthenticatedCaller<'a> {
    /// Finds them by what they present, and notes who it is for the log.
    pub(super) async fn find(
        presented: Presented<'_>,
        headers: &HeaderMap,
        live: &'a Live,
        shared: &'a Shared,
        record: &mut Record,
    ) -> Result<Self, Problem> {
        let (app, caller, site) = match presented {
            Presented::OwnToken(authorization) => (live.apps.default_app(), Caller::OwnToken(authorization), None),
            Presented::Handle(handle) => {
                let visitor = shared.find_handle(handle, record.metrics()).await?;
                let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
                let site = live.sites.for_handle(&visitor, origin)?;
                // An app that is gone takes its handles along: the page opens a session with one that is there.
                let app = live.apps.find(Some(&visitor.app)).ok_or(ProblemKind::HandleUnknown)?;
                (app, Caller::Visitor(visitor), Some(&**site))
            }
        };
        record.note(|line| match &caller {
            Caller::OwnToken(_) => line.of_own_token(&app.name),
            Caller::Visitor(handle) => {
                line.of_visitor(&app.name, shared.visitor_keys.log_name(&app.name, &handle.subject));
            }
        });
        Ok(Self {
            app,
            caller,
            site,
            id: None,
            shared,
        })
    }

    /// Sets the identity by which connections to the platform are kept apart.
    pub(super) fn admitted_as(&mut self, id: CallerId) {
        self.id = id;
    }

    pub(super) fn app(&self) -> &ServingApp {
        self.app
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What all requests share.
    pub(super) fn shared(&self) -> &'a Shared {
        self.shared
    }

    /// The policy that applies to the caller; `None` for whom nothing is refused.
    pub(super) fn gate<'g>(&'g self, metrics: &'g Metrics) -> Option<Gate<'g>> {
        match (&self.caller, self.site) {
            (Caller::Visitor(handle), Some(site)) => Gate::of(handle, site, metrics),
            _ => None,
        }
    }

    /// The visitor whose handle was shown.
    pub(super) fn subject(&self) -> Option<&Subject> {
        match &self.caller {
            Caller::Visitor(handle) => Some(&handle.subject),
            Caller::OwnToken(_) => None,
        }
    }

    /// Sends `request` with the caller's credential, and with a new one when it is refused and ours.
    pub(super) async fn exchange(
        &self,
        upstream: &Upstream,
        request: Box<Request<Upload>>,
        record: &mut Record,
    ) -> Result<Response<Answer>, Problem> {
        match &self.caller {
            Caller::OwnToken(authorization) => {
                let now = record.is_sent();
                let again = upstream::is_repeatable(&request)
                    .then(|| request::copy(&request))
                    .flatten();
                exchange(
                    (upstream, self.id),
                    request,
                    again.as_deref(),
                    authorization.clone(),
                    now,
                )
                .await
            }
            Caller::Visitor(handle) => {
                let (app, shared) = (self.app, self.shared);
                let scope = self.site.and_then(|site| site.token_scope.as_ref());
                let subject = match scope {
                    Some(scope) if handle.grade != Grade::Local => Cow::Owned(Subject {
                        scope: Some(scope.clone()),
                        ..handle.subject.clone()
                    }),
                    _ => Cow::Borrowed(&handle.subject),
                };
                let visitor = Visitor {
                    app,
                    subject,
                    id: self.id,
                    shared,
                };
                visitor.exchange(upstream, request, record).await
            }
        }
    }
}

/// A visitor, whose token we hold.
struct Visitor<'a> {
    app: &'a ServingApp,
    subject: Cow<'a, Subject>,
    id: CallerId,
    shared: &'a Shared,
}

impl Visitor<'_> {
    async fn exchange(
        &self,
        upstream: &Upstream,
        request: Box<Request<Upload>>,
        record: &mut Record,
    ) -> Result<Response<Answer>, Problem> {
        let token = self.token(record).await?;
        let again = request::copy(&request);
        let now = record.is_sent();
        let answer = exchange((upstream, self.id), request, again.as_deref(), bearer(&token)?, now).await?;
        if !refusal::refuses_token(&answer) {
            return Ok(answer);
        }
        tracing::info!(app = %self.app.name, "The platform refuses a token; it is renewed");
        let outcome = Box::pin(self.mend(upstream, &token, &answer, again, record)).await;
        record.metrics().token_refused(match &outcome {
            Ok(_) => RefusedToken::Mended,
            Err(_) => RefusedToken::Told,
        });
        outcome
    }

    /// Renews a token that the platform refuses, and sends the request `again`.
    async fn mend(
        &self,
        upstream: &Upstream,
        token: &Token,
        answer: &Response<Answer>,
        again: Option<Box<Request<Upload>>>,
        record: &mut Record,
    ) -> Result<Response<Answer>, Problem> {
        self.app.tokens.refused(&self.subject, token);
        let renewed = self.token(record).await?;
        // A fixed token stays what it is; and when one new token after the other is refused, no more are asked for.
        if renewed.is_same_as(token) {
            return Err(credential_refused(answer));
        }
        let Some(again) = again else {
            return Err(credential_refused(answer));
        };
        let answer = exchange((upstream, self.id), again, None, bearer(&renewed)?, record.is_sent()).await?;
        if refusal::refuses_token(&answer) {
            return Err(credential_refused(&answer));
        }
        Ok(answer)
    }

    async fn token(&self, record: &mut Record) -> Result<Token, Problem> {
        let subject = &*self.subject;
        if let Some(token) = self.app.tokens.ready_token(subject) {
            return Ok(token);
        }
        let since = std::time::Instant::now();
        // Waiting for the platform is rare, and its state large: it is no part of the future of every call.
        let token = Box::pin(self.app.tokens.access_token(subject)).await;
        record.waited_for_credential(since);
        token.map_err(|error| Problem::from_auth_error(&error).with_login_url(|| self.shared.login_url(self.app)))
    }
}

/// Waits for `exchange` until `deadline` (`timeouts.total_seconds`), if there is one.
pub(super) async fn within<T>(
    deadline: Option<Instant>,
    exchange: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let Some(deadline) = deadline else {
        return exchange.await;
    };
    match timeout_at(deadline, exchange).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::at_limit(ProblemKind::UpstreamTimedOut, Limit::TotalSeconds)),
    }
}

/// Sends `request`, `now`, with this credential; `again` is a copy of it. A short JSON answer is there as a whole afterwards.
async fn exchange(
    (upstream, caller): (&Upstream, CallerId),
    mut request: Box<Request<Upload>>,
    again: Option<&Request<Upload>>,
    authorization: HeaderValue,
    now: std::time::Instant,
) -> Result<Response<Answer>, Problem> {
    request.headers_mut().insert(AUTHORIZATION, authorization.clone());
    let copy = || {
        let mut copy = again
            .filter(|request| upstream::is_repeatable(request))
            .and_then(request::copy)?;
        copy.headers_mut().insert(AUTHORIZATION, authorization);
        Some(copy)
    };
    let dialect = EventDialect::of(request.uri().path());
    let asks_to_switch = request.headers().contains_key(UPGRADE);
    let answer = upstream.exchange(request, copy, caller, now.into()).await?;
    check_frame(&answer, asks_to_switch)?;
    response::mannered(answer, dialect, upstream.buffer()).await
}

fn credential_refused(answer: &Response<Answer>) -> Problem {
    let log_id = answer.headers().get("x-tt-logid");
    Problem {
        log_id: log_id.and_then(|id| id.to_str().ok()).map(str::to_owned),
        ..ProblemKind::CredentialRefused.into()
    }
}

/// `Authorization: Bearer <token>`, marked so that it never prints.
fn bearer(token: &Token) -> Result<HeaderValue, Problem> {
    let field = ["Bearer ", token.access_token().expose()].concat();
    let mut value = HeaderValue::try_from(field).map_err(|_| {
        Problem::with_inside(
            ProblemKind::Internal,
            "the access token does not fit into a header field",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
