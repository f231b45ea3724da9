//! The bytes of a streamed chat, and when they come.

use crate::support::{CLOCK, Coze, ECHO, frames, question, string};
use coze_emulator::EmulatorConfig;
use reqwest::Response;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::yield_now;

#[tokio::test]
async fn stream_has_exactly_the_documented_bytes() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;

    let response = coze.stream(&token, ECHO, "", "你好 world").await;

    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let body = response.text().await.unwrap();
    assert_eq!(with_names_for_ids(&body), include_str!("streaming.sse"));
}

/// Replaces what differs from run to run: `ID1` is the first id seen, and so on; `TIME` is a Unix time.
fn with_names_for_ids(body: &str) -> String {
    let mut ids: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut rest = body;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        let (before, from_digit) = rest.split_at(start);
        let end = from_digit
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(from_digit.len());
        let (digits, after) = from_digit.split_at(end);
        text.push_str(before);
        match digits.len() {
            19 if digits != ECHO => {
                let number = ids.iter().position(|id| id == digits).unwrap_or_else(|| {
                    ids.push(digits.to_owned());
                    ids.len() - 1
                });
                text.extend(["ID".to_owned(), (number + 1).to_string()]);
            }
            10 => text.push_str("TIME"),
            _ => text.push_str(digits),
        }
        rest = after;
    }
    text + rest
}

#[tokio::test]
async fn deltas_joined_are_the_answer() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let text = "流式回答是一个字一个字来的, and English comes word by word.\n第二行 🙂";

    let body = coze.stream(&token, ECHO, "", text).await.text().await.unwrap();

    let deltas: String = frames(&body)
        .iter()
        .filter(|(event, _)| event == "conversation.message.delta")
        .map(|(_, data)| string(&data["content"]))
        .collect();
    assert_eq!(deltas, text);
}

/// Reads until `body` holds `count` frames.
async fn read_frames(response: &mut Response, count: usize) -> String {
    let mut body = String::new();
    while body.matches("\n\n").count() < count {
        body.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    body
}

#[tokio::test]
async fn stream_begins_before_the_bot_says_a_word() {
    // The first delta is an hour away: what arrives now was not held back.
    let coze = Coze::start_with(EmulatorConfig {
        delta_spacing: Duration::from_hours(1),
        ..EmulatorConfig::default()
    });
    let coze = coze.await;
    let token = coze.token("anna").await;

    let mut response = coze.stream(&token, ECHO, "", "one two").await;
    let head = read_frames(&mut response, 2).await;

    let events: Vec<String> = frames(&head).into_iter().map(|(event, _)| event).collect();
    assert_eq!(events, ["conversation.chat.created", "conversation.chat.in_progress"]);
}

#[tokio::test]
async fn clock_bot_says_when_each_delta_left() {
    let config = EmulatorConfig {
        clock_spacing: Duration::from_millis(5),
        clock_ticks: 4,
        ..EmulatorConfig::default()
    };
    let coze = Coze::start_with(config).await;
    coze.emulator.clock().set_offset_seconds(1_000_000);
    let token = coze.token("anna").await;

    let body = coze.stream(&token, CLOCK, "", "go").await.text().await.unwrap();

    let times: Vec<u64> = frames(&body)
        .iter()
        .filter(|(event, _)| event == "conversation.message.delta")
        .map(|(_, data)| data["content"].as_str().unwrap().trim_end().parse().unwrap())
        .collect();
    assert_eq!(times.len(), 4);
    assert!(times.is_sorted(), "{times:?}");
    let moved_now = u64::try_from(coze.emulator.clock().now()).unwrap();
    assert!(
        times[0] / 1_000_000 < moved_now - 900_000,
        "the machine's time, whatever the platform's is"
    );
}

#[tokio::test]
async fn reader_who_leaves_finds_the_whole_answer_in_the_history() {
    let coze = Coze::start().await;
    coze.emulator.set_delta_spacing(Duration::from_millis(20));
    let token = coze.token("anna").await;

    let mut response = coze.stream(&token, ECHO, "", "one two three").await;
    let (_, created) = frames(&read_frames(&mut response, 1).await).remove(0);
    drop(response);

    let (conversation, chat) = (string(&created["conversation_id"]), string(&created["id"]));
    let retrieve = format!("/v3/chat/retrieve?conversation_id={conversation}&chat_id={chat}");
    while coze.get(&token, &retrieve).await["data"]["status"] == "in_progress" {
        yield_now().await;
    }
    let path = format!("/v1/conversation/message/list?conversation_id={conversation}");
    let messages = coze.post(&token, &path, json!({"order": "asc"})).await;
    let texts: Vec<&Value> = messages["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["content"])
        .collect();
    assert_eq!(texts, ["one two three", "one two three"]);
}

#[tokio::test]
async fn canceled_chat_ends_its_stream_and_can_not_be_canceled_again() {
    let config = EmulatorConfig {
        delta_spacing: Duration::from_hours(1),
        ..EmulatorConfig::default()
    };
    let coze = Coze::start_with(config).await;
    let token = coze.token("anna").await;
    let mut response = coze.stream(&token, ECHO, "", "one two").await;
    let (_, created) = frames(&read_frames(&mut response, 2).await).remove(0);
    let key = json!({"conversation_id": created["conversation_id"], "chat_id": created["id"]});

    let canceled = coze.post(&token, "/v3/chat/cancel", key.clone()).await;
    let rest = response.text().await.unwrap();
    let again = coze.post(&token, "/v3/chat/cancel", key).await;

    assert_eq!(canceled["data"]["status"], "canceled");
    assert_eq!(rest, "event:done\ndata:\"[DONE]\"\n\n");
    assert_eq!(again["code"], 4104);
}

#[tokio::test]
async fn next_chat_may_start_as_soon_as_the_last_is_canceled() {
    let config = EmulatorConfig {
        delta_spacing: Duration::from_hours(1),
        ..EmulatorConfig::default()
    };
    let coze = Coze::start_with(config).await;
    let token = coze.token("anna").await;
    let first = coze.post(&token, "/v3/chat", question(ECHO, "first", false)).await;
    let (conversation, chat) = (&first["data"]["conversation_id"], &first["data"]["id"]);
    let key = json!({"conversation_id": conversation, "chat_id": chat});
    coze.post(&token, "/v3/chat/cancel", key).await;

    let path = format!("/v3/chat?conversation_id={}", string(conversation));
    let second = coze.post(&token, &path, question(ECHO, "second", false)).await;

    assert_eq!(second["code"], 0);
}

#[tokio::test]
async fn next_chat_may_start_as_soon_as_the_last_is_completed() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let (_, conversation) = coze.say(&token, ECHO, "", "first").await;

    let (answer, _) = coze
        .say(&token, ECHO, &format!("?conversation_id={conversation}"), "second")
        .await;

    assert_eq!(answer, "second");
}
