//! The JSON envelope around every answer of the API: `code`, `msg`, `data`, `detail.logid` in this order (protocol 4.1, 6).
//!
//! A handler returns [`Data`], [`Flat`], [`NoData`] or [`ApiError`] and knows no log id. The response that they become
//! is not finished: its JSON object is still open, and [`finish`] closes it with the log id at the rim, where the same
//! id also becomes the `X-Tt-Logid` header. So the two can never differ.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// `{"code":0,"msg":"","data":…}`
#[derive(Debug)]
pub(crate) struct Data<T>(pub(crate) T);

/// `{"code":0,"msg":"", …}` with the members of `T` beside the code, as message lists have them (protocol 6.7).
#[derive(Debug)]
pub(crate) struct Flat<T>(pub(crate) T);

/// `{"code":0,"msg":""}`
#[derive(Debug)]
pub(crate) struct NoData;

/// What an endpoint refuses, as the platform says it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// Protocol 4.3: `/v3/chat` answers a bad token with HTTP 200.
    #[error(
        "The token you entered is incorrect. Please double-check and try again. For more information, refer to \
         https://coze.cn/docs/developer_guides/authentication"
    )]
    TokenIncorrect,
    /// Protocol 4.3: the other endpoints answer it with HTTP 401.
    #[error("access token invalid")]
    AccessTokenInvalid,
    #[error(
        "Your token does not have permission to access {access}. Please verify whether the resource ID or \
         token is correct, and ensure that the necessary permissions are enabled at https://coze.cn/open/oauth/pats."
    )]
    NoPermission {
        /// The resource and the permission: `bot_id=75… chat`.
        access: String,
    },
    /// What a WebSocket says where HTTP names the resource (protocol 4.4).
    #[error(
        "Your token does not have permission to access resource. Please verify whether the resource ID or token is \
         correct."
    )]
    NoAccess,
    /// Real for `bot_id`; that other resources are named in the same way is invented.
    #[error("Requested resource {resource}={id} does not exist. Ensure you are the correct resource identifier.")]
    NotFound { resource: &'static str, id: String },
    #[error("The requested API endpoint {method} {path} does not exist. Please verify the URL and try again.")]
    NoSuchEndpoint { method: String, path: String },
    /// The first words are real, the detail after them is invented.
    #[error("Request parameter error: {0}")]
    Parameter(String),
    #[error("meta_data has more than 16 pairs, or one that is too long")] // invented
    MetaDataOverLimit,
    #[error("additional_messages invalid: {0}")] // invented
    AdditionalMessages(&'static str),
    #[error("auto_save_history must be true when stream is false")] // invented
    StreamlessWithoutHistory,
    #[error("The Bot is not currently published to the corresponding platform")]
    BotNotPublished,
    #[error("The conversation already has a chat in progress")] // invented
    ChatInProgress,
    #[error("The chat is over and can not be canceled")] // invented
    NotCancelable,
    #[error("The file is empty")] // invented
    EmptyFile,
    #[error("Only one file can be uploaded at a time")] // invented
    MoreThanOneFile,
    #[error("Internal error")] // invented
    Internal,
}

impl ApiError {
    pub(crate) fn parameter(detail: impl Into<String>) -> Self {
        Self::Parameter(detail.into())
    }

    /// The number alone, for answers that are no HTTP.
    pub(crate) fn code(&self) -> u32 {
        self.status_and_code().1
    }

    /// Status by protocol 4.3, 200 for what was not measured (protocol 13, point 13); code by protocol 4.5.
    fn status_and_code(&self) -> (StatusCode, u32) {
        match self {
            Self::AccessTokenInvalid => (StatusCode::UNAUTHORIZED, 700_012_006),
            Self::NoSuchEndpoint { .. } => (StatusCode::NOT_FOUND, 4000),
            Self::Parameter(_) => (StatusCode::OK, 4000),
            Self::MetaDataOverLimit => (StatusCode::OK, 4003),
            Self::AdditionalMessages(_) => (StatusCode::OK, 4004),
            Self::StreamlessWithoutHistory => (StatusCode::OK, 4007),
            Self::BotNotPublished => (StatusCode::OK, 4015),
            Self::ChatInProgress => (StatusCode::OK, 4016),
            Self::TokenIncorrect | Self::NoPermission { .. } | Self::NoAccess => (StatusCode::OK, 4101),
            Self::NotCancelable => (StatusCode::OK, 4104),
            Self::NotFound { .. } => (StatusCode::OK, 4200),
            Self::EmptyFile => (StatusCode::OK, 4300),
            Self::MoreThanOneFile => (StatusCode::OK, 4301),
            Self::Internal => (StatusCode::OK, 5000),
        }
    }
}

#[derive(Serialize)]
struct Envelope<T> {
    code: u32,
    msg: String,
    #[serde(flatten)]
    rest: T,
}

#[derive(Serialize)]
struct WithData<T> {
    data: T,
}

#[derive(Serialize)]
struct Nothing {}

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        unfinished(StatusCode::OK, 0, String::new(), WithData { data: self.0 })
    }
}

impl<T: Serialize> IntoResponse for Flat<T> {
    fn into_response(self) -> Response {
        unfinished(StatusCode::OK, 0, String::new(), self.0)
    }
}

impl IntoResponse for NoData {
    fn into_response(self) -> Response {
        unfinished(StatusCode::OK, 0, String::new(), Nothing {})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        unfinished(status, code, self.to_string(), Nothing {})
    }
}

/// The JSON object of an envelope, without its closing brace.
#[derive(Debug, Clone)]
struct OpenObject(String);

fn unfinished(status: StatusCode, code: u32, msg: String, rest: impl Serialize) -> Response {
    let Ok(mut json) = serde_json::to_string(&Envelope { code, msg, rest }) else {
        // Our own structs have string keys and finite numbers; nothing else makes serde_json fail.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    json.pop();
    let mut response = status.into_response();
    response.extensions_mut().insert(OpenObject(json));
    response
}

/// Completes an answer of this module with its log id, and leaves every other one (a stream, a fault) as it is.
pub(crate) fn finish(mut response: Response, log_id: &str) -> Response {
    if let Some(OpenObject(mut json)) = response.extensions_mut().remove() {
        json.extend([r#","detail":{"logid":""#, log_id, r#""}}"#]);
        *response.body_mut() = Body::from(json);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response
}
