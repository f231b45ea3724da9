//! The JSON body of a request to the OAuth family (protocol 2.2, 3.2).

use super::refusal::Refusal;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, header};
use serde_json::{Map, Value};

const BODY_LIMIT: usize = 64 * 1024;

/// A JSON object. `null` counts as absent: cozepy sends it for what is not set (protocol 2.2).
#[derive(Debug)]
pub(super) struct OAuthBody(Map<String, Value>);

impl OAuthBody {
    /// Reads a body; one that is not JSON is refused, also the form that RFC 6749 has (protocol 2.2).
    pub(super) async fn receive(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let bytes = to_bytes(body, BODY_LIMIT)
            .await
            .map_err(|_| Refusal::InvalidRequest("body"))?;
        Self::read(headers, &bytes)
    }

    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !content_type
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("application/json")
        {
            return Err(Refusal::InvalidRequest("content-type")); // invented
        }
        let object = serde_json::from_slice(body).map_err(|_| Refusal::InvalidRequest("body"))?; // invented
        Ok(Self(object))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Returns a text that is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.text(name).ok_or(Refusal::InvalidRequest(name))
    }
}

/// Returns what stands after `Bearer`; empty when nothing does, as JS and GO send it for public clients (protocol 3.2).
pub(super) fn bearer(headers: &HeaderMap) -> &str {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.strip_prefix("Bearer"))
        .unwrap_or_default()
        .trim()
}
