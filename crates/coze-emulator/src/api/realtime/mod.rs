//! The platform's WebSocket (protocol 6.11): conversations with text and sound, speech, transcriptions.
//!
//! The handshake asks for a valid token and nothing else. Everything that it may lack is told on the open connection, in an
//! `error` event, which is what the platform was seen to do. [`connection`] holds the talk, one file each of [`chat`] and
//! [`audio`] knows what is talked about, [`event`] what it looks like, [`voice`] what it sounds like.

mod audio;
mod chat;
mod connection;
mod event;
mod voice;

use self::audio::{Interpretation, Speech, Transcription};
use self::chat::ChatSession;
use self::connection::{Session, converse};
use self::event::{Down, Up};
use super::caller::Caller;
use super::extract::Params;
use crate::envelope::ApiError;
use crate::platform::Platform;
use crate::query_authorization;
use crate::rim::LogId;
use axum::extract::{FromRequestParts, State, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use http::request::Parts;
use http::{HeaderMap, header};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Platform>> {
    Router::new()
        .route("/v1/chat", get(chat))
        .route("/v1/audio/speech", get(speech))
        .route("/v1/audio/transcriptions", get(transcriptions))
        .route("/v1/audio/simult_interpretation", get(simult_interpretation))
}

/// `workflow_id` and `device_id` are accepted, and nothing depends on them.
#[derive(Debug, Deserialize)]
struct ChatParams {
    bot_id: Option<String>,
}

async fn chat(opening: Opening, Params(params): Params<ChatParams>) -> Response {
    let session = ChatSession::new(Arc::clone(&opening.platform), opening.caller.clone(), params.bot_id);
    opening.accept(session)
}

async fn speech(opening: Opening) -> Response {
    opening.accept_if("createSpeech", Speech::default())
}

async fn transcriptions(opening: Opening) -> Response {
    opening.accept_if("createTranscription", Transcription::default())
}

/// Which permission it needs is not documented: as for a transcription.
async fn simult_interpretation(opening: Opening) -> Response {
    opening.accept_if("createTranscription", Interpretation::default())
}

/// A handshake with a token that is good.
struct Opening {
    platform: Arc<Platform>,
    caller: Caller,
    log_id: String,
    upgrade: WebSocketUpgrade,
}

impl FromRequestParts<Arc<Platform>> for Opening {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Self, Response> {
        use axum::response::IntoResponse;

        let caller = token(&parts.headers, parts.uri.query())
            .and_then(|token| Caller::find(platform, &token))
            // The status is known (401), the body is invented: it is that of the other endpoints.
            .ok_or_else(|| ApiError::AccessTokenInvalid.into_response())?;
        let State(platform) = State::<Arc<Platform>>::from_request_parts(parts, platform)
            .await
            .map_err(IntoResponse::into_response)?;
        let Extension(LogId(log_id)) = Extension::from_request_parts(parts, &platform)
            .await
            .map_err(IntoResponse::into_response)?;
        let upgrade = WebSocketUpgrade::from_request_parts(parts, &platform)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self {
            platform,
            caller,
            log_id,
            upgrade,
        })
    }
}

impl Opening {
    fn accept(self, session: impl Session + 'static) -> Response {
        let Self {
            platform,
            log_id,
            upgrade,
            ..
        } = self;
        let tasks = platform.tasks.clone();
        upgrade.on_upgrade(move |socket| tasks.track_future(converse(socket, session, platform, log_id)))
    }

    fn accept_if(self, permission: &'static str, session: impl Session + 'static) -> Response {
        let allowed = self.caller.may(&self.platform, permission);
        // The exact permission is not named on a WebSocket (protocol 4.4).
        let allowed = allowed.map_err(|_| ApiError::NoAccess);
        self.accept(Guarded { allowed, session })
    }
}

/// A session that may turn out not to be allowed.
struct Guarded<S> {
    allowed: Result<(), ApiError>,
    session: S,
}

impl<S: Session> Session for Guarded<S> {
    fn open(&mut self) -> Result<Vec<Down>, ApiError> {
        self.allowed.clone()?;
        self.session.open()
    }

    fn hear(&mut self, event: Up) -> Result<Vec<Down>, ApiError> {
        self.session.hear(event)
    }

    fn next(&mut self) -> impl Future<Output = Vec<Down>> + Send {
        self.session.next()
    }
}

/// Returns the token, from the header or from the query. Which one counts when both are there is not known; the official
/// JavaScript client sends the same one twice.
fn token(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let in_header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let value = in_header
        .map(str::to_owned)
        .or_else(|| query_authorization::read(query))?;
    Some(value.strip_prefix("Bearer ")?.trim().to_owned()).filter(|token| !token.is_empty())
}
