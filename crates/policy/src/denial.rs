//! Refusals of the policy: kinds, and the name that a person needs to change something. Status and code are the gateway's
//! (`problem/kind.rs`).

use super::group::Group;
use super::operation::Operation;
use std::fmt;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The operation is not in the table, or its group is not allowed.
    #[error("operation not allowed")]
    OperationNotAllowed {
        /// The group that would allow it; `None` when no setting gives it to this grade.
        group: Option<Group>,
    },
    /// A query name that the operation does not list.
    #[error("query parameter {parameter} not allowed")]
    ParameterNotAllowed {
        /// The name.
        parameter: Name,
    },
    /// A top-level member that the operation does not list.
    #[error("member {member} not allowed")]
    MemberNotAllowed {
        /// The name.
        member: Name,
    },
    /// A parameter or member with a value that is not allowed: a draft, a debug run, another version or connector.
    #[error("value of {field} not allowed")]
    ValueNotAllowed {
        /// The name.
        field: &'static str,
    },
    /// A bot, workflow or app that the policy does not list.
    #[error("{field} {bot_id} not allowed")]
    BotNotAllowed {
        /// The name: `bot_id`, `workflow_id`, `app_id` or `entity_id`.
        field: &'static str,
        /// The id.
        bot_id: Name,
    },
    /// A `user_id` that is not the session's own.
    #[error("{field} is not the user of the session")]
    UserIdRefused {
        /// The name.
        field: &'static str,
    },
    /// A request that two servers could read in two ways.
    #[error("ambiguous request: {0}")]
    RequestAmbiguous(Ambiguity),
    /// A required id that is absent or not an id.
    #[error("{field} is absent or not valid")]
    BadRequest {
        /// The name.
        field: &'static str,
    },
    /// A body of another media type, or encoded.
    #[error("media type or content encoding refused")]
    MediaTypeRefused,
    /// A body of more bytes than visitors may send.
    #[error("body too large")]
    BodyTooLarge,
    /// An id that belongs to another visitor, or that the platform does not show to this one. Made by the caller of
    /// this crate, which has the ownership register.
    #[error("resource unknown")]
    ResourceUnknown {
        /// The name.
        field: &'static str,
    },
}

impl Denial {
    /// The name of the problem kind.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OperationNotAllowed { .. } => "operation-not-allowed",
            Self::ParameterNotAllowed { .. } => "parameter-not-allowed",
            Self::MemberNotAllowed { .. } => "member-not-allowed",
            Self::ValueNotAllowed { .. } => "value-not-allowed",
            Self::BotNotAllowed { .. } => "bot-not-allowed",
            Self::UserIdRefused { .. } => "user-id-refused",
            Self::RequestAmbiguous(_) => "request-ambiguous",
            Self::BadRequest { .. } => "bad-request",
            Self::MediaTypeRefused => "media-type-refused",
            Self::BodyTooLarge => "body-too-large",
            Self::ResourceUnknown { .. } => "resource-unknown",
        }
    }

    /// The setting of a site (the part behind `sites.NAME.`) that would let the request pass.
    pub const fn setting(&self) -> Option<&'static str> {
        match self {
            Self::OperationNotAllowed { group: Some(_) } => Some("allow"),
            Self::MemberNotAllowed { .. } => Some("members"),
            Self::BotNotAllowed { field, .. } => match field.as_bytes() {
                b"workflow_id" => Some("workflows"),
                b"app_id" => Some("app_ids"),
                _ => Some("bots"),
            },
            Self::ValueNotAllowed { field } if matches!(field.as_bytes(), b"connector_id") => Some("connectors"),
            _ => None,
        }
    }

    /// The query parameter that was refused.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::ParameterNotAllowed { parameter } => Some(parameter.as_str()),
            _ => None,
        }
    }

    /// The member, or the field of either place, that was refused.
    pub fn member(&self) -> Option<&str> {
        match self {
            Self::MemberNotAllowed { member } => Some(member.as_str()),
            Self::ValueNotAllowed { field }
            | Self::UserIdRefused { field }
            | Self::BadRequest { field }
            | Self::ResourceUnknown { field } => Some(field),
            _ => None,
        }
    }

    /// The bot, workflow or app that was refused.
    pub fn bot_id(&self) -> Option<&str> {
        match self {
            Self::BotNotAllowed { bot_id, .. } => Some(bot_id.as_str()),
            _ => None,
        }
    }

    /// The refusal of an operation whose group this grade may be given, or may not.
    pub(super) fn of_operation(operation: Option<&Operation>) -> Self {
        let group = operation
            .map(|operation| operation.group)
            .filter(|group| group.may_be_given_to_visitors());
        Self::OperationNotAllowed { group }
    }
}

/// What about a request can be read in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Ambiguity {
    /// A query name twice.
    #[error("a query name occurs twice")]
    RepeatedParameter,
    /// A query name that is escaped without need, or not well.
    #[error("a query name is escaped in an unusual way")]
    EscapedParameter,
    /// A separator other than `&`.
    #[error("the query holds a semicolon")]
    Separator,
    /// A body on an operation without one.
    #[error("the operation takes no body")]
    UnexpectedBody,
    /// No body on an operation that needs one.
    #[error("the body is missing")]
    MissingBody,
    /// Not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// JSON, and not an object.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// A byte order mark.
    #[error("the body begins with a byte order mark")]
    ByteOrderMark,
    /// Nested too deep.
    #[error("the body is nested too deep")]
    TooDeep,
    /// A name twice in one object.
    #[error("a name occurs twice in an object")]
    RepeatedName,
    /// A letter, a digit or `_` that is written as `\u00XX`.
    #[error("a letter or digit is written as an escape")]
    EscapedLetter,
    /// More names in one object than the gateway compares.
    #[error("an object holds too many names")]
    TooManyNames,
    /// The path and the body name two conversations.
    #[error("two different ids are named")]
    TwoIds,
    /// A file is named in text that is not JSON.
    #[error("a file is named in text that is not JSON")]
    HiddenFile,
}

/// A name that came with a request: shortened, and without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// No name that a client sends is longer.
const MAX_NAME: usize = 64;

impl Name {
    /// Takes the first characters of `text`.
    pub fn new(text: &str) -> Self {
        let plain = |character: char| if character.is_control() { '\u{fffd}' } else { character };
        Self(text.chars().take(MAX_NAME).map(plain).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
