//! The decisions: operation, query, head, body and ids of a request, against the rules of a site.

use super::denial::{Ambiguity, Denial, Name};
use super::group::{Access, Group, GroupSet};
use super::json::{self, Kind, Names, Scan, Value};
use super::operation::{Body, Check, Field};
use super::path::Matched;
use super::query;
use super::rules::SiteRules;
use crate::id::{Id, IdSet};

/// The most different files of one request. Each is looked up in the ownership register; the platform takes 100 messages.
const MAX_FILES: usize = 100;

/// How much is known about a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grade {
    /// A visitor with an id of our own making.
    Anonymous,
    /// A visitor whose user the site has proved.
    User,
    /// A back end with an API key.
    Key,
    /// A page of another origin, in local mode.
    LocalPage,
    /// The owner of the machine, in local mode.
    Local,
}

impl Grade {
    /// The name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User => "user",
            Self::Key => "key",
            Self::LocalPage => "local_page",
            Self::Local => "local",
        }
    }

    /// Whether query and body are read.
    const fn is_read(self) -> bool {
        matches!(self, Self::Anonymous | Self::User | Self::Key)
    }
}

/// A caller, and the rules that apply to it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The grade.
    pub grade: Grade,
    /// The rules of the site.
    pub rules: &'a SiteRules,
    /// The session's `user.id`. `None` only for a key that names no subject: it chooses `user_id` itself.
    pub user_id: Option<&'a str>,
    /// The bots that a ticket or key leaves.
    pub narrowed_bots: Option<&'a IdSet>,
    /// The groups that a ticket or key leaves.
    pub narrowed_groups: Option<GroupSet>,
    /// The groups that the `allow` of a key names.
    pub key_groups: GroupSet,
}

impl<'a> Subject<'a> {
    /// A caller of `grade` whose handle was not narrowed.
    pub const fn new(grade: Grade, rules: &'a SiteRules, user_id: &'a str) -> Self {
        Self {
            grade,
            rules,
            user_id: Some(user_id),
            narrowed_bots: None,
            narrowed_groups: None,
            key_groups: GroupSet::EMPTY,
        }
    }

    /// Whether the caller may use the operations of `group`.
    pub fn allows(&self, group: Group) -> bool {
        let columns = group.columns();
        let is_given = match self.grade {
            Grade::Local => return true,
            Grade::LocalPage => return group.may_be_given_to_visitors(),
            Grade::Anonymous => columns.anonymous != Access::Never && self.rules.allow.contains(group),
            Grade::User => columns.user != Access::Never && self.rules.allow.contains(group),
            Grade::Key => match columns.key {
                Access::Default => true,
                Access::Optional | Access::Named => self.key_groups.contains(group),
                Access::Never => false,
            },
        };
        is_given && self.narrowed_groups.is_none_or(|groups| groups.contains(group))
    }

    /// Whether the caller may talk to a bot.
    pub fn allows_bot(&self, id: Id) -> bool {
        match self.grade {
            Grade::Local | Grade::LocalPage => true,
            _ => self.rules.bots.contains(id) && self.narrowed_bots.is_none_or(|bots| bots.contains(id)),
        }
    }

    /// Whether answers to the operation are filtered for this caller (A7).
    pub fn filters(&self, matched: &Matched<'_>) -> bool {
        matched.operation.is_filtered && self.acts_as_visitor()
    }

    /// Whether the ids of the request are looked up in the ownership register (A6).
    pub fn owns(&self) -> bool {
        self.acts_as_visitor()
    }

    fn acts_as_visitor(&self) -> bool {
        match self.grade {
            Grade::Anonymous | Grade::User => true,
            Grade::Key => self.user_id.is_some(),
            Grade::LocalPage | Grade::Local => false,
        }
    }

    /// Step 4: may the caller use this operation? `None` is a path that no row describes.
    pub fn check_operation(&self, matched: Option<&Matched<'_>>) -> Result<(), Denial> {
        let group = matched.map_or(Group::Other, |matched| matched.operation.group);
        if self.allows(group) {
            Ok(())
        } else {
            Err(Denial::of_operation(matched.map(|matched| matched.operation)))
        }
    }

    /// Step 7: the ids of the path, and the query. `query` is the part behind `?`.
    pub fn check_query(&self, matched: &Matched<'_>, query: Option<&str>, facts: &mut Facts) -> Result<(), Denial> {
        if !self.grade.is_read() {
            return Ok(());
        }
        for (name, check, id) in matched.path_ids() {
            let field = Field {
                name,
                check,
                is_required: true,
            };
            self.check_value(&field, Given::Raw(id), facts)?;
        }
        if !matched.operation.is_read() {
            return Ok(());
        }
        let fields = matched.operation.query;
        let found = |field: &'static Field, value| self.check_value(field, Given::Raw(value), facts);
        let seen = query::read(query.unwrap_or_default(), fields, found)?;
        let is_missing = |(at, field): &(usize, &Field)| field.is_required && seen & (1 << at) == 0;
        match fields.iter().enumerate().find(is_missing) {
            Some((_, field)) => Err(Denial::BadRequest { field: field.name }),
            None => Ok(()),
        }
    }

    /// Step 6 and the head of step 8: what kind of body comes, and what to do with it.
    ///
    /// `content_type` and `content_encoding` are the values of fields that occur once; a repeated field is refused
    /// before. `has_body` is false when the body is known to be empty.
    pub fn check_head(
        &self,
        matched: &Matched<'_>,
        content_type: Option<&str>,
        content_encoding: Option<&str>,
        has_body: bool,
    ) -> Result<BodyPlan, Denial> {
        if !self.grade.is_read() || !matched.operation.is_read() {
            return Ok(BodyPlan::Stream);
        }
        if content_encoding.is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity")) {
            return Err(Denial::MediaTypeRefused);
        }
        let media_type = content_type.unwrap_or_default();
        match matched.operation.body {
            Body::None if has_body => Err(Denial::RequestAmbiguous(Ambiguity::UnexpectedBody)),
            Body::None => Ok(BodyPlan::Empty),
            Body::Json(fields) if !has_body => missing(fields).map(|()| BodyPlan::Empty),
            Body::Json(_) if is_json(media_type) => Ok(BodyPlan::Collect {
                limit: self.rules.body_bytes,
            }),
            Body::Multipart if !has_body => Err(Denial::RequestAmbiguous(Ambiguity::MissingBody)),
            Body::Multipart if is_form_data(media_type) => Ok(BodyPlan::Stream),
            Body::Json(_) | Body::Multipart => Err(Denial::MediaTypeRefused),
            Body::Unread => Ok(BodyPlan::Stream),
        }
    }

    /// Step 8: a collected JSON body.
    pub fn check_body(&self, matched: &Matched<'_>, body: &[u8], facts: &mut Facts) -> Result<(), Denial> {
        let Body::Json(fields) = matched.operation.body else {
            return Ok(());
        };
        if !self.grade.is_read() {
            return Ok(());
        }
        if body.is_empty() {
            return missing(fields);
        }
        if body.len() > self.rules.body_bytes {
            return Err(Denial::BodyTooLarge);
        }
        let names = Names {
            listed: fields,
            extra: self.rules.extra_members(matched.operation.group),
        };
        let mut scan = json::scan(body, names).map_err(Denial::RequestAmbiguous)?;
        if let Some((start, end)) = scan.unlisted.or(scan.ext_refused) {
            let name = String::from_utf8_lossy(body.get(start..end).unwrap_or_default());
            return Err(Denial::MemberNotAllowed {
                member: Name::new(&name),
            });
        }
        for (field, value) in fields.iter().zip(scan.members) {
            let Some(value) = value.filter(|value| value.kind != Kind::Null) else {
                if field.is_required {
                    return Err(Denial::BadRequest { field: field.name });
                }
                continue;
            };
            self.check_value(field, given(value, body), facts)?;
        }
        if let Some(value) = scan.ext_user.filter(|value| value.kind != Kind::Null) {
            let field = Field {
                name: "ext.user_id",
                check: Check::User,
                is_required: false,
            };
            self.check_value(&field, given(value, body), facts)?;
        }
        scan.files.sort_unstable();
        scan.files.dedup();
        if scan.has_bad_file || scan.files.len() > MAX_FILES {
            return Err(Denial::BadRequest { field: "file_id" });
        }
        facts.take(&mut scan);
        Ok(())
    }

    /// Checks one value of path, query or body.
    #[inline]
    fn check_value(&self, field: &Field, given: Given<'_>, facts: &mut Facts) -> Result<(), Denial> {
        let field_name = field.name;
        match field.check {
            Check::Plain | Check::Messages => Ok(()),
            Check::Ext => match given {
                Given::Nested { is_object: true } => Ok(()),
                _ => Err(Denial::BadRequest { field: field_name }),
            },
            Check::Stream => match given {
                Given::Literal(word @ ("true" | "false")) => {
                    facts.is_stream = Some(word == "true");
                    Ok(())
                }
                _ => Err(Denial::BadRequest { field: field_name }),
            },
            Check::OneOf(values) => match given {
                Given::Raw(value) | Given::Literal(value) if values.contains(&value) => Ok(()),
                _ => Err(Denial::ValueNotAllowed { field: field_name }),
            },
            Check::Connector => match given {
                Given::Raw("") | Given::Quoted("") => Ok(()),
                Given::Raw(value) | Given::Quoted(value)
                    if self.rules.connectors.iter().any(|connector| **connector == *value) =>
                {
                    Ok(())
                }
                _ => Err(Denial::ValueNotAllowed { field: field_name }),
            },
            Check::User => match (given, self.user_id) {
                (Given::Raw(_) | Given::Quoted(_), None) => Ok(()),
                (Given::Raw(value) | Given::Quoted(value), Some(user)) if value == user => Ok(()),
                _ => Err(Denial::UserIdRefused { field: field_name }),
            },
            Check::Bot
            | Check::Workflow
            | Check::App
            | Check::BotOrWorkflow
            | Check::Conversation
            | Check::Chat
            | Check::Message
            | Check::File => match id(field, given)? {
                Some(id) => self.check_id(field, id, facts),
                None => Ok(()),
            },
        }
    }

    #[inline]
    fn check_id(&self, field: &Field, id: Id, facts: &mut Facts) -> Result<(), Denial> {
        let is_allowed = match field.check {
            Check::Bot => {
                facts.bot_id = Some(id);
                self.allows_bot(id)
            }
            Check::Workflow => self.rules.workflows.contains(id),
            Check::App => self.rules.app_ids.contains(id),
            Check::BotOrWorkflow => self.allows_bot(id) || self.rules.workflows.contains(id),
            _ => true,
        };
        if !is_allowed {
            return Err(Denial::BotNotAllowed {
                field: field.name,
                bot_id: Name::new(id.as_str()),
            });
        }
        match field.check {
            Check::Conversation => match facts.conversation_id.replace(id) {
                Some(other) if other != id => Err(Denial::RequestAmbiguous(Ambiguity::TwoIds)),
                _ => Ok(()),
            },
            Check::Chat => {
                facts.chat_id = Some(id);
                Ok(())
            }
            Check::Message => {
                if let Some(place) = facts.message_ids.iter_mut().find(|place| place.is_none()) {
                    *place = Some(id);
                }
                Ok(())
            }
            Check::File => {
                facts.file_ids.push(id);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A value, by the place that it comes from.
#[derive(Clone, Copy)]
enum Given<'a> {
    /// Of a path or a query, undecoded.
    Raw(&'a str),
    /// A JSON string without escapes.
    Quoted(&'a str),
    /// A JSON number or truth value.
    Literal(&'a str),
    /// A JSON object or list.
    Nested { is_object: bool },
    /// A JSON string with escapes or of many bytes, which no id is.
    Unusable,
}

/// A value of more bytes is no id, name or connector.
const MAX_CHECKED: usize = 256;

fn given(value: Value, body: &[u8]) -> Given<'_> {
    let bytes = body.get(value.start..value.end).unwrap_or_default();
    if value.kind == Kind::Nested {
        return Given::Nested {
            is_object: bytes.first() == Some(&b'{'),
        };
    }
    let text = (bytes.len() <= MAX_CHECKED)
        .then(|| str::from_utf8(bytes).ok())
        .flatten();
    match (value.kind, text) {
        (Kind::String { is_escaped: false }, Some(text)) => Given::Quoted(text),
        (Kind::Literal, Some(text)) => Given::Literal(text),
        _ => Given::Unusable,
    }
}

/// The id, or `None` for an empty text where no id is required: some clients send the name all the same.
fn id(field: &Field, given: Given<'_>) -> Result<Option<Id>, Denial> {
    match given {
        Given::Raw("") | Given::Quoted("") if !field.is_required => Ok(None),
        Given::Raw(text) | Given::Quoted(text) => {
            let id = Id::parse(text.as_bytes()).ok_or(Denial::BadRequest { field: field.name })?;
            Ok(Some(id))
        }
        _ => Err(Denial::BadRequest { field: field.name }),
    }
}

/// The answer to an absent body.
fn missing(fields: &[Field]) -> Result<(), Denial> {
    if fields.iter().any(|field| field.is_required) {
        Err(Denial::RequestAmbiguous(Ambiguity::MissingBody))
    } else {
        Ok(())
    }
}

/// `application/json`, with no parameter but `charset=utf-8`.
fn is_json(media_type: &str) -> bool {
    let (name, parameter) = media_type.split_once(';').unwrap_or((media_type, ""));
    let charset = parameter.trim();
    let is_utf8 = charset.is_empty()
        || charset.split_once('=').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    name.trim().eq_ignore_ascii_case("application/json") && is_utf8
}

/// `multipart/form-data` with a boundary.
fn is_form_data(media_type: &str) -> bool {
    let Some((name, parameter)) = media_type.split_once(';') else {
        return false;
    };
    let boundary = parameter.trim().split_once('=');
    name.trim().eq_ignore_ascii_case("multipart/form-data")
        && boundary.is_some_and(|(name, value)| name.eq_ignore_ascii_case("boundary") && !value.is_empty())
        && !media_type.contains(',')
}

/// What to do with the body of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyPlan {
    /// There is none.
    Empty,
    /// Collect it, refuse more than `limit` bytes, and hand it to [`Subject::check_body`].
    Collect {
        /// In bytes.
        limit: usize,
    },
    /// Pass it on unread.
    Stream,
}

/// What was read in a request: what the ownership register, budgets and metrics ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The bot.
    pub bot_id: Option<Id>,
    /// The conversation: must be the caller's own.
    pub conversation_id: Option<Id>,
    /// The chat: must not be known as another caller's.
    pub chat_id: Option<Id>,
    /// The messages: must not be known as those of another caller.
    pub message_ids: [Option<Id>; 3],
    /// The files, each once: must all be the caller's own.
    pub file_ids: Vec<Id>,
    /// Whether the request asks for a stream.
    pub is_stream: Option<bool>,
}

impl Facts {
    fn take(&mut self, scan: &mut Scan) {
        if self.file_ids.is_empty() {
            self.file_ids = std::mem::take(&mut scan.files);
        } else {
            self.file_ids.append(&mut scan.files);
        }
    }
}
