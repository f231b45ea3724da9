//! `/v3/chat` and the endpoints about one chat (protocol 6.1 to 6.5).

use super::caller::{Caller, bearer};
use super::chat_request::ChatRequest;
use super::extract::{JsonBody, Params, parse, read, required};
use super::wire::{ChatObject, MessageObject};
use super::{chat_start, sse};
use crate::envelope::{ApiError, Data};
use crate::generation::Told;
use crate::platform::Platform;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// Names one chat, in the query or (for cancel) in the body.
#[derive(Debug, Deserialize)]
pub(super) struct ChatKey {
    conversation_id: Option<String>,
    chat_id: Option<String>,
}

impl ChatKey {
    fn both(&self) -> Result<(&str, &str), ApiError> {
        Ok((
            required("conversation_id", self.conversation_id.as_ref())?,
            required("chat_id", self.chat_id.as_ref())?,
        ))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct CreateParams {
    conversation_id: Option<String>,
}

/// `POST /v3/chat`: starts a chat, and streams it if asked to.
pub(super) async fn create(
    State(platform): State<Arc<Platform>>,
    Params(params): Params<CreateParams>,
    request: Request,
) -> Result<Response, ApiError> {
    // The order of refusals is the platform's (protocol 12.4): no header, unknown bot, bad token, everything else.
    let (parts, body) = request.into_parts();
    let token = bearer(&parts.headers).ok_or(ApiError::TokenIncorrect)?;
    let body = read(body).await?;
    let request: Result<ChatRequest, ApiError> = parse(&body);
    request.as_ref().map_or(Ok(()), ChatRequest::check_bot_exists)?;
    let caller = Caller::find(&platform, token).ok_or(ApiError::TokenIncorrect)?;
    let request = request?.check()?;
    caller.may(&platform, "chat")?;
    caller.may_use(&platform, request.bot.id)?;

    let stream = request.stream;
    let conversation_id = params.conversation_id.filter(|id| !id.is_empty());
    let begun = chat_start::begin(&platform, caller, request, conversation_id)?;
    let mut performance = begun.performance;
    let (listener, told) = mpsc::unbounded_channel();
    performance.listener = stream.then_some(listener);
    platform.tasks.spawn(performance.run(Arc::clone(&platform)));
    Ok(if stream {
        event_stream(told)
    } else {
        Data(begun.chat).into_response()
    })
}

/// `GET` or `POST /v3/chat/retrieve`: the state of a chat.
pub(super) async fn retrieve(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(key): Params<ChatKey>,
) -> Result<Data<ChatObject>, ApiError> {
    let (conversation_id, chat_id) = key.both()?;
    let history = platform.history();
    Ok(Data(history.chat(&caller.identity, conversation_id, chat_id)?.into()))
}

/// `GET` or `POST /v3/chat/message/list`: what the bot said in one chat. Verbose messages come first, as in the
/// documented sample (protocol 6.5).
pub(super) async fn messages(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(key): Params<ChatKey>,
) -> Result<Data<Vec<MessageObject>>, ApiError> {
    let (conversation_id, chat_id) = key.both()?;
    let history = platform.history();
    let said = &history.chat(&caller.identity, conversation_id, chat_id)?.messages;
    let (verbose, rest): (Vec<_>, Vec<_>) = said.iter().partition(|message| message.kind == "verbose");
    Ok(Data(verbose.into_iter().chain(rest).map(MessageObject::from).collect()))
}

/// `POST /v3/chat/cancel`: stops a running chat; 4104 when there is nothing left to stop.
pub(super) async fn cancel(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    JsonBody(key): JsonBody<ChatKey>,
) -> Result<Data<ChatObject>, ApiError> {
    let (conversation_id, chat_id) = key.both()?;
    let mut history = platform.history();
    Ok(Data(
        history.cancel_chat(&caller.identity, conversation_id, chat_id)?.into(),
    ))
}

/// A body that is sent frame by frame as they come, and ends when the chat's task drops its end.
fn event_stream(told: UnboundedReceiver<Told>) -> Response {
    let body = stream::unfold(told, |mut told| async {
        let frame = sse::told(&told.recv().await?);
        Some((frame, told))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}
