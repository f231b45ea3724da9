//! One API call: the caller's request with a credential of ours in it, and the platform's answer.

use super::authenticated_caller::{AuthenticatedCaller, within};
use super::body::Answer;
use super::context::RequestContext;
use super::policy::Gate;
use super::route::{self, BodyLimit};
use super::upload::{Bounds, Upload};
use super::{owned, request, response};
use cozegate_core::api_path::ApiPath;
use cozegate_core::asked::Once;
use cozegate_core::caller::presented;
use cozegate_core::connections::RequestBody;
use cozegate_core::limits::{Admission, Buffer};
use cozegate_core::media_type::is_event_stream;
use cozegate_core::problem::{Limit, Problem, ProblemKind};
use cozegate_policy::BodyPlan;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use http_body::Body as _;
use std::sync::Arc;

/// Passes `incoming` on and its answer back: phases 4 to 11.
pub(super) async fn pass(
    incoming: Box<Request<RequestBody>>,
    path: ApiPath,
    context: &mut RequestContext<'_>,
) -> Result<Response<Answer>, Problem> {
    let RequestContext {
        proxy, live, record, ..
    } = context;
    let (live, shared) = (&**live, &*proxy.shared);
    let shown = presented(Once::of(incoming.headers(), &AUTHORIZATION), shared.mode)?;
    let mut caller = AuthenticatedCaller::find(shown, incoming.headers(), live, shared, record).await?;
    let Admission { permit, rate_limit } = live.limits.admit(caller.caller())?;
    caller.admitted_as(permit.caller_id());
    let (mut head, body) = incoming.into_parts();
    let uri = head.uri.clone();
    let mut gate = caller.gate(&proxy.metrics);
    let plan = match &mut gate {
        Some(gate) => {
            gate.check_operation(&head.method, &uri, false)?;
            gate.check_head(&head.headers, uri.query(), !body.is_end_stream())?
        }
        None => BodyPlan::Stream,
    };
    let upstream = proxy
        .upstreams
        .at(&caller.app().api_base)
        .map_err(|error| Problem::with_inside(ProblemKind::Internal, error))?;
    let bounds = Bounds {
        length: route::body_limit(path.kind, live.limits.config()),
        idle: upstream.idle_timeout(),
    };
    request::prepare(&mut head, path, upstream.target(), &shared.pass_fields)?;
    let deadline = upstream.deadline();
    // Pinned here: handed on as a value, it would be kept once more by every future that it goes through.
    let exchange = std::pin::pin!(async {
        let upload = upload(body, bounds, plan, gate.as_mut(), upstream.buffer()).await?;
        if let Some(gate) = &gate {
            owned::check(gate, &caller, &upstream, record).await?;
        }
        record.receives(upload.bytes());
        let request = Box::new(Request::from_parts(head, upload));
        let answer = caller.exchange(&upstream, request, record).await?;
        match &gate {
            Some(gate) => owned::learn_and_filter(answer, gate, &caller, upstream.buffer()).await,
            None => Ok(answer),
        }
    });
    let answer = within(deadline, exchange).await?;
    let is_stream = is_event_stream(answer.headers());
    let answer = answer.map(|body| match deadline {
        Some(deadline) if !is_stream => body.holding(permit).until(deadline),
        _ => body.holding(permit),
    });
    let answer = answer.map(|body| body.ending_with(|| shared.join(caller.caller())));
    let mut response = response::incoming(answer, &shared.pass_fields);
    if let Some(status) = rate_limit {
        status.write(response.headers_mut());
    }
    Ok(response)
}

/// Takes the body as the policy plans it: read whole and judged, or as it comes.
async fn upload(
    body: RequestBody,
    bounds: Bounds,
    plan: BodyPlan,
    gate: Option<&mut Gate<'_>>,
    buffer: &Arc<Buffer>,
) -> Result<Upload, Problem> {
    let (BodyPlan::Collect { limit }, Some(gate)) = (plan, gate) else {
        return Ok(Upload::of(body, bounds, buffer).await?);
    };
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).min(bounds.length.bytes);
    let is_short = body.size_hint().exact().is_some_and(|length| length <= limit);
    if gate.only_reports() && !is_short {
        gate.refuse_length()?;
        return Ok(Upload::of(body, bounds, buffer).await?);
    }
    let length = BodyLimit {
        bytes: limit,
        limit: Limit::VisitorBodyBytes,
    };
    let upload = Upload::whole(body, Bounds { length, ..bounds }, buffer).await?;
    gate.check_body(upload.kept_bytes())?;
    Ok(upload)
}
