//! What handlers take out of a request, with refusals in the platform's own shape.

use crate::envelope::ApiError;
use crate::platform::Platform;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use bytes::Bytes;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Largest JSON body (protocol 7).
const BODY_LIMIT: usize = 15 * 1024 * 1024;

/// The query. A value that does not fit is a parameter error.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Platform>> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Platform>) -> Result<Self, ApiError> {
        let Query(params) = Query::try_from_uri(&parts.uri).map_err(|error| ApiError::parameter(error.to_string()))?;
        Ok(Self(params))
    }
}

/// The query of requests about one conversation.
#[derive(Debug, Deserialize)]
pub(super) struct ConversationParams {
    conversation_id: Option<String>,
}

impl ConversationParams {
    pub(super) fn id(&self) -> Result<&str, ApiError> {
        required("conversation_id", self.conversation_id.as_ref())
    }
}

/// The JSON body, whatever its content type says; no body at all counts as `{}`, because some clients send none where
/// all fields are optional (protocol 6.6).
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<Platform>> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Arc<Platform>) -> Result<Self, ApiError> {
        parse(&read(request.into_body()).await?).map(Self)
    }
}

pub(crate) async fn read(body: Body) -> Result<Bytes, ApiError> {
    to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| ApiError::parameter("the body is longer than 15 MB"))
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| ApiError::parameter(error.to_string()))
}

/// Returns a parameter that has to be there and not empty.
pub(crate) fn required<'a>(name: &str, value: Option<&'a String>) -> Result<&'a str, ApiError> {
    match value {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(ApiError::parameter(format!("{name} is required"))),
    }
}
