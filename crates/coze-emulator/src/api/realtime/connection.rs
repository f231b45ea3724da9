//! One open WebSocket: what comes is heard, what a session has to say is sent, until one side ends it.

use super::event::{Down, Up};
use crate::envelope::ApiError;
use crate::platform::Platform;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use std::sync::Arc;

/// What a connection is for.
pub(super) trait Session: Send {
    /// The first words, before anything was heard. An error is told and ends the connection.
    fn open(&mut self) -> Result<Vec<Down>, ApiError>;

    /// The answer to one event. An error is told and ends nothing.
    fn hear(&mut self, event: Up) -> Result<Vec<Down>, ApiError>;

    /// Waits for what the session says by itself. Dropped and called again, it loses nothing.
    fn next(&mut self) -> impl Future<Output = Vec<Down>> + Send;
}

/// Converses until the client leaves or the platform stops.
pub(super) async fn converse(
    mut socket: WebSocket,
    mut session: impl Session,
    platform: Arc<Platform>,
    log_id: String,
) {
    let first = session.open();
    let is_refused = first.is_err();
    let mut say = first.unwrap_or_else(|error| vec![Down::error(&error, None)]);
    loop {
        for down in say {
            let frame = Message::text(down.frame(&platform, &log_id));
            if socket.send(frame).await.is_err() {
                return;
            }
        }
        if is_refused {
            // Captured: a permission that is missing is told after the handshake, and then the close has no status (1005).
            return close(socket, None, &platform).await;
        }
        say = tokio::select! {
            () = platform.stopping.cancelled() => return close(socket, Some(going_away()), &platform).await,
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => heard(&mut session, &text),
                // Invented.
                Some(Ok(Message::Binary(_))) => {
                    vec![Down::error(&ApiError::parameter("events are text frames"), None)]
                }
                // Pings and closes are answered by the protocol's own layer, the latter with the next look.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => Vec::new(),
                Some(Err(_)) | None => return,
            },
            say = session.next() => say,
        };
    }
}

fn heard(session: &mut impl Session, text: &str) -> Vec<Down> {
    Up::parse(text)
        .and_then(|event| session.hear(event))
        .unwrap_or_else(|error| vec![Down::error(&error, Some(text))])
}

/// Closes, and waits until the client has closed as well.
async fn close(mut socket: WebSocket, frame: Option<CloseFrame>, platform: &Platform) {
    if socket.send(Message::Close(frame)).await.is_err() {
        return;
    }
    let drained = async { while let Some(Ok(_)) = socket.recv().await {} };
    platform.stopping.run_until_cancelled(drained).await;
}

fn going_away() -> CloseFrame {
    CloseFrame {
        code: close_code::AWAY,
        reason: "".into(),
    }
}
