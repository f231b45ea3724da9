//! Types of the operation table: methods, path patterns, query names, body members, and what is checked in each.

use super::group::Group;

/// The methods of the platform's API. `HEAD` and `PATCH` are none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Method {
    /// Reads a method token; methods are case-sensitive (RFC 9110 9.1).
    pub const fn parse(token: &str) -> Option<Self> {
        match token.as_bytes() {
            b"GET" => Some(Self::Get),
            b"POST" => Some(Self::Post),
            b"PUT" => Some(Self::Put),
            b"DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    /// The token.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What is checked about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The visitor's own words; passes.
    Plain,
    /// A bot of the policy.
    Bot,
    /// A workflow of the site.
    Workflow,
    /// An app of the site.
    App,
    /// A bot or a workflow: the `entity_id` of a WebSocket.
    BotOrWorkflow,
    /// A conversation that the caller owns.
    Conversation,
    /// A chat that is not known to belong to another caller.
    Chat,
    /// A message; its conversation is checked.
    Message,
    /// A file that the caller uploaded.
    File,
    /// The name by which the platform separates variables and databases: the session's own.
    User,
    /// A connector of the site.
    Connector,
    /// One of these values, written exactly so. In JSON these are literals.
    OneOf(&'static [&'static str]),
    /// An object whose `user_id` is the session's own.
    Ext,
    /// A list of messages. A name occurs once in each.
    Messages,
    /// A truth value that the gateway reads: whether the answer is a stream.
    Stream,
}

/// A query parameter or a top-level member of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name, case-sensitive.
    pub name: &'static str,
    /// What is checked.
    pub check: Check,
    /// Whether a request without it is refused.
    pub is_required: bool,
}

/// What a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None.
    None,
    /// A JSON object with some of these members.
    Json(&'static [Field]),
    /// `multipart/form-data`, streamed unread.
    Multipart,
    /// Anything: the operation is not for visitors, and its body is not read.
    Unread,
}

/// One operation of the platform's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The name in metrics, logs and refusals.
    pub name: &'static str,
    /// The group that allows it.
    pub group: Group,
    /// The method.
    pub method: Method,
    /// The path. `{name}` is one segment, and the name says what the id is.
    pub pattern: &'static str,
    /// The query names; not read where `body` is [`Body::Unread`].
    pub query: &'static [Field],
    /// The body.
    pub body: Body,
    /// Whether a visitor receives an allow list of the answer's members (`filter`).
    pub is_filtered: bool,
    /// Whether this is the opening handshake of a WebSocket.
    pub is_websocket: bool,
}

impl Operation {
    /// Whether query and body are held against this row. The rows that only keys and the owner use are not listed in
    /// that detail.
    pub const fn is_read(&self) -> bool {
        !matches!(self.body, Body::Unread)
    }

    /// Whether an answer teaches the ownership register, and what.
    pub const fn learns(&self) -> Option<Learns> {
        match self.name.as_bytes() {
            b"chat.create" | b"chat.submit_tool_outputs" | b"chat.retrieve" | b"workflows.chat" => Some(Learns::Chat),
            b"conversations.create" | b"workflows.conversation_create" => Some(Learns::Conversation),
            b"conversations.list" => Some(Learns::Conversations),
            b"files.upload" => Some(Learns::File),
            _ => None,
        }
    }
}

/// What the ownership register learns from an answer (`ownership`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learns {
    /// `data.id` and `data.conversation_id` of an answer, or of the first events of a stream.
    Chat,
    /// `data.id` is a conversation.
    Conversation,
    /// `data.conversations[].id` are conversations.
    Conversations,
    /// `data.id` is a file.
    File,
}
