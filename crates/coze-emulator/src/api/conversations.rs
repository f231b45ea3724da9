//! Conversations: create, look up, list, rename, clear, delete (protocol 6.6).

use super::caller::Caller;
use super::chat_request::{EnterMessage, check_meta_data, connector};
use super::extract::{ConversationParams, JsonBody, Params, required};
use super::messages;
use super::wire::ConversationObject;
use crate::envelope::{ApiError, Data, NoData};
use crate::history::{Conversation, LONGEST_NAME, MetaData};
use crate::platform::Platform;
use crate::tokens::Identity;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const LARGEST_PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct CreateRequest {
    bot_id: Option<String>,
    name: Option<String>,
    messages: Option<Vec<EnterMessage>>,
    meta_data: Option<MetaData>,
    connector_id: Option<String>,
}

/// `POST /v1/conversation/create`
pub(super) async fn create(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    JsonBody(request): JsonBody<CreateRequest>,
) -> Result<Data<ConversationObject>, ApiError> {
    let first_messages = request.messages.unwrap_or_default();
    first_messages.iter().try_for_each(EnterMessage::check)?;
    let meta_data = request.meta_data.unwrap_or_default();
    check_meta_data(&meta_data)?;
    let name = request.name.unwrap_or_default();
    check_name(&name)?;

    let bot_id = request.bot_id.filter(|id| !id.is_empty());
    let mut conversation = new(&platform, caller.identity, connector(request.connector_id), bot_id);
    conversation.meta_data = meta_data;
    for message in first_messages {
        let message = messages::added(&platform, &conversation, message);
        conversation.messages.push(message);
    }
    conversation.name = match conversation.messages.first() {
        Some(first) if name.is_empty() => Conversation::name_after(first),
        _ => name,
    };

    let answer = ConversationObject::from(&conversation);
    platform.history().add_conversation(conversation);
    Ok(Data(answer))
}

/// Returns an empty conversation, not yet in the history.
pub(super) fn new(platform: &Platform, owner: Identity, connector_id: String, bot_id: Option<String>) -> Conversation {
    let now = platform.clock.now();
    Conversation {
        id: platform.ids.next(),
        owner,
        name: String::new(),
        meta_data: MetaData::new(),
        connector_id,
        bot_id,
        created_at: now,
        updated_at: now,
        section_id: platform.ids.next(),
        messages: Vec::new(),
        running_chat: None,
    }
}

/// `GET /v1/conversation/retrieve`
pub(super) async fn retrieve(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<ConversationParams>,
) -> Result<Data<ConversationObject>, ApiError> {
    let mut history = platform.history();
    Ok(Data((&*history.conversation(&caller.identity, params.id()?)?).into()))
}

#[derive(Debug, Deserialize)]
pub(super) struct ListParams {
    bot_id: Option<String>,
    connector_id: Option<String>,
    page_num: Option<usize>,
    page_size: Option<usize>,
    sort_order: Option<String>,
    sort_field: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ConversationPage {
    has_more: bool,
    conversations: Vec<ConversationObject>,
}

/// `GET /v1/conversations`: newest first unless `sort_order=ASC`; by creation unless `sort_field=updated_at`.
pub(super) async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Data<ConversationPage>, ApiError> {
    let bot_id = required("bot_id", params.bot_id.as_ref())?;
    let page_size = params.page_size.unwrap_or(LARGEST_PAGE);
    if !(1..=LARGEST_PAGE).contains(&page_size) {
        return Err(ApiError::parameter("page_size is not between 1 and 50"));
    }
    let before = params.page_num.unwrap_or(1).saturating_sub(1).saturating_mul(page_size);
    let connector_id = connector(params.connector_id.clone());

    let history = platform.history();
    let mut all: Vec<_> = history.conversations(&caller.identity, bot_id, &connector_id).collect();
    if params.sort_field.as_deref() == Some("updated_at") {
        all.sort_by_key(|conversation| conversation.updated_at);
    }
    if params.sort_order.as_deref() != Some("ASC") {
        all.reverse();
    }
    let page = all.iter().skip(before).take(page_size);
    Ok(Data(ConversationPage {
        has_more: all.len() > before.saturating_add(page_size),
        conversations: page.copied().map(ConversationObject::from).collect(),
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct RenameRequest {
    name: Option<String>,
}

/// `PUT /v1/conversations/{conversation_id}`
pub(super) async fn rename(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<RenameRequest>,
) -> Result<Data<ConversationObject>, ApiError> {
    let name = required("name", request.name.as_ref())?;
    check_name(name)?;
    let mut history = platform.history();
    let conversation = history.conversation(&caller.identity, &id)?;
    name.clone_into(&mut conversation.name);
    conversation.updated_at = platform.clock.now();
    Ok(Data((&*conversation).into()))
}

/// `DELETE /v1/conversations/{conversation_id}`
pub(super) async fn remove(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<NoData, ApiError> {
    platform.history().remove_conversation(&caller.identity, &id)?;
    Ok(NoData)
}

#[derive(Debug, Serialize)]
pub(super) struct SectionObject {
    id: String,
    conversation_id: String,
}

/// `POST /v1/conversations/{conversation_id}/clear`: starts a new section; the older messages are context no more.
pub(super) async fn clear(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Data<SectionObject>, ApiError> {
    let mut history = platform.history();
    let conversation = history.conversation(&caller.identity, &id)?;
    conversation.section_id = platform.ids.next();
    Ok(Data(SectionObject {
        id: conversation.section_id.clone(),
        conversation_id: id,
    }))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if name.chars().count() > LONGEST_NAME {
        return Err(ApiError::parameter("name is longer than 100 characters"));
    }
    Ok(())
}
