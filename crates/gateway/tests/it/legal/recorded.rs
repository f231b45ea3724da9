//! What the platform's own clients send.

use super::request::{Framing, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

const FILES: [(&str, &str); 3] = [
    ("cozepy", include_str!("recorded/cozepy-0.20.0.json")),
    ("@coze/api", include_str!("recorded/coze-api-1.3.9.json")),
    ("Chat SDK", include_str!("recorded/chat-sdk.json")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    method: String,
    target: String,
    fields: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    /// Instead of `body`, where it is no text.
    #[serde(default)]
    body_base64: String,
}

/// All of them.
pub fn all() -> Vec<Request> {
    FILES
        .into_iter()
        .flat_map(|(client, text)| read(client, text))
        .collect()
}

fn read(client: &str, text: &str) -> Vec<Request> {
    let entries: Vec<Entry> = serde_json::from_str(text).unwrap();
    let requests = entries.into_iter().map(|entry| {
        let binary = BASE64_STANDARD.decode(entry.body_base64).unwrap();
        let fields = entry.fields.into_iter();
        Request {
            name: client.to_owned(),
            method: entry.method,
            target: entry.target,
            arrives_as: None,
            version: "HTTP/1.1",
            fields: fields.map(|(name, value)| (name, value.into_bytes())).collect(),
            body: [entry.body.into_bytes(), binary].concat(),
            framing: Framing::AsStated,
        }
    });
    requests.collect()
}
