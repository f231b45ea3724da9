//! Conversations, messages and chats in memory, and who may see them.
//!
//! Pure: it reads no clock and makes no ids, both are handed in. Everything is asked for in the name of an
//! [`Identity`]; what belongs to another one does not exist for the asker (protocol 5), unless [`Isolation`] is off. [`record`] holds what is
//! stored, this file what can be done with it.

mod record;

pub(crate) use record::{Chat, ChatStatus, Conversation, LONGEST_NAME, Message, MetaData, Role, Usage};

use crate::config::Isolation;
use crate::envelope::ApiError;
use crate::tokens::Identity;
use std::collections::{BTreeMap, HashMap};

/// All conversations and chats of the account.
#[derive(Debug, Default)]
pub(crate) struct History {
    isolation: Isolation,
    /// By id, which grows with time.
    conversations: BTreeMap<String, Conversation>,
    chats: HashMap<String, Chat>,
}

impl History {
    pub(crate) fn new(isolation: Isolation) -> Self {
        Self {
            isolation,
            ..Self::default()
        }
    }

    pub(crate) fn add_conversation(&mut self, conversation: Conversation) {
        self.conversations.insert(conversation.id.clone(), conversation);
    }

    /// Returns `asker`'s conversation `id`.
    pub(crate) fn conversation(&mut self, asker: &Identity, id: &str) -> Result<&mut Conversation, ApiError> {
        let isolation = self.isolation;
        self.conversations
            .get_mut(id)
            .filter(|found| opens(isolation, &found.owner, asker))
            .ok_or_else(|| no_conversation(id))
    }

    /// Returns conversation `id` of any owner.
    fn any_conversation(&mut self, id: &str) -> Result<&mut Conversation, ApiError> {
        self.conversations.get_mut(id).ok_or_else(|| no_conversation(id))
    }

    /// Returns `asker`'s conversations with `bot_id` on the channel `connector_id`, oldest first.
    pub(crate) fn conversations<'a>(
        &'a self,
        asker: &'a Identity,
        bot_id: &'a str,
        connector_id: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Conversation> {
        self.conversations.values().filter(move |conversation| {
            conversation.owner == *asker
                && conversation.bot_id.as_deref() == Some(bot_id)
                && conversation.connector_id == connector_id
        })
    }

    /// Removes `asker`'s conversation `id` with its messages and chats.
    pub(crate) fn remove_conversation(&mut self, asker: &Identity, id: &str) -> Result<(), ApiError> {
        self.conversation(asker, id)?;
        self.conversations.remove(id);
        for chat in self.chats.values().filter(|chat| chat.conversation_id == id) {
            chat.cancel.cancel();
        }
        self.chats.retain(|_, chat| chat.conversation_id != id);
        Ok(())
    }

    /// Returns what `asker` said to `bot_id` in the current sections of all conversations, oldest first. A cleared
    /// context is a new section, so clearing makes the bot forget.
    pub(crate) fn remembered(&self, asker: &Identity, bot_id: &str) -> Vec<String> {
        self.conversations
            .values()
            .filter(|conversation| conversation.owner == *asker && conversation.bot_id.as_deref() == Some(bot_id))
            .flat_map(|conversation| {
                let section = conversation.section_id.as_str();
                conversation
                    .messages
                    .iter()
                    .filter(move |message| message.section_id == section)
            })
            .filter(|message| message.role == Role::User)
            .map(Message::plain_text)
            .collect()
    }

    /// Starts `chat`: adds its questions to the conversation, which is busy from now on.
    pub(crate) fn begin_chat(&mut self, chat: Chat, questions: Vec<Message>) -> Result<(), ApiError> {
        let conversation = self.any_conversation(&chat.conversation_id)?;
        if conversation.running_chat.is_some() {
            return Err(ApiError::ChatInProgress);
        }
        conversation.running_chat = Some(chat.id.clone());
        conversation.updated_at = chat.created_at;
        // Invented: a conversation that was made without a bot belongs to the first one it talks to.
        conversation.bot_id.get_or_insert_with(|| chat.bot_id.clone());
        if let Some(first) = questions.first().filter(|_| conversation.name.is_empty()) {
            conversation.name = Conversation::name_after(first);
        }
        if chat.saved {
            conversation.messages.extend(questions);
        }
        self.chats.insert(chat.id.clone(), chat);
        Ok(())
    }

    /// Ends a running chat with what it said. A chat that was deleted in the meantime is gone, which is fine.
    pub(crate) fn end_chat(&mut self, id: &str, end: ChatEnd) {
        let Some(chat) = self.chats.get_mut(id) else { return };
        let Some(conversation) = self.conversations.get_mut(&chat.conversation_id) else {
            return;
        };
        conversation.chat_is_over(id);
        conversation.updated_at = end.at;
        if chat.saved {
            conversation
                .messages
                .extend(end.messages.iter().filter(|message| message.is_answer()).cloned());
        }
        chat.messages = end.messages;
        chat.usage = end.usage;
        if chat.status == ChatStatus::InProgress {
            chat.status = ChatStatus::Completed;
            chat.completed_at = Some(end.at);
        }
    }

    /// Returns `asker`'s chat, if it was to be saved (protocol 6.5: retrieve works only then).
    pub(crate) fn chat(&self, asker: &Identity, conversation_id: &str, chat_id: &str) -> Result<&Chat, ApiError> {
        self.chats
            .get(chat_id)
            .filter(|chat| {
                opens(self.isolation, &chat.owner, asker) && chat.conversation_id == conversation_id && chat.saved
            })
            .ok_or_else(|| no_chat(chat_id))
    }

    /// Stops `asker`'s running chat and returns it.
    pub(crate) fn cancel_chat(&mut self, asker: &Identity, conversation_id: &str, id: &str) -> Result<&Chat, ApiError> {
        let isolation = self.isolation;
        let chat = self
            .chats
            .get_mut(id)
            .filter(|chat| opens(isolation, &chat.owner, asker) && chat.conversation_id == conversation_id)
            .ok_or_else(|| no_chat(id))?;
        if chat.status != ChatStatus::InProgress {
            return Err(ApiError::NotCancelable);
        }
        chat.status = ChatStatus::Canceled;
        chat.cancel.cancel();
        // At once, not when the task has noticed: who cancels may ask again right away.
        if let Some(conversation) = self.conversations.get_mut(conversation_id) {
            conversation.chat_is_over(id);
        }
        Ok(chat)
    }

    /// Returns chat `id`, whoever owns it.
    pub(crate) fn any_chat(&self, id: &str) -> Option<&Chat> {
        self.chats.get(id)
    }
}

/// Whether what `owner` made exists for `asker`, who names its id.
fn opens(isolation: Isolation, owner: &Identity, asker: &Identity) -> bool {
    match isolation {
        Isolation::Session => owner == asker,
        Isolation::None => owner.tenant == asker.tenant,
    }
}

/// How a chat ended.
#[derive(Debug)]
pub(crate) struct ChatEnd {
    /// Unix seconds.
    pub(crate) at: i64,
    /// In the order of `/v3/chat/message/list`.
    pub(crate) messages: Vec<Message>,
    pub(crate) usage: Usage,
}

fn no_conversation(id: &str) -> ApiError {
    ApiError::NotFound {
        resource: "conversation_id",
        id: id.to_owned(),
    }
}

fn no_chat(id: &str) -> ApiError {
    ApiError::NotFound {
        resource: "chat_id",
        id: id.to_owned(),
    }
}
