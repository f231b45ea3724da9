//! The API proper: everything under `/v1` and `/v3`.
//!
//! One file per kind of object; [`wire`] holds what they look like as JSON, [`extract`] what handlers take out of a
//! request, [`caller`] who is asking, [`permission`] what an
//! endpoint asks of a narrowed token. [`realtime`] is the part of it that is spoken over WebSocket.

mod bots;
mod caller;
mod chat;
mod chat_request;
mod chat_start;
mod conversations;
mod extract;
mod files;
mod messages;
mod permission;
mod realtime;
mod sse;
mod users;
mod wire;

pub use permission::PERMISSIONS;

use crate::envelope::ApiError;
use crate::platform::Platform;
use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post, put};
use std::sync::Arc;

/// All endpoints of the sheet that the double knows.
pub(crate) fn routes() -> Router<Arc<Platform>> {
    Router::new()
        .route("/v3/chat", post(chat::create))
        // Documented as GET; the official clients use POST as well (protocol 6.5).
        .route("/v3/chat/retrieve", get(chat::retrieve).post(chat::retrieve))
        .route("/v3/chat/message/list", get(chat::messages).post(chat::messages))
        .route("/v3/chat/cancel", post(chat::cancel))
        .route("/v1/conversation/create", post(conversations::create))
        .route(
            "/v1/conversation/retrieve",
            get(conversations::retrieve).post(conversations::retrieve),
        )
        .route("/v1/conversations", get(conversations::list))
        .route(
            "/v1/conversations/{conversation_id}",
            put(conversations::rename).delete(conversations::remove),
        )
        .route("/v1/conversations/{conversation_id}/clear", post(conversations::clear))
        .route(
            "/v1/conversations/{conversation_id}/messages/{message_id}/feedback",
            post(messages::feedback).delete(messages::feedback),
        )
        .route("/v1/conversation/message/create", post(messages::create))
        .route("/v1/conversation/message/list", post(messages::list))
        .route(
            "/v1/conversation/message/retrieve",
            get(messages::retrieve).post(messages::retrieve),
        )
        .route("/v1/conversation/message/modify", post(messages::modify))
        .route("/v1/conversation/message/delete", post(messages::delete))
        .route("/v1/bots", get(bots::list))
        .route("/v1/bots/{bot_id}", get(bots::retrieve))
        .route("/v1/bot/get_online_info", get(bots::online_info))
        .route("/v1/space/published_bots_list", get(bots::published_in_space))
        .route("/v1/files/upload", post(files::upload))
        .route("/v1/files/retrieve", get(files::retrieve).post(files::retrieve))
        .route("/v1/users/me", get(users::me))
        .route("/v1/workspaces", get(users::workspaces))
        .merge(realtime::routes())
        .fallback(no_such_endpoint)
        .method_not_allowed_fallback(no_such_endpoint)
}

/// Protocol 4.3: an unknown path, or a known one with another method.
async fn no_such_endpoint(request: Request) -> ApiError {
    ApiError::NoSuchEndpoint {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
    }
}
