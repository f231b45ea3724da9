//! Calls, the order in which a gateway decides about them, and a site that allows as much as a configuration can.

use cozegate_policy::Id;
use cozegate_policy::id::IdSet;
use cozegate_policy::{
    Body, BodyPlan, Bots, Check, Denial, Facts, Field, Grade, Group, Method, Operation, SiteRules, Subject, find,
};

pub(crate) const BOT: &str = "7500000000000000001";
pub(crate) const WORKFLOW: &str = "7500000000000000002";
pub(crate) const APP: &str = "7500000000000000003";
pub(crate) const CONVERSATION: &str = "7500000000000000004";
pub(crate) const CHAT: &str = "7500000000000000005";
pub(crate) const MESSAGE: &str = "7500000000000000006";
pub(crate) const FILE: &str = "7500000000000000007";
pub(crate) const USER: &str = "v_0123456789abcdef";
/// Another bot, conversation, chat, message or file, which the platform did not give to the caller.
pub(crate) const FOREIGN: &str = "7600000000000000001";

pub(crate) fn ids(texts: &[&str]) -> IdSet {
    texts.iter().map(|text| Id::parse(text.as_bytes()).unwrap()).collect()
}

/// A site with the default groups.
pub(crate) fn closed_site() -> SiteRules {
    SiteRules {
        bots: Bots::Listed(ids(&[BOT])),
        workflows: ids(&[WORKFLOW]),
        app_ids: ids(&[APP]),
        ..SiteRules::default()
    }
}

/// A site with every group that may be given to visitors.
pub(crate) fn open_site() -> SiteRules {
    let allow = Group::ALL
        .iter()
        .copied()
        .filter(|group| group.may_be_given_to_visitors())
        .collect();
    SiteRules { allow, ..closed_site() }
}

pub(crate) fn anonymous(rules: &SiteRules) -> Subject<'_> {
    Subject::new(Grade::Anonymous, rules, USER)
}

/// A proved user: the grade of visitors that reaches the most operations.
pub(crate) fn user(rules: &SiteRules) -> Subject<'_> {
    Subject::new(Grade::User, rules, USER)
}

/// A request, as far as the policy sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    /// `None` when the request says that it has no body.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) is_websocket: bool,
}

impl Call {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (path, query) = target
            .split_once('?')
            .map_or((target, None), |(path, query)| (path, Some(query)));
        Self {
            method: method.into(),
            path: path.into(),
            query: query.map(Into::into),
            ..Self::default()
        }
    }

    pub(crate) fn websocket(target: &str) -> Self {
        Self {
            is_websocket: true,
            ..Self::new("GET", target)
        }
    }

    pub(crate) fn json(self, body: impl AsRef<[u8]>) -> Self {
        Self {
            content_type: Some("application/json".into()),
            body: Some(body.as_ref().to_vec()),
            ..self
        }
    }

    pub(crate) fn form_data(self) -> Self {
        Self {
            content_type: Some("multipart/form-data; boundary=x".into()),
            body: Some(b"--x".to_vec()),
            ..self
        }
    }
}

/// The decision about a call, step by step as in A3.
pub(crate) fn decide(subject: &Subject<'_>, call: &Call) -> Result<Facts, Denial> {
    let mut facts = Facts::default();
    let matched = find(&call.method, &call.path, call.is_websocket);
    subject.check_operation(matched.as_ref())?;
    let Some(matched) = matched else { return Ok(facts) };
    subject.check_query(&matched, call.query.as_deref(), &mut facts)?;
    let plan = subject.check_head(
        &matched,
        call.content_type.as_deref(),
        call.content_encoding.as_deref(),
        call.body.is_some(),
    )?;
    if let (BodyPlan::Collect { .. }, Some(body)) = (plan, &call.body) {
        subject.check_body(&matched, body, &mut facts)?;
    }
    if subject.owns() {
        check_owner(&facts)?;
    }
    Ok(facts)
}

/// The register of a caller who owns one conversation and one file, and does not own what is `FOREIGN`.
fn check_owner(facts: &Facts) -> Result<(), Denial> {
    let is = |id: Id, text: &str| id.as_str() == text;
    if facts.conversation_id.is_some_and(|id| !is(id, CONVERSATION)) {
        return Err(Denial::ResourceUnknown {
            field: "conversation_id",
        });
    }
    if facts.file_ids.iter().any(|id| !is(*id, FILE)) {
        return Err(Denial::ResourceUnknown { field: "file_id" });
    }
    let chat = facts.chat_id.into_iter();
    if chat
        .chain(facts.message_ids.into_iter().flatten())
        .any(|id| is(id, FOREIGN))
    {
        return Err(Denial::ResourceUnknown { field: "chat_id" });
    }
    Ok(())
}

/// A path of the pattern.
pub(crate) fn path(pattern: &str) -> String {
    let segment = |segment: &str| match segment {
        "{bot_id}" => BOT.to_owned(),
        "{workflow_id}" => WORKFLOW.to_owned(),
        "{app_id}" => APP.to_owned(),
        "{conversation_id}" => CONVERSATION.to_owned(),
        "{message_id}" => MESSAGE.to_owned(),
        _ if segment.starts_with('{') => "42".to_owned(),
        _ => segment.to_owned(),
    };
    pattern.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// A value that passes, as a query writes it.
pub(crate) fn query_value(check: Check) -> &'static str {
    match check {
        Check::Bot | Check::BotOrWorkflow => BOT,
        Check::Workflow => WORKFLOW,
        Check::App => APP,
        Check::Conversation => CONVERSATION,
        Check::Chat => CHAT,
        Check::Message => MESSAGE,
        Check::File => FILE,
        Check::User => USER,
        Check::Connector => "999",
        Check::OneOf(values) => values[0],
        Check::Plain | Check::Ext | Check::Messages | Check::Stream => "1",
    }
}

/// A value that passes, as JSON writes it.
pub(crate) fn json_value(check: Check) -> String {
    match check {
        Check::OneOf(values) => values[0].to_owned(),
        Check::Ext => format!(r#"{{"user_id":"{USER}","latitude":"1"}}"#),
        Check::Messages => r#"[{"role":"user","type":"question","content_type":"text","content":"Hi"}]"#.to_owned(),
        Check::Stream => "true".to_owned(),
        Check::Plain => r#""x""#.to_owned(),
        _ => format!("\"{}\"", query_value(check)),
    }
}

pub(crate) fn query(fields: &[Field]) -> String {
    let pair = |field: &Field| format!("{}={}", field.name, query_value(field.check));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

pub(crate) fn json(fields: &[Field]) -> String {
    let member = |field: &Field| format!("\"{}\":{}", field.name, json_value(field.check));
    format!("{{{}}}", fields.iter().map(member).collect::<Vec<_>>().join(","))
}

/// A call with everything that the operation lists.
pub(crate) fn good_call(operation: &Operation) -> Call {
    let call = Call {
        method: operation.method.as_str().into(),
        path: path(operation.pattern),
        query: (!operation.query.is_empty()).then(|| query(operation.query)),
        is_websocket: operation.is_websocket,
        ..Call::default()
    };
    match operation.body {
        Body::None => call,
        Body::Json(fields) => call.json(json(fields)),
        Body::Multipart => call.form_data(),
        Body::Unread if operation.method == Method::Get => call,
        Body::Unread => call.json(r#"{"space_id":"1"}"#),
    }
}

/// Counts what a suite tried, and prints it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    tried: usize,
    wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn note(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        self.tried += 1;
        if !is_right {
            self.wrong.push(what());
        }
    }

    /// A call that must be refused.
    pub(crate) fn refused(&mut self, subject: &Subject<'_>, call: &Call, trick: &str) {
        let outcome = decide(subject, call);
        self.note(outcome.is_err(), || format!("{trick}: {call:?}"));
    }

    pub(crate) fn bad(self, suite: &str, at_least: usize) {
        println!("{suite}: bad tried {} / let through {}", self.tried, self.wrong.len());
        assert!(self.wrong.is_empty(), "let through: {:#?}", self.wrong);
        assert!(self.tried >= at_least, "{} tried only", self.tried);
    }

    pub(crate) fn good(self, suite: &str, at_least: usize) {
        println!("{suite}: good tried {} / refused {}", self.tried, self.wrong.len());
        assert!(self.wrong.is_empty(), "refused: {:#?}", self.wrong);
        assert!(self.tried >= at_least, "{} tried only", self.tried);
    }
}
