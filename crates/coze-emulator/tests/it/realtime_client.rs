//! A WebSocket client that hears and says events.

use crate::support::Coze;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// One open connection.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// `X-Tt-Logid` of the handshake.
    pub(crate) log_id: String,
}

/// How the platform ended it.
pub(crate) type Closed = Option<CloseFrame>;

impl Socket {
    /// Opens `path` with the token in the header.
    pub(crate) async fn open(coze: &Coze, token: &str, path: &str) -> Self {
        Self::try_open(coze, Some(token), path).await.unwrap()
    }

    /// The same where the platform may refuse; `None` sends no header.
    pub(crate) async fn try_open(coze: &Coze, token: Option<&str>, path: &str) -> Result<Self, Error> {
        let mut request = format!("{}{path}", coze.emulator.ws_base()).into_client_request()?;
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
            request.headers_mut().insert("authorization", value);
        }
        let (stream, response) = connect_async(request).await?;
        Ok(Self {
            stream,
            log_id: log_id(&response),
        })
    }

    pub(crate) async fn say(&mut self, event_type: &str, data: Value) {
        let event = json!({ "id": "mine", "event_type": event_type, "data": data });
        self.say_text(&event.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// Says what a user wrote.
    pub(crate) async fn ask(&mut self, text: &str) {
        let message = json!({ "role": "user", "content_type": "text", "content": text });
        self.say("conversation.message.create", message).await;
    }

    /// The next event as it came.
    pub(crate) async fn hear_text(&mut self) -> String {
        match self.stream.next().await.unwrap().unwrap() {
            Message::Text(text) => text.to_string(),
            other => panic!("no event: {other:?}"),
        }
    }

    pub(crate) async fn hear(&mut self) -> Value {
        serde_json::from_str(&self.hear_text().await).unwrap()
    }

    /// All events up to the first `last`.
    pub(crate) async fn hear_until(&mut self, last: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.hear().await;
            let is_last = event["event_type"] == last;
            events.push(event);
            if is_last {
                return events;
            }
        }
    }

    /// Waits for the end that the platform makes.
    pub(crate) async fn closed(mut self) -> Closed {
        match self.stream.next().await.unwrap().unwrap() {
            Message::Close(frame) => frame,
            other => panic!("no close: {other:?}"),
        }
    }

    pub(crate) async fn close(mut self) {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.stream.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = self.stream.next().await {}
    }
}

/// The types of `events`, each run of the same one told once.
pub(crate) fn types(events: &[Value]) -> Vec<&str> {
    let mut types: Vec<&str> = events
        .iter()
        .map(|event| event["event_type"].as_str().unwrap())
        .collect();
    types.dedup();
    types
}

pub(crate) fn log_id<B>(response: &tokio_tungstenite::tungstenite::http::Response<B>) -> String {
    let value = response.headers().get("x-tt-logid").unwrap();
    value.to_str().unwrap().to_owned()
}
