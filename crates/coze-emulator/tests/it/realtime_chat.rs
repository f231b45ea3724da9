//! `/v1/chat` over WebSocket: the captured order, and the same history as every other chat (protocol 6.11).

use crate::realtime_client::{Socket, types};
use crate::support::{CLOCK, Coze, DRAFT, ECHO, MEMORY};
use coze_emulator::EmulatorConfig;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

fn path(bot_id: &str) -> String {
    format!("/v1/chat?bot_id={bot_id}")
}

/// The contents of the events of one type, joined.
fn joined(events: &[Value], event_type: &str) -> String {
    let told = events.iter().filter(|event| event["event_type"] == event_type);
    told.map(|event| event["data"]["content"].as_str().unwrap()).collect()
}

async fn messages(coze: &Coze, token: &str, conversation_id: &Value) -> Vec<(String, String)> {
    let path = format!(
        "/v1/conversation/message/list?conversation_id={}",
        conversation_id.as_str().unwrap()
    );
    let page = coze.post(token, &path, json!({ "order": "asc" })).await;
    let messages = page["data"].as_array().unwrap().iter();
    messages
        .map(|message| {
            let text = |name: &str| message[name].as_str().unwrap().to_owned();
            (text("role"), text("content"))
        })
        .collect()
}

#[tokio::test]
async fn a_turn_comes_in_the_captured_order_and_form() {
    let coze = Coze::start().await;
    let token = coze.token("a").await;
    let mut socket = Socket::open(&coze, &token, &path(ECHO)).await;
    let created = socket.hear_text().await;

    socket.ask("Hello there! How are you").await;
    let events = socket.hear_until("conversation.chat.completed").await;

    let start = r#"{"event_type":"chat.created","id":""#;
    let detail = format!(r#"","detail":{{"logid":"{}","respond_at":"1"#, socket.log_id);
    assert!(created.starts_with(start) && created.contains(&detail), "{created}");
    let told = types(&events);
    assert_eq!(
        told,
        [
            "conversation.message.completed",
            "conversation.chat.created",
            "conversation.chat.in_progress",
            "conversation.message.delta",
            "conversation.audio.sentence_start",
            "conversation.audio.delta",
            "conversation.message.delta",
            "conversation.message.completed",
            "conversation.audio.sentence_start",
            "conversation.audio.delta",
            "conversation.audio.completed",
            "conversation.chat.completed",
        ]
    );
    assert_eq!(
        joined(&events, "conversation.message.delta"),
        "Hello there! How are you"
    );
    assert_eq!(events[0]["data"]["type"], "question");
    assert_eq!(events[1]["data"]["status"], "created");
    assert!(events[1]["data"].get("last_error").is_none(), "captured without");
    let last = events.last().unwrap();
    assert_eq!(last["detail"]["logid"], socket.log_id);
    assert!(last["data"]["usage"]["token_count"].as_u64().unwrap() > 0);
    let ids: HashSet<_> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), events.len(), "every event has an id of its own");
    socket.close().await;
}

#[tokio::test]
async fn turns_are_kept_in_the_history_like_any_other_chat() {
    let coze = Coze::start().await;
    let token = coze.token("a").await;
    let mut socket = Socket::open(&coze, &token, &path(MEMORY)).await;
    socket.hear().await;
    socket.ask("first").await;
    let first = socket.hear_until("conversation.chat.completed").await;
    let conversation = &first[0]["data"]["conversation_id"];

    socket.ask("second").await;
    let second = socket.hear_until("conversation.chat.completed").await;

    assert_eq!(
        &second[0]["data"]["conversation_id"], conversation,
        "one connection, one conversation"
    );
    let answer = joined(&second, "conversation.message.delta");
    assert!(
        answer.contains("2 句话") && answer.ends_with("- first\n- second"),
        "{answer}"
    );
    let kept = messages(&coze, &token, conversation).await;
    let roles: Vec<_> = kept.iter().map(|(role, _)| role.as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    let (answer_over_http, _) = coze.say(&token, MEMORY, "", "third").await;
    assert!(answer_over_http.contains("3 句话"), "{answer_over_http}");
    let elsewhere = coze.say(&coze.token("b").await, MEMORY, "", "x").await.0;
    assert!(elsewhere.contains("1 句话"), "another visitor remembers nothing of it");
    socket.close().await;
}

#[tokio::test]
async fn clearing_makes_the_bot_forget_and_keeps_the_conversation() {
    let coze = Coze::start().await;
    let token = coze.token("a").await;
    let mut socket = Socket::open(&coze, &token, &path(MEMORY)).await;
    socket.hear().await;
    socket.say("conversation.clear", Value::Null).await;
    assert_eq!(socket.hear().await["event_type"], "conversation.cleared");
    socket.ask("first").await;
    let first = socket.hear_until("conversation.chat.completed").await;

    socket.say("conversation.clear", Value::Null).await;
    assert_eq!(socket.hear().await["event_type"], "conversation.cleared");
    socket.ask("second").await;
    let second = socket.hear_until("conversation.chat.completed").await;

    let place = |events: &[Value], name: &str| events[0]["data"][name].clone();
    assert_eq!(place(&first, "conversation_id"), place(&second, "conversation_id"));
    assert_ne!(place(&first, "section_id"), place(&second, "section_id"));
    assert!(joined(&second, "conversation.message.delta").contains("1 句话"));
    socket.close().await;
}

#[tokio::test]
async fn canceling_stops_the_answer_and_another_question_interrupts_it() {
    let coze = Coze::start_with(EmulatorConfig {
        clock_ticks: 1000,
        clock_spacing: Duration::from_millis(5),
        ..EmulatorConfig::default()
    })
    .await;
    let token = coze.token("a").await;
    let mut socket = Socket::open(&coze, &token, &path(CLOCK)).await;
    socket.hear().await;
    socket.ask("go").await;
    let begun = socket.hear_until("conversation.message.delta").await;

    socket.say("conversation.chat.cancel", Value::Null).await;
    let canceled = socket.hear_until("conversation.chat.canceled").await;
    socket.ask("again").await;
    socket.hear_until("conversation.message.delta").await;
    socket.ask("and again").await;
    let interrupted = socket.hear_until("conversation.chat.canceled").await;
    let next = socket.hear_until("conversation.chat.created").await;

    assert_eq!(canceled.last().unwrap()["data"]["code"], 2);
    assert_eq!(interrupted.last().unwrap()["data"]["code"], 3);
    assert_eq!(next[0]["data"]["content"], "and again");
    let chat = begun
        .iter()
        .find(|event| event["event_type"] == "conversation.chat.created");
    let chat = &chat.unwrap()["data"];
    let query = format!(
        "conversation_id={}&chat_id={}",
        chat["conversation_id"].as_str().unwrap(),
        chat["id"].as_str().unwrap()
    );
    let state = coze.get(&token, &format!("/v3/chat/retrieve?{query}")).await;
    assert_eq!(state["data"]["status"], "canceled");
    socket.close().await;
}

#[tokio::test]
async fn text_that_is_only_spoken_is_nobodys_message() {
    let coze = Coze::start().await;
    let mut socket = Socket::open(&coze, &coze.token("a").await, &path(ECHO)).await;
    socket.hear().await;

    let speak = json!({ "mode": "text", "text": "亲，你怎么不说话了。" });
    socket.say("input_text.generate_audio", speak).await;
    let events = socket.hear_until("conversation.audio.completed").await;

    assert_eq!(
        types(&events),
        [
            "conversation.audio.sentence_start",
            "conversation.audio.delta",
            "conversation.audio.completed"
        ]
    );
    let data = &events[1]["data"];
    for id in ["id", "conversation_id", "bot_id", "chat_id", "section_id"] {
        assert_eq!(data[id], "0", "{id}");
    }
    assert_eq!(data["content_type"], "audio");
    socket.close().await;
}

#[tokio::test]
async fn what_is_said_aloud_is_a_question() {
    let coze = Coze::start().await;
    let mut socket = Socket::open(&coze, &coze.token("a").await, &path(ECHO)).await;
    socket.hear().await;
    let speak = json!({ "mode": "text", "text": "Hello" });
    socket.say("input_text.generate_audio", speak).await;
    let spoken = socket.hear_until("conversation.audio.completed").await;
    let sound = joined(&spoken, "conversation.audio.delta");

    socket
        .say("input_audio_buffer.append", json!({ "delta": "AAAA" }))
        .await;
    socket.say("input_audio_buffer.clear", Value::Null).await;
    assert_eq!(socket.hear().await["event_type"], "input_audio_buffer.cleared");
    socket.say("input_audio_buffer.append", json!({ "delta": sound })).await;
    socket.say("input_audio_buffer.complete", Value::Null).await;
    let events = socket.hear_until("conversation.chat.completed").await;

    let told = types(&events);
    assert_eq!(
        told[..3],
        [
            "input_audio_buffer.completed",
            "conversation.audio_transcript.completed",
            "conversation.message.completed"
        ]
    );
    assert_eq!(events[1]["data"]["content"], "Hello");
    assert_eq!(joined(&events, "conversation.message.delta"), "Hello");
    socket.close().await;
}

#[tokio::test]
async fn settings_choose_the_conversation_the_history_and_the_events() {
    let coze = Coze::start().await;
    let token = coze.token("a").await;
    let (_, conversation_id) = coze.say(&token, ECHO, "", "over HTTP").await;
    let mut socket = Socket::open(&coze, &token, &path(ECHO)).await;
    socket.hear().await;
    let settings = json!({
        "chat_config": { "conversation_id": conversation_id, "user_id": "u", "auto_save_history": false },
        "output_audio": { "codec": "pcm" },
        "event_subscriptions": ["chat.updated", "conversation.message.delta", "conversation.chat.completed"],
    });

    socket.say("chat.update", settings.clone()).await;
    let updated = socket.hear().await;
    socket.ask("not kept").await;
    let events = socket.hear_until("conversation.chat.completed").await;

    assert_eq!(
        (&updated["event_type"], &updated["data"]),
        (&json!("chat.updated"), &settings)
    );
    assert_eq!(
        types(&events),
        ["conversation.message.delta", "conversation.chat.completed"]
    );
    let kept = messages(&coze, &token, &json!(conversation_id)).await;
    assert_eq!(kept.len(), 2, "only what was said over HTTP: {kept:?}");
    socket.close().await;
}

#[tokio::test]
async fn what_an_assistant_said_is_remembered_and_not_answered() {
    let coze = Coze::start().await;
    let token = coze.token("a").await;
    let mut socket = Socket::open(&coze, &token, &path(ECHO)).await;
    socket.hear().await;
    let message = json!({ "role": "assistant", "content_type": "text", "content": "I was here" });
    socket.say("conversation.message.create", message).await;

    socket.ask("who?").await;
    let events = socket.hear_until("conversation.chat.completed").await;

    let kept = messages(&coze, &token, &events[0]["data"]["conversation_id"]).await;
    assert_eq!(kept[0], ("assistant".to_owned(), "I was here".to_owned()));
    assert_eq!(kept.len(), 3);
    socket.close().await;
}

#[tokio::test]
async fn what_does_not_fit_is_an_error_event_and_ends_nothing() {
    let coze = Coze::start().await;
    let mut socket = Socket::open(&coze, &coze.token("a").await, &path(ECHO)).await;
    socket.hear().await;
    let wrong = [
        ("no json", 4000),
        (r#"{"id":"x"}"#, 4000),
        (r#"{"event_type":"speech.update"}"#, 4000),
        (
            r#"{"event_type":"conversation.message.create","data":{"role":"nobody"}}"#,
            4000,
        ),
        (
            r#"{"event_type":"input_audio_buffer.append","data":{"delta":"?"}}"#,
            4000,
        ),
        (r#"{"event_type":"input_audio_buffer.complete"}"#, 4000),
        (
            r#"{"event_type":"input_text.generate_audio","data":{"mode":"text","text":""}}"#,
            4000,
        ),
        (r#"{"event_type":"conversation.chat.cancel"}"#, 4104),
        (r#"{"event_type":"chat.update","data":{"event_subscriptions":1}}"#, 4000),
    ];
    for (text, code) in wrong {
        socket.say_text(text).await;

        let event = socket.hear().await;

        assert_eq!(event["event_type"], "error", "{text}");
        assert_eq!(event["data"]["code"], code, "{text}: {event}");
        assert_eq!(event["detail"]["origin_message"], text);
    }
    socket.ask("still there?").await;
    socket.hear_until("conversation.chat.completed").await;
    socket.close().await;
}

#[tokio::test]
async fn a_bot_that_may_not_be_used_is_told_after_the_handshake_and_closed_without_a_status() {
    let coze = Coze::start().await;
    let token = coze.token("a").await;
    for (query, code) in [("?bot_id=1", 4101), ("", 4000), (&format!("?bot_id={DRAFT}"), 4015)] {
        let mut socket = Socket::open(&coze, &token, &format!("/v1/chat{query}")).await;

        let event = socket.hear().await;

        assert_eq!(event["event_type"], "error", "{query}");
        assert_eq!(event["data"]["code"], code, "{query}");
        if code == 4101 {
            let text = "Your token does not have permission to access resource. Please verify";
            assert!(event["data"]["msg"].as_str().unwrap().starts_with(text));
        }
        assert_eq!(socket.closed().await, None, "{query}: a reader calls this 1005");
    }
}

#[tokio::test]
async fn the_end_of_the_platform_is_a_close_and_not_a_broken_line() {
    let coze = Coze::start().await;
    let mut socket = Socket::open(&coze, &coze.token("a").await, &path(ECHO)).await;
    socket.hear().await;

    let (closed, ()) = tokio::join!(socket.closed(), coze.emulator.shutdown());

    assert_eq!(u16::from(closed.unwrap().code), 1001);
}
