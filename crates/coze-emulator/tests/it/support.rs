//! A client that knows the protocol just well enough: signs assertions, asks, reads frames.

use coze_emulator::{DemoApp, Emulator, EmulatorConfig};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) const ECHO: &str = "7500000000000000001";
pub(crate) const MEMORY: &str = "7500000000000000002";
pub(crate) const CLOCK: &str = "7500000000000000003";
pub(crate) const DRAFT: &str = "7500000000000000004";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// An emulator and a way to talk to it.
pub(crate) struct Coze {
    pub(crate) emulator: Emulator,
    http: Client,
}

impl Coze {
    /// Starts one that speaks without pauses.
    pub(crate) async fn start() -> Self {
        Self::start_with(EmulatorConfig {
            delta_spacing: Duration::ZERO,
            ..EmulatorConfig::default()
        })
        .await
    }

    pub(crate) async fn start_with(config: EmulatorConfig) -> Self {
        let emulator = Emulator::start(config).await.unwrap();
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { emulator, http }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.emulator.api_base()))
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        self.request(Method::GET, path)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: Value) -> Value {
        self.request(Method::POST, path)
            .bearer_auth(token)
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Exchanges `jwt` for a token.
    pub(crate) async fn exchange(&self, jwt: &str, body: Value) -> Response {
        let request = self
            .request(Method::POST, "/api/permission/oauth2/token")
            .bearer_auth(jwt);
        request.json(&body).send().await.unwrap()
    }

    /// Buys an access token for `session_name`.
    pub(crate) async fn token(&self, session_name: &str) -> String {
        let mut claims = self.claims();
        claims["session_name"] = json!(session_name);
        let jwt = sign(&self.emulator.jwt_app(), &claims);
        let answer: Value = self
            .exchange(&jwt, json!({"grant_type": JWT_BEARER}))
            .await
            .json()
            .await
            .unwrap();
        answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token: {answer}"))
            .to_owned()
    }

    /// Returns claims that are accepted, with a new `jti`.
    pub(crate) fn claims(&self) -> Value {
        static JTI: AtomicU64 = AtomicU64::new(0);
        let now = self.emulator.clock().now();
        json!({
            "iss": self.emulator.jwt_app().client_id,
            "aud": self.emulator.addr().to_string(),
            "iat": now,
            "exp": now + 600,
            "jti": JTI.fetch_add(1, Ordering::Relaxed).to_string(),
        })
    }

    /// Starts a streamed chat with `text`.
    pub(crate) async fn stream(&self, token: &str, bot_id: &str, query: &str, text: &str) -> Response {
        let request = self
            .request(Method::POST, &format!("/v3/chat{query}"))
            .bearer_auth(token);
        request.json(&question(bot_id, text, true)).send().await.unwrap()
    }

    /// Chats and returns the whole answer's text and the conversation's id.
    pub(crate) async fn say(&self, token: &str, bot_id: &str, query: &str, text: &str) -> (String, String) {
        let body = self.stream(token, bot_id, query, text).await.text().await.unwrap();
        let answer = frames(&body)
            .into_iter()
            .find(|(event, data)| event == "conversation.message.completed" && data["type"] == "answer")
            .unwrap_or_else(|| panic!("no answer: {body}"))
            .1;
        (string(&answer["content"]), string(&answer["conversation_id"]))
    }
}

/// Returns the body of a chat request with one question.
pub(crate) fn question(bot_id: &str, text: &str, stream: bool) -> Value {
    json!({
        "bot_id": bot_id,
        "user_id": "u",
        "stream": stream,
        "additional_messages": [{"role": "user", "content": text, "content_type": "text"}],
    })
}

pub(crate) fn sign(app: &DemoApp, claims: &Value) -> String {
    let header = Header {
        kid: Some(app.public_key_id.clone()),
        ..Header::new(Algorithm::RS256)
    };
    let key = EncodingKey::from_rsa_pem(app.private_key_pem.as_bytes()).unwrap();
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

/// Splits a stream into events and their data.
pub(crate) fn frames(body: &str) -> Vec<(String, Value)> {
    body.split_terminator("\n\n")
        .map(|frame| {
            let (event, data) = frame.split_once('\n').unwrap();
            let event = event.strip_prefix("event:").unwrap().to_owned();
            (
                event,
                serde_json::from_str(data.strip_prefix("data:").unwrap()).unwrap(),
            )
        })
        .collect()
}

pub(crate) fn string(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a string: {value}"))
        .to_owned()
}
