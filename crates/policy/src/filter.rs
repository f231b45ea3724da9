//! Allow list for the answers that describe bots, apps and workflows (A7): no prompt, model, plugin or knowledge passes.
//!
//! The answer is written anew from the names that are listed, so that a member that the platform adds later does not
//! pass either.

use serde_json::{Map, Value};
use std::borrow::Cow;

/// A longer answer is refused.
pub const MAX_ANSWER: usize = 1024 * 1024;

/// The members of `data` that the Chat SDK (`use-request-init`, `get-bot-info`) and our window read.
pub const FIELDS: [&str; 17] = [
    "app_id",
    "background_image_info",
    "bot_id",
    "bot_mode",
    "create_time",
    "default_user_input_type",
    "description",
    "icon_url",
    "media_config",
    "name",
    "onboarding_info",
    "shortcut_commands",
    "suggest_reply_info",
    "update_time",
    "version",
    "voice_info_list",
    "workflow_id",
];

/// The role of a workflow, which is its bot: the Chat SDK reads it in app mode (`WorkflowInfoResp`).
const ROLE_FIELDS: [&str; 11] = [
    "audio_config",
    "avatar",
    "background_image_info",
    "connector_id",
    "description",
    "id",
    "name",
    "onboarding_info",
    "suggest_reply_info",
    "user_input_config",
    "workflow_id",
];

/// The settings of suggested questions, without the prompt that makes them.
const SUGGEST_FIELDS: [&str; 2] = ["reply_mode", "suggest_reply_mode"];

/// What an answer has beside its data.
const ENVELOPE: [&str; 4] = ["code", "msg", "detail", "error"];

/// Names that are dropped at every depth unless `bot_fields` lists them. Names with `prompt` in them are always dropped.
const HIDDEN: [&str; 8] = [
    "folder_id",
    "knowledge",
    "model_info",
    "model_info_list",
    "owner_user_id",
    "plugin_info_list",
    "variables",
    "workflow_info_list",
];

/// An answer that could not be filtered. It must not reach a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is longer than 1 MiB, or not the JSON that was expected")]
pub struct AnswerNotFiltered;

/// Writes an answer anew with the members that a visitor may see. `extra` is `bot_fields` of the site.
///
/// An answer with another status than 200 that is not JSON is an error page of a server in between, and passes.
pub fn filter<'a>(status: u16, body: &'a [u8], extra: &[Box<str>]) -> Result<Cow<'a, [u8]>, AnswerNotFiltered> {
    let is_success = (200..300).contains(&status);
    if body.len() > MAX_ANSWER {
        return Err(AnswerNotFiltered);
    }
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(body) else {
        return if is_success {
            Err(AnswerNotFiltered)
        } else {
            Ok(Cow::Borrowed(body))
        };
    };
    let data = match answer.remove("data") {
        Some(Value::Object(data)) => Value::Object(filtered_data(data, extra)),
        None | Some(Value::Null) => Value::Null,
        // Nothing describes a bot by another value. An error says what it has to say beside its data.
        Some(_) if is_error(&answer) => Value::Null,
        Some(_) => return Err(AnswerNotFiltered),
    };
    answer.retain(|name, _| ENVELOPE.contains(&name.as_str()));
    for value in answer.values_mut() {
        drop_hidden(value, &[]);
    }
    if !data.is_null() {
        answer.insert("data".to_owned(), data);
    }
    serde_json::to_vec(&answer)
        .map(Cow::Owned)
        .map_err(|_| AnswerNotFiltered)
}

fn is_error(answer: &Map<String, Value>) -> bool {
    answer.get("code").and_then(Value::as_i64).is_some_and(|code| code != 0)
}

fn filtered_data(mut data: Map<String, Value>, extra: &[Box<str>]) -> Map<String, Value> {
    let role = data.remove("role");
    retain(&mut data, &FIELDS, extra);
    if let Some(Value::Object(mut role)) = role {
        retain(&mut role, &ROLE_FIELDS, extra);
        data.insert("role".to_owned(), Value::Object(role));
    }
    data
}

fn retain(object: &mut Map<String, Value>, fields: &[&str], extra: &[Box<str>]) {
    object.retain(|name, _| {
        let is_listed = fields.contains(&name.as_str()) || extra.iter().any(|field| **field == **name);
        is_listed && !is_hidden(name, extra)
    });
    if let Some(suggest) = object.get_mut("suggest_reply_info") {
        match suggest {
            Value::Object(members) => members.retain(|name, _| SUGGEST_FIELDS.contains(&name.as_str())),
            other => *other = Value::Null,
        }
    }
    for value in object.values_mut() {
        drop_hidden(value, extra);
    }
}

fn is_hidden(name: &str, extra: &[Box<str>]) -> bool {
    let name = name.to_ascii_lowercase();
    let is_asked_for = extra.iter().any(|field| **field == *name);
    name.contains("prompt") || (HIDDEN.contains(&name.as_str()) && !is_asked_for)
}

/// Drops hidden members at every depth. The depth is that of the parser, 128 at most.
fn drop_hidden(value: &mut Value, extra: &[Box<str>]) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !is_hidden(name, extra));
            members.values_mut().for_each(|value| drop_hidden(value, extra));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| drop_hidden(value, extra)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filtered(body: &Value, extra: &[&str]) -> Value {
        let extra: Vec<Box<str>> = extra.iter().map(|name| (*name).into()).collect();
        let body = body.to_string();
        serde_json::from_slice(&filter(200, body.as_bytes(), &extra).unwrap()).unwrap()
    }

    #[test]
    fn what_a_chat_window_reads_passes_and_the_rest_does_not() {
        let answer = json!({
            "code": 0, "msg": "", "detail": {"logid": "2026"}, "debug_url": "https://x",
            "data": {
                "bot_id": "75", "name": "Echo", "icon_url": "u", "version": "1", "bot_mode": 0,
                "onboarding_info": {"prologue": "Hi", "suggested_questions": ["?"]},
                "suggest_reply_info": {"reply_mode": "customized", "customized_prompt": "SECRET"},
                "media_config": {"is_voice_call_closed": true},
                "prompt_info": {"prompt": "SECRET"}, "model_info": {"model_id": "1"}, "knowledge": {},
                "owner_user_id": "1", "folder_id": "2", "something_new": 1,
            },
        });

        let mut expected = json!({
            "code": 0, "msg": "", "detail": {"logid": "2026"},
            "data": {
                "bot_id": "75", "name": "Echo", "icon_url": "u", "version": "1", "bot_mode": 0,
                "onboarding_info": {"prologue": "Hi", "suggested_questions": ["?"]},
                "suggest_reply_info": {"reply_mode": "customized"},
                "media_config": {"is_voice_call_closed": true},
            },
        });
        assert_eq!(filtered(&answer, &[]), expected);

        expected["data"]["model_info"] = json!({"model_id": "1"});
        assert_eq!(filtered(&answer, &["model_info", "prompt_info"]), expected);
    }

    #[test]
    fn errors_pass_and_what_is_not_understood_does_not() {
        let error = json!({"code": 4200, "msg": "does not exist", "detail": {"logid": "1"}});
        assert_eq!(filtered(&error, &[]), error);

        assert_eq!(filter(502, b"<html>", &[]), Ok(Cow::Borrowed(&b"<html>"[..])));
        let too_long = format!(r#"{{"code":0,"data":{{"name":"{}"}}}}"#, "x".repeat(MAX_ANSWER));
        for body in [
            "<html>",
            "",
            "[]",
            r#"{"data":[]}"#,
            r#"{"code":0,"data":"x"}"#,
            "{",
            &too_long,
        ] {
            assert_eq!(filter(200, body.as_bytes(), &[]), Err(AnswerNotFiltered));
        }
    }
}
