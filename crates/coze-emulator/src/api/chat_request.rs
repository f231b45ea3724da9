//! What `POST /v3/chat` accepts, and in which order it refuses (protocol 6.1, 12.4).

use super::extract::required;
use crate::bots::{self, Bot};
use crate::envelope::ApiError;
use crate::history::{MetaData, Role};
use serde::Deserialize;
use serde_json::Value;

/// API channel, used when a request names none (protocol 5).
const DEFAULT_CONNECTOR: &str = "1024";
const MOST_MESSAGES: usize = 100;

/// The body. Fields that the demo bots have no use for (`custom_variables`, `shortcut_command`, ...) are ignored.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ChatRequest {
    pub(super) bot_id: Option<String>,
    user_id: Option<String>,
    additional_messages: Option<Vec<EnterMessage>>,
    stream: Option<bool>,
    auto_save_history: Option<bool>,
    meta_data: Option<MetaData>,
    connector_id: Option<String>,
}

/// A message as clients hand it in.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct EnterMessage {
    pub(super) role: Role,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) content: String,
    pub(super) content_type: Option<String>,
    pub(super) meta_data: Option<MetaData>,
}

/// A request that may become a chat.
#[derive(Debug)]
pub(super) struct CheckedRequest {
    pub(super) bot: &'static Bot,
    pub(super) messages: Vec<EnterMessage>,
    pub(super) stream: bool,
    pub(super) save: bool,
    pub(super) meta_data: MetaData,
    pub(super) connector_id: String,
}

impl ChatRequest {
    /// Refuses a bot that does not exist. This check comes even before the token's (protocol 4.3).
    pub(super) fn check_bot_exists(&self) -> Result<(), ApiError> {
        match self.bot_id.as_deref() {
            Some(id) if !id.is_empty() && bots::find(id).is_none() => Err(no_bot(id)),
            _ => Ok(()),
        }
    }

    /// Checks the rest of the body, in a guessed order.
    pub(super) fn check(self) -> Result<CheckedRequest, ApiError> {
        let bot_id = required("bot_id", self.bot_id.as_ref())?;
        let bot = bots::find(bot_id).ok_or_else(|| no_bot(bot_id))?;
        if !bot.published {
            return Err(ApiError::BotNotPublished);
        }
        required("user_id", self.user_id.as_ref())?;
        let (stream, save) = (self.stream.unwrap_or(false), self.auto_save_history.unwrap_or(true));
        if !stream && !save {
            return Err(ApiError::StreamlessWithoutHistory);
        }
        let messages = self.additional_messages.unwrap_or_default();
        if messages.len() > MOST_MESSAGES {
            return Err(ApiError::AdditionalMessages("more than 100"));
        }
        messages.iter().try_for_each(EnterMessage::check)?;
        let meta_data = self.meta_data.unwrap_or_default();
        check_meta_data(&meta_data)?;
        Ok(CheckedRequest {
            bot,
            messages,
            stream,
            save,
            meta_data,
            connector_id: connector(self.connector_id),
        })
    }
}

impl EnterMessage {
    /// What a user said.
    pub(super) fn of_user(content: String) -> Self {
        Self {
            role: Role::User,
            kind: None,
            content,
            content_type: None,
            meta_data: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), ApiError> {
        self.meta_data.as_ref().map_or(Ok(()), check_meta_data)?;
        match self.content_type() {
            "text" => Ok(()),
            "object_string" => check_object_string(&self.content),
            other => Err(ApiError::parameter(format!("content_type {other} is unknown"))),
        }
    }

    /// The files that the message names.
    pub(super) fn file_ids(&self) -> Vec<String> {
        if self.content_type() != "object_string" {
            return Vec::new();
        }
        let items: Vec<Value> = serde_json::from_str(&self.content).unwrap_or_default();
        let ids = items.iter().filter_map(|item| item.get("file_id")?.as_str());
        ids.map(str::to_owned).collect()
    }

    pub(super) fn content_type(&self) -> &str {
        self.content_type
            .as_deref()
            .filter(|text| !text.is_empty())
            .unwrap_or("text")
    }
}

/// Protocol 6.1: at most one text item, and never text alone.
fn check_object_string(content: &str) -> Result<(), ApiError> {
    let items: Vec<Value> =
        serde_json::from_str(content).map_err(|_| ApiError::parameter("content is not a list of objects"))?;
    let texts = items
        .iter()
        .filter(|item| item.get("type").and_then(Value::as_str) == Some("text"))
        .count();
    if texts > 1 || texts == items.len() {
        return Err(ApiError::parameter(
            "object_string needs one file at least and one text at most",
        ));
    }
    Ok(())
}

/// Protocol 6.1: 16 pairs, keys of 1 to 64 and values of 1 to 512 characters.
pub(super) fn check_meta_data(meta_data: &MetaData) -> Result<(), ApiError> {
    let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
    let all_fit = meta_data.iter().all(|(key, value)| fits(key, 64) && fits(value, 512));
    if meta_data.len() > 16 || !all_fit {
        return Err(ApiError::MetaDataOverLimit);
    }
    Ok(())
}

/// Returns the channel of a request; `""` counts as absent, because one client always sends the field.
pub(super) fn connector(asked_for: Option<String>) -> String {
    asked_for
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| DEFAULT_CONNECTOR.to_owned())
}

pub(super) fn no_bot(id: &str) -> ApiError {
    ApiError::NotFound {
        resource: "bot_id",
        id: id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<CheckedRequest, ApiError> {
        serde_json::from_str::<ChatRequest>(json).unwrap().check()
    }

    #[test]
    fn minimal_request_takes_the_documented_defaults() {
        let request = check(r#"{"bot_id":"7500000000000000001","user_id":"u","connector_id":""}"#).unwrap();

        assert!(!request.stream && request.save);
        assert_eq!(request.connector_id, "1024");
    }

    #[test]
    fn history_is_required_without_a_stream() {
        let refused = check(r#"{"bot_id":"7500000000000000001","user_id":"u","auto_save_history":false}"#);

        assert_eq!(refused.unwrap_err(), ApiError::StreamlessWithoutHistory);
    }

    #[test]
    fn text_alone_is_no_object_string() {
        assert!(check_object_string(r#"[{"type":"text","text":"a"}]"#).is_err());
        assert!(check_object_string(r#"[{"type":"text","text":"a"},{"type":"image","file_id":"1"}]"#).is_ok());
    }
}
