//! Turns a checked request into a chat in the history and a performance ready to run.

use super::caller::Caller;
use super::chat_request::{CheckedRequest, EnterMessage};
use super::wire::ChatObject;
use super::{conversations, files};
use crate::bots::Script;
use crate::envelope::ApiError;
use crate::generation::Performance;
use crate::history::{Chat, ChatStatus, Conversation, Message, Role, Usage};
use crate::platform::Platform;
use tokio_util::sync::CancellationToken;

/// A chat that was written into the history.
#[derive(Debug)]
pub(super) struct Begun {
    /// As it is now.
    pub(super) chat: ChatObject,
    /// What the bot was told, as the history has it.
    pub(super) questions: Vec<Message>,
    /// What is left to do: to perform it.
    pub(super) performance: Performance,
}

/// Writes the chat and its questions into the history. When the request is refused, nothing was written.
pub(super) fn begin(
    platform: &Platform,
    caller: Caller,
    request: CheckedRequest,
    conversation_id: Option<String>,
) -> Result<Begun, ApiError> {
    let file_ids: Vec<String> = request.messages.iter().flat_map(EnterMessage::file_ids).collect();
    files::check_readable(platform, &caller, &file_ids)?;
    let (bot, owner) = (request.bot, caller.identity);
    let mut history = platform.history();

    let (place, question) = if let Some(id) = conversation_id {
        let conversation = history.conversation(&owner, &id)?;
        (
            Place::of(conversation),
            question(&request.messages, &conversation.messages)?,
        )
    } else {
        let question = question(&request.messages, &[])?;
        let conversation = conversations::new(platform, owner.clone(), request.connector_id, Some(bot.id.to_owned()));
        let place = Place::of(&conversation);
        history.add_conversation(conversation);
        (place, question)
    };
    let chat = Chat {
        id: platform.ids.next(),
        owner: owner.clone(),
        conversation_id: place.conversation_id,
        bot_id: bot.id.to_owned(),
        section_id: place.section_id,
        meta_data: request.meta_data,
        created_at: platform.clock.now(),
        completed_at: None,
        // Not `created`: cozepy would stop polling at once (protocol 6.5).
        status: ChatStatus::InProgress,
        usage: Usage::default(),
        messages: Vec::new(),
        saved: request.save,
        cancel: CancellationToken::new(),
    };
    let questions: Vec<Message> = request
        .messages
        .into_iter()
        .map(|message| entered(platform, &chat, message))
        .collect();
    let chat_id = chat.id.clone();
    history.begin_chat(chat, questions.clone())?;

    let script = Script::write(
        bot.talent,
        &question,
        &history.remembered(&owner, bot.id),
        &platform.config,
    );
    let chat = history.any_chat(&chat_id).ok_or(ApiError::Internal)?;
    let performance = Performance {
        chat_id,
        conversation_id: chat.conversation_id.clone(),
        section_id: chat.section_id.clone(),
        bot_id: chat.bot_id.clone(),
        created_at: chat.created_at,
        question,
        script,
        cancel: chat.cancel.clone(),
        listener: None,
    };
    Ok(Begun {
        chat: chat.into(),
        questions,
        performance,
    })
}

/// Where a chat takes place.
struct Place {
    conversation_id: String,
    section_id: String,
}

impl Place {
    fn of(conversation: &Conversation) -> Self {
        Self {
            conversation_id: conversation.id.clone(),
            section_id: conversation.section_id.clone(),
        }
    }
}

/// Returns what the bot is asked: the last message handed in, else the last thing a user said here.
fn question(entered: &[EnterMessage], earlier: &[Message]) -> Result<String, ApiError> {
    if let Some(last) = entered.last() {
        return Ok(Message::text_in(last.content_type(), &last.content));
    }
    let last = earlier.iter().rev().find(|message| message.role == Role::User);
    last.map(Message::plain_text)
        .ok_or_else(|| ApiError::parameter("additional_messages is required in an empty conversation"))
}

fn entered(platform: &Platform, chat: &Chat, message: EnterMessage) -> Message {
    let kind = message.kind.clone().filter(|kind| !kind.is_empty()).unwrap_or_else(|| {
        match message.role {
            Role::User => "question",
            Role::Assistant => "answer",
        }
        .to_owned()
    });
    Message {
        id: platform.ids.next(),
        conversation_id: chat.conversation_id.clone(),
        section_id: chat.section_id.clone(),
        bot_id: chat.bot_id.clone(),
        chat_id: chat.id.clone(),
        role: message.role,
        kind,
        content_type: message.content_type().to_owned(),
        content: message.content,
        meta_data: message.meta_data.unwrap_or_default(),
        created_at: chat.created_at,
        updated_at: chat.created_at,
    }
}
