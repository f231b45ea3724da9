//! An answer of the platform's OAuth service: success, refusal, or the answer of another service (protocol 4.1).
//!
//! At most 64 KiB are read. Nothing is trusted: success may be an error (`code != 0` under HTTP 200), and the answer
//! may come from another service altogether.

use super::values::{header, log_id_in_body, retry_after, whole_number};
use crate::error::{AnswerFlaw, AuthError, Refusal, RefusalKind};
use crate::quote::quote;
use reqwest::header::{CONTENT_TYPE, HeaderName};
use serde_json::{Map, Value};
use std::time::Duration;

/// The largest answer that is read, in bytes. A real one has less than two thousand.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Every answer of the platform carries its name for the request there (protocol 4.1).
const LOG_ID: HeaderName = HeaderName::from_static("x-tt-logid");

/// An answer that was read to its end.
pub(super) struct Answer {
    host: String,
    status: u16,
    content_type: Option<String>,
    retry_after: Option<Duration>,
    log_id: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    pub(super) async fn read(mut response: reqwest::Response, host: String) -> Result<Self, AuthError> {
        let mut answer = Self {
            host,
            status: response.status().as_u16(),
            content_type: header(response.headers(), &CONTENT_TYPE),
            retry_after: retry_after(response.headers()),
            log_id: header(response.headers(), &LOG_ID),
            body: Vec::new(),
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if answer.body.len() + chunk.len() > LARGEST_ANSWER => {
                    return Err(answer.malformed(AnswerFlaw::TooLarge));
                }
                Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
                Ok(None) => return Ok(answer),
                Err(error) if error.is_timeout() => return Err(AuthError::TimedOut { host: answer.host }),
                Err(_) => return Err(answer.malformed(AnswerFlaw::Incomplete)),
            }
        }
    }

    /// An answer whose body is at hand.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn of_bytes(status: u16, body: &[u8]) -> Self {
        Self {
            host: "coze.example".to_owned(),
            status,
            content_type: None,
            retry_after: None,
            log_id: None,
            body: body.to_vec(),
        }
    }

    /// Reads the members of a success; everything else is an error, whatever the status says.
    pub(super) fn into_success(mut self, secrets: &[&str]) -> Result<Success, AuthError> {
        let members = match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => members,
            Ok(_) if self.is_success() => return Err(self.malformed(AnswerFlaw::NotAnObject)),
            Ok(_) | Err(_) => return Err(self.not_json()),
        };
        self.log_id = self
            .log_id
            .or_else(|| log_id_in_body(&members))
            .map(|id| quote(&id, secrets));
        if let Some(refusal) = self.refusal(&members, secrets) {
            return Err(AuthError::Refused(Box::new(refusal)));
        }
        if !self.is_success() {
            return Err(self.not_json());
        }
        Ok(Success {
            host: self.host,
            log_id: self.log_id,
            members,
        })
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Finds an error of either family (protocol 4.1), under any status.
    fn refusal(&self, members: &Map<String, Value>, secrets: &[&str]) -> Option<Refusal> {
        let text = |names: &[&str]| {
            let found = names
                .iter()
                .find_map(|name| members.get(*name)?.as_str().filter(|text| !text.is_empty()))?;
            Some(quote(found, secrets))
        };
        let error_code = text(&["error_code", "error"]);
        let error_message = text(&["error_message", "error_description"]);
        let code = members.get("code").and_then(whole_number).filter(|code| *code != 0);
        if error_code.is_none() && error_message.is_none() && code.is_none() {
            return None;
        }
        let msg = text(&["msg"]);
        let hint = RefusalKind::of(
            self.status,
            error_code.as_deref(),
            error_message.as_deref().or(msg.as_deref()),
        );
        Some(Refusal {
            status: self.status,
            error_code,
            error_message,
            code,
            msg,
            log_id: self.log_id.clone(),
            hint,
        })
    }

    fn malformed(&self, flaw: AnswerFlaw) -> AuthError {
        AuthError::MalformedAnswer {
            host: self.host.clone(),
            flaw,
            log_id: self.log_id.clone(),
        }
    }

    /// Names an answer without a word of the platform in it: a server that is down, or another service.
    fn not_json(self) -> AuthError {
        let Self {
            host,
            status,
            content_type,
            retry_after,
            log_id,
            ..
        } = self;
        match status {
            429 | 500.. => AuthError::Unavailable {
                host,
                status,
                retry_after,
                log_id,
            },
            _ => AuthError::NotTheApi {
                host,
                status,
                content_type,
                log_id,
            },
        }
    }
}

/// An answer that is no refusal.
pub(super) struct Success {
    pub(super) host: String,
    pub(super) log_id: Option<String>,
    members: Map<String, Value>,
}

impl Success {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub(super) fn malformed(&self, flaw: AnswerFlaw) -> AuthError {
        AuthError::MalformedAnswer {
            host: self.host.clone(),
            flaw,
            log_id: self.log_id.clone(),
        }
    }
}
