//! Messages of a conversation: add, list, look up, change, delete, rate (protocol 6.7).

use super::caller::Caller;
use super::chat_request::{EnterMessage, check_meta_data};
use super::extract::{ConversationParams, JsonBody, Params, required};
use super::wire::MessageObject;
use crate::envelope::{ApiError, Data, Flat, NoData};
use crate::history::{Conversation, History, Message, MetaData};
use crate::platform::Platform;
use crate::tokens::Identity;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const LARGEST_PAGE: usize = 50;

/// `POST /v1/conversation/message/create`
pub(super) async fn create(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<ConversationParams>,
    JsonBody(message): JsonBody<EnterMessage>,
) -> Result<Data<MessageObject>, ApiError> {
    message.check()?;
    let mut history = platform.history();
    let conversation = history.conversation(&caller.identity, params.id()?)?;
    let message = added(&platform, conversation, message);
    let answer = MessageObject::from(&message);
    conversation.messages.push(message);
    Ok(Data(answer))
}

/// Returns `message` as part of `conversation`, but of no chat.
pub(super) fn added(platform: &Platform, conversation: &Conversation, message: EnterMessage) -> Message {
    let now = platform.clock.now();
    Message {
        id: platform.ids.next(),
        conversation_id: conversation.id.clone(),
        section_id: conversation.section_id.clone(),
        bot_id: conversation.bot_id.clone().unwrap_or_default(),
        chat_id: String::new(),
        role: message.role,
        kind: String::new(), // protocol 6.7
        content_type: message.content_type().to_owned(),
        content: message.content,
        meta_data: message.meta_data.unwrap_or_default(),
        created_at: now,
        updated_at: now,
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ListRequest {
    order: Option<String>,
    chat_id: Option<String>,
    before_id: Option<String>,
    after_id: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct MessagePage {
    data: Vec<MessageObject>,
    first_id: String,
    last_id: String,
    has_more: bool,
}

/// `POST /v1/conversation/message/list`: a page before or after a message, in the order asked for.
pub(super) async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<ConversationParams>,
    JsonBody(request): JsonBody<ListRequest>,
) -> Result<Flat<MessagePage>, ApiError> {
    let limit = request.limit.unwrap_or(LARGEST_PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(ApiError::parameter("limit is not between 1 and 50"));
    }
    let mut history = platform.history();
    let conversation = history.conversation(&caller.identity, params.id()?)?;
    Ok(Flat(page(&conversation.messages, &request, limit)))
}

/// `before_id` and `after_id` count in the order of the list: with `desc`, the messages after one are older.
fn page(messages: &[Message], request: &ListRequest, limit: usize) -> MessagePage {
    let chat_id = request.chat_id.as_deref().filter(|id| !id.is_empty());
    let mut all: Vec<_> = messages
        .iter()
        .filter(|message| chat_id.is_none_or(|id| message.chat_id == id))
        .collect();
    if request.order.as_deref() != Some("asc") {
        all.reverse();
    }
    let position = |id: &Option<String>| {
        let id = id.as_deref().filter(|id| !id.is_empty())?;
        Some(all.iter().position(|message| message.id == id).unwrap_or(all.len()))
    };
    let (window, has_more) = match (position(&request.after_id), position(&request.before_id)) {
        (Some(after), _) => (
            after.saturating_add(1)..after.saturating_add(1).saturating_add(limit),
            None,
        ),
        (None, Some(before)) => (before.saturating_sub(limit)..before, Some(before > limit)),
        (None, None) => (0..limit, None),
    };
    let has_more = has_more.unwrap_or(window.end < all.len());
    let data: Vec<MessageObject> = all
        .iter()
        .take(window.end)
        .skip(window.start)
        .copied()
        .map(MessageObject::from)
        .collect();
    MessagePage {
        first_id: data.first().map(|message| message.id.clone()).unwrap_or_default(),
        last_id: data.last().map(|message| message.id.clone()).unwrap_or_default(),
        data,
        has_more,
    }
}

/// Names one message in the query.
#[derive(Debug, Deserialize)]
pub(super) struct MessageParams {
    conversation_id: Option<String>,
    message_id: Option<String>,
}

impl MessageParams {
    fn both(&self) -> Result<(&str, &str), ApiError> {
        Ok((
            required("conversation_id", self.conversation_id.as_ref())?,
            required("message_id", self.message_id.as_ref())?,
        ))
    }
}

/// `GET /v1/conversation/message/retrieve`
pub(super) async fn retrieve(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<MessageParams>,
) -> Result<Data<MessageObject>, ApiError> {
    let (conversation_id, message_id) = params.both()?;
    let mut history = platform.history();
    Ok(Data(
        (&*find(&mut history, &caller.identity, conversation_id, message_id)?).into(),
    ))
}

#[derive(Debug, Deserialize)]
pub(super) struct ModifyRequest {
    content: Option<String>,
    content_type: Option<String>,
    meta_data: Option<MetaData>,
}

#[derive(Debug, Serialize)]
pub(super) struct ModifiedMessage {
    /// Not `data` (protocol 6.7).
    message: MessageObject,
}

/// `POST /v1/conversation/message/modify`
pub(super) async fn modify(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<MessageParams>,
    JsonBody(request): JsonBody<ModifyRequest>,
) -> Result<Flat<ModifiedMessage>, ApiError> {
    let (conversation_id, message_id) = params.both()?;
    request.meta_data.as_ref().map_or(Ok(()), check_meta_data)?;
    let mut history = platform.history();
    let message = find(&mut history, &caller.identity, conversation_id, message_id)?;
    message.content = request.content.unwrap_or_else(|| message.content.clone());
    message.content_type = request.content_type.unwrap_or_else(|| message.content_type.clone());
    message.meta_data = request.meta_data.unwrap_or_else(|| message.meta_data.clone());
    message.updated_at = platform.clock.now();
    Ok(Flat(ModifiedMessage {
        message: (&*message).into(),
    }))
}

/// `POST /v1/conversation/message/delete`
pub(super) async fn delete(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<MessageParams>,
) -> Result<Data<MessageObject>, ApiError> {
    let (conversation_id, message_id) = params.both()?;
    let mut history = platform.history();
    let answer = MessageObject::from(&*find(&mut history, &caller.identity, conversation_id, message_id)?);
    let conversation = history.conversation(&caller.identity, conversation_id)?;
    conversation.messages.retain(|message| message.id != message_id);
    Ok(Data(answer))
}

/// `POST` or `DELETE /v1/conversations/{conversation_id}/messages/{message_id}/feedback`: accepted and not kept.
pub(super) async fn feedback(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path((conversation_id, message_id)): Path<(String, String)>,
) -> Result<NoData, ApiError> {
    find(&mut platform.history(), &caller.identity, &conversation_id, &message_id)?;
    Ok(NoData)
}

fn find<'a>(
    history: &'a mut History,
    asker: &Identity,
    conversation_id: &str,
    message_id: &str,
) -> Result<&'a mut Message, ApiError> {
    let conversation = history.conversation(asker, conversation_id)?;
    conversation
        .messages
        .iter_mut()
        .find(|message| message.id == message_id)
        .ok_or_else(|| ApiError::NotFound {
            resource: "message_id",
            id: message_id.to_owned(),
        })
}
