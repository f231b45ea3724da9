//! Visitor policy of one request: asks `cozegate_policy` step by step, and turns a denial into a problem.
//!
//! The steps are those of `identity.md` A3, cheapest first; each is asked before the next one costs anything. The owner of
//! the machine and Coze tokens of a caller's own in local mode have no gate: they may do everything.
//!
//! A site with `policy = "report"` refuses nothing: a denial is counted and logged, and the request goes on.

use cozegate_core::problem::{Denied, Limit, Problem, ProblemKind};
use cozegate_core::sites::Site;
use cozegate_core::telemetry::labels::PolicyOutcome;
use cozegate_core::telemetry::metrics::Metrics;
use cozegate_policy::{BodyPlan, Denial, Enforcement, Facts, Grade, Matched, Subject};
use cozegate_store::HandleRecord;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use http::{Method, Uri};
use std::borrow::Cow;

/// The policy of the site on which a handle was opened, and what it has found out about one request.
#[derive(Debug)]
pub(super) struct Gate<'a> {
    site: &'a Site,
    subject: Subject<'a>,
    metrics: &'a Metrics,
    /// The operation; `None` for a path that no row of the table describes, which only a reporting site lets pass.
    matched: Option<Matched<'a>>,
    facts: Facts,
}

impl<'a> Gate<'a> {
    /// The gate of a handle; `None` when the site refuses nothing to its holder.
    pub(super) fn of(record: &'a HandleRecord, site: &'a Site, metrics: &'a Metrics) -> Option<Self> {
        if site.allows_everything(record.grade) {
            return None;
        }
        let grade = match record.grade {
            cozegate_store::Grade::Local => Grade::Local,
            cozegate_store::Grade::LocalPage => Grade::LocalPage,
            cozegate_store::Grade::Anonymous => Grade::Anonymous,
        };
        Some(Self {
            site,
            subject: Subject::new(grade, &site.rules, &record.user_id),
            metrics,
            matched: None,
            facts: Facts::default(),
        })
    }

    /// Step 4: the operation, by method and path.
    pub(super) fn check_operation(&mut self, method: &Method, uri: &'a Uri, is_websocket: bool) -> Result<(), Problem> {
        self.matched = cozegate_policy::find(method.as_str(), uri.path(), is_websocket);
        let verdict = self.subject.check_operation(self.matched.as_ref());
        self.judge(verdict).map(|_| ())
    }

    /// Steps 6 and 7: what the head says of the body, the ids of the path, and the query. Returns what to do with the body.
    pub(super) fn check_head(
        &mut self,
        headers: &HeaderMap,
        query: Option<&str>,
        has_body: bool,
    ) -> Result<BodyPlan, Problem> {
        let Some(matched) = self.matched else {
            return Ok(BodyPlan::Stream);
        };
        let plan = [CONTENT_TYPE, CONTENT_ENCODING].map(|name| only(headers, &name));
        let plan = match plan {
            [Ok(media_type), Ok(coding)] => {
                self.subject
                    .check_head(&matched, media_type.as_deref(), coding.as_deref(), has_body)
            }
            _ => Err(Denial::MediaTypeRefused),
        };
        let plan = self.judge(plan)?.unwrap_or(BodyPlan::Stream);
        let verdict = self.subject.check_query(&matched, query, &mut self.facts);
        self.judge(verdict)?;
        Ok(plan)
    }

    /// Step 8: the body, read whole.
    pub(super) fn check_body(&mut self, body: &[u8]) -> Result<(), Problem> {
        let Some(matched) = self.matched else {
            return Ok(());
        };
        let verdict = self.subject.check_body(&matched, body, &mut self.facts);
        self.judge(verdict).map(|_| ())
    }

    /// A body that was not read because it is too long, or is not said to be short.
    pub(super) fn refuse_length(&self) -> Result<(), Problem> {
        self.judge::<()>(Err(Denial::BodyTooLarge)).map(|_| ())
    }

    /// What steps 7 and 8 found.
    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The operation that was asked for.
    pub(super) fn matched(&self) -> Option<&Matched<'a>> {
        self.matched.as_ref()
    }

    /// Whether the ids of the request are looked up in the ownership register.
    pub(super) fn owns(&self) -> bool {
        self.subject.owns()
    }

    /// Whether the answer is filtered for this caller.
    pub(super) fn filters(&self) -> bool {
        self.matched
            .as_ref()
            .is_some_and(|matched| self.subject.filters(matched))
    }

    /// The site.
    pub(super) fn site(&self) -> &'a Site {
        self.site
    }

    /// An id that is not the visitor's own. A site that only reports the rest of its policy still refuses it: what belongs to
    /// another visitor is no matter of a migration.
    pub(super) fn refuse_id(&self, field: &'static str) -> Result<(), Problem> {
        let denial = Denial::ResourceUnknown { field };
        let only_observes = self.site.rules.ownership == Enforcement::Report;
        self.judge_as::<()>(Err(denial), only_observes).map(|_| ())
    }

    /// Whether the site refuses nothing.
    pub(super) fn only_reports(&self) -> bool {
        self.site.rules.policy == Enforcement::Report
    }

    fn judge<T>(&self, verdict: Result<T, Denial>) -> Result<Option<T>, Problem> {
        self.judge_as(verdict, self.only_reports())
    }

    /// Counts a denial and makes a problem of it; a denial that is only reported is logged, and nothing came out.
    fn judge_as<T>(&self, verdict: Result<T, Denial>, only_reports: bool) -> Result<Option<T>, Problem> {
        let denial = match verdict {
            Ok(value) => return Ok(Some(value)),
            Err(denial) => denial,
        };
        let operation = self.matched.as_ref().map(|matched| matched.operation.name);
        let outcome = if only_reports {
            PolicyOutcome::Reported
        } else {
            PolicyOutcome::Refused
        };
        self.metrics.policy_denied((&denial).into(), outcome);
        self.site.log_denial(operation.unwrap_or("unknown"), &denial, outcome);
        if only_reports {
            return Ok(None);
        }
        Err(problem(&denial, operation, self.setting(&denial)))
    }

    /// The key of the configuration that could let the request pass.
    fn setting(&self, denial: &Denial) -> Option<String> {
        match (self.subject.grade, denial) {
            (Grade::LocalPage, Denial::OperationNotAllowed { .. }) => Some("local.pages".to_owned()),
            _ => denial.setting().map(|key| format!("sites.{}.{key}", self.site.name)),
        }
    }
}

/// The only field of this name, as text.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<Cow<'h, str>>, ()> {
    let mut fields = headers.get_all(name).iter();
    let first = fields.next();
    if fields.next().is_some() {
        return Err(());
    }
    Ok(first.map(|value| String::from_utf8_lossy(value.as_bytes())))
}

fn problem(denial: &Denial, operation: Option<&'static str>, setting: Option<String>) -> Problem {
    let kind = kind(denial);
    Problem {
        limit: (kind == ProblemKind::BodyTooLarge).then_some(Limit::VisitorBodyBytes),
        denied: Some(Box::new(Denied {
            operation,
            parameter: denial.parameter().map(str::to_owned),
            member: denial.member().map(str::to_owned),
            bot_id: denial.bot_id().map(str::to_owned),
            setting,
        })),
        ..Problem::with_inside(kind, denial)
    }
}

/// The problem of a denial.
const fn kind(denial: &Denial) -> ProblemKind {
    match denial {
        Denial::OperationNotAllowed { .. } => ProblemKind::OperationNotAllowed,
        Denial::ParameterNotAllowed { .. } => ProblemKind::ParameterNotAllowed,
        Denial::MemberNotAllowed { .. } => ProblemKind::MemberNotAllowed,
        Denial::ValueNotAllowed { .. } => ProblemKind::ValueNotAllowed,
        Denial::BotNotAllowed { .. } => ProblemKind::BotNotAllowed,
        Denial::UserIdRefused { .. } => ProblemKind::UserIdRefused,
        Denial::RequestAmbiguous(_) => ProblemKind::RequestAmbiguous,
        Denial::BadRequest { .. } => ProblemKind::BadRequest,
        Denial::MediaTypeRefused => ProblemKind::MediaTypeRefused,
        Denial::BodyTooLarge => ProblemKind::BodyTooLarge,
        Denial::ResourceUnknown { .. } => ProblemKind::ResourceUnknown,
    }
}
