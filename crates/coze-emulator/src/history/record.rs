//! What is stored of a conversation, a message and a chat. How they look on the wire is `api`'s business.

use crate::tokens::Identity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

pub(crate) type MetaData = BTreeMap<String, String>;

/// Conversation names have at most so many characters (documented by cozepy).
pub(crate) const LONGEST_NAME: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    User,
    Assistant,
}

/// Protocol 6.2; the states that the double reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChatStatus {
    Created,
    InProgress,
    Completed,
    /// One l (protocol 6.2).
    Canceled,
}

impl ChatStatus {
    /// Returns the name of the event that tells it (protocol 6.3, 6.11).
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Created => "conversation.chat.created",
            Self::InProgress => "conversation.chat.in_progress",
            Self::Completed => "conversation.chat.completed",
            Self::Canceled => "conversation.chat.canceled",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "names on the wire")]
pub(crate) struct Usage {
    pub(crate) token_count: usize,
    pub(crate) output_count: usize,
    pub(crate) input_count: usize,
}

#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) owner: Identity,
    pub(crate) name: String,
    pub(crate) meta_data: MetaData,
    pub(crate) connector_id: String,
    pub(crate) bot_id: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// Messages of older sections are kept but are no context any more.
    pub(crate) section_id: String,
    pub(crate) messages: Vec<Message>,
    pub(crate) running_chat: Option<String>,
}

impl Conversation {
    /// Returns the default name: the first message (documented by cozepy), shortened.
    pub(crate) fn name_after(first: &Message) -> String {
        first.plain_text().chars().take(LONGEST_NAME).collect()
    }

    /// Lets the next chat begin, unless it has already.
    pub(crate) fn chat_is_over(&mut self, chat_id: &str) {
        self.running_chat.take_if(|running| running == chat_id);
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) conversation_id: String,
    pub(crate) section_id: String,
    pub(crate) bot_id: String,
    pub(crate) chat_id: String,
    pub(crate) role: Role,
    /// `question`, `answer`, `verbose`, `follow_up`; empty for messages added by hand (protocol 6.7).
    pub(crate) kind: String,
    pub(crate) content: String,
    pub(crate) content_type: String,
    pub(crate) meta_data: MetaData,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl Message {
    /// Returns the words of this message.
    pub(crate) fn plain_text(&self) -> String {
        Self::text_in(&self.content_type, &self.content)
    }

    /// Returns the words in `content`: the content itself, or the text item of an `object_string`.
    pub(crate) fn text_in(content_type: &str, content: &str) -> String {
        if content_type != "object_string" {
            return content.to_owned();
        }
        let items: Vec<Value> = serde_json::from_str(content).unwrap_or_default();
        items.iter().filter_map(|item| item.get("text")?.as_str()).collect()
    }

    pub(crate) fn is_answer(&self) -> bool {
        self.kind == "answer"
    }
}

#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) id: String,
    pub(crate) owner: Identity,
    pub(crate) conversation_id: String,
    pub(crate) bot_id: String,
    pub(crate) section_id: String,
    pub(crate) meta_data: MetaData,
    pub(crate) created_at: i64,
    pub(crate) completed_at: Option<i64>,
    pub(crate) status: ChatStatus,
    pub(crate) usage: Usage,
    /// What the bot said, known at the end.
    pub(crate) messages: Vec<Message>,
    /// `auto_save_history`
    pub(crate) saved: bool,
    /// Stops the generation.
    pub(crate) cancel: CancellationToken,
}
