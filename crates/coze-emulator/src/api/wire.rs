//! The objects of the API as they look on the wire; the order of fields is the order of bytes (protocol 6).

use crate::accounts::USER_ID;
use crate::generation::ChatState;
use crate::history::{Chat, ChatStatus, Conversation, Message, MetaData, Role, Usage};
use serde::Serialize;

/// `{"code":0,"msg":""}`: captures show this, not `null`, in chats without an error (protocol 6.2).
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct LastError {
    code: u32,
    msg: &'static str,
}

/// A chat as its stream shows it (protocol 6.3).
#[derive(Debug, Serialize)]
pub(crate) struct StreamedChat<'a> {
    id: &'a str,
    conversation_id: &'a str,
    bot_id: &'a str,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<i64>,
    /// Captures of WebSocket chats have none (protocol 6.11).
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<LastError>,
    status: ChatStatus,
    usage: Usage,
    section_id: &'a str,
}

impl<'a> StreamedChat<'a> {
    /// As a WebSocket event tells it.
    pub(crate) fn without_error(chat: &'a ChatState) -> Self {
        Self {
            last_error: None,
            ..Self::from(chat)
        }
    }
}

impl<'a> From<&'a ChatState> for StreamedChat<'a> {
    fn from(chat: &'a ChatState) -> Self {
        Self {
            id: &chat.id,
            conversation_id: &chat.conversation_id,
            bot_id: &chat.bot_id,
            created_at: chat.created_at,
            completed_at: chat.completed_at,
            last_error: Some(LastError::default()),
            status: chat.status,
            usage: chat.usage,
            section_id: &chat.section_id,
        }
    }
}

/// A chat as the other endpoints show it (protocol 6.2).
#[derive(Debug, Serialize)]
pub(crate) struct ChatObject {
    id: String,
    conversation_id: String,
    bot_id: String,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<i64>,
    last_error: LastError,
    status: ChatStatus,
    meta_data: MetaData,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    section_id: String,
}

impl From<&Chat> for ChatObject {
    fn from(chat: &Chat) -> Self {
        Self {
            id: chat.id.clone(),
            conversation_id: chat.conversation_id.clone(),
            bot_id: chat.bot_id.clone(),
            created_at: chat.created_at,
            completed_at: chat.completed_at,
            last_error: LastError::default(),
            status: chat.status,
            meta_data: chat.meta_data.clone(),
            usage: (chat.status == ChatStatus::Completed).then_some(chat.usage),
            section_id: chat.section_id.clone(),
        }
    }
}

/// A message inside a stream (protocol 6.3).
#[derive(Debug, Serialize)]
pub(crate) struct StreamedMessage<'a> {
    id: &'a str,
    conversation_id: &'a str,
    bot_id: &'a str,
    role: Role,
    #[serde(rename = "type")]
    kind: &'a str,
    content: &'a str,
    content_type: &'a str,
    chat_id: &'a str,
    section_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<i64>,
}

impl<'a> StreamedMessage<'a> {
    /// A part of a message; it has no time.
    pub(crate) fn delta(message: &'a Message) -> Self {
        Self {
            id: &message.id,
            conversation_id: &message.conversation_id,
            bot_id: &message.bot_id,
            role: message.role,
            kind: &message.kind,
            content: &message.content,
            content_type: &message.content_type,
            chat_id: &message.chat_id,
            section_id: &message.section_id,
            created_at: None,
        }
    }

    /// A whole message.
    pub(crate) fn completed(message: &'a Message) -> Self {
        Self {
            created_at: Some(message.created_at),
            ..Self::delta(message)
        }
    }
}

/// A message in lists and answers about one message (protocol 6.7). `updated_at` is a string, `created_at` a number.
#[derive(Debug, Serialize)]
pub(crate) struct MessageObject {
    pub(crate) id: String,
    conversation_id: String,
    bot_id: String,
    chat_id: String,
    role: Role,
    #[serde(rename = "type")]
    kind: String,
    content: String,
    content_type: String,
    meta_data: MetaData,
    created_at: i64,
    updated_at: String,
}

impl From<&Message> for MessageObject {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.clone(),
            conversation_id: message.conversation_id.clone(),
            bot_id: message.bot_id.clone(),
            chat_id: message.chat_id.clone(),
            role: message.role,
            kind: message.kind.clone(),
            content: message.content.clone(),
            content_type: message.content_type.clone(),
            meta_data: message.meta_data.clone(),
            created_at: message.created_at,
            updated_at: message.updated_at.to_string(),
        }
    }
}

/// Protocol 6.6.
#[derive(Debug, Serialize)]
pub(crate) struct ConversationObject {
    id: String,
    name: String,
    meta_data: MetaData,
    creator_id: &'static str,
    connector_id: String,
    created_at: i64,
    updated_at: i64,
    last_section_id: String,
}

impl From<&Conversation> for ConversationObject {
    fn from(conversation: &Conversation) -> Self {
        Self {
            id: conversation.id.clone(),
            name: conversation.name.clone(),
            meta_data: conversation.meta_data.clone(),
            creator_id: USER_ID,
            connector_id: conversation.connector_id.clone(),
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
            last_section_id: conversation.section_id.clone(),
        }
    }
}
