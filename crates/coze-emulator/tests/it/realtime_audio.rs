//! Speech, transcriptions and interpretation over WebSocket (protocol 6.11).

use crate::realtime_client::{Socket, types};
use crate::support::Coze;
use serde_json::{Value, json};

const TEXT: &str = "今天天气不错。And tomorrow?";

async fn spoken(coze: &Coze, token: &str) -> Vec<Value> {
    let mut socket = Socket::open(coze, token, "/v1/audio/speech?entity_type=bot&entity_id=1").await;
    let (one, two) = TEXT.split_at("今天".len());
    for part in [one, two] {
        socket.say("input_text_buffer.append", json!({ "delta": part })).await;
    }
    socket.say("input_text_buffer.complete", Value::Null).await;
    let events = socket.hear_until("speech.audio.completed").await;
    socket.close().await;
    events
}

fn sound(events: &[Value]) -> impl Iterator<Item = &Value> {
    let updates = events
        .iter()
        .filter(|event| event["event_type"] == "speech.audio.update");
    updates.map(|event| &event["data"]["delta"])
}

#[tokio::test]
async fn speech_comes_in_the_captured_order() {
    let coze = Coze::start().await;

    let events = spoken(&coze, &coze.token("a").await).await;

    assert_eq!(
        types(&events),
        [
            "speech.created",
            "input_text_buffer.completed",
            "conversation.audio.sentence_start",
            "speech.audio.update",
            "speech.audio.completed"
        ]
    );
    assert_eq!(events[2]["data"]["text"], TEXT);
}

#[tokio::test]
async fn what_was_spoken_can_be_transcribed() {
    let coze = Coze::start().await;
    let token = coze.token("a").await;
    let speech = spoken(&coze, &token).await;
    let mut socket = Socket::open(&coze, &token, "/v1/audio/transcriptions").await;

    let settings = json!({ "input_audio": { "format": "pcm" } });
    socket.say("transcriptions.update", settings.clone()).await;
    for delta in sound(&speech) {
        socket.say("input_audio_buffer.append", json!({ "delta": delta })).await;
    }
    socket.say("input_audio_buffer.complete", Value::Null).await;
    let events = socket.hear_until("transcriptions.message.completed").await;

    assert_eq!(
        types(&events),
        [
            "transcriptions.created",
            "transcriptions.updated",
            "input_audio_buffer.completed",
            "transcriptions.message.update",
            "transcriptions.message.completed"
        ]
    );
    assert_eq!(events[1]["data"], settings);
    assert_eq!(events[3]["data"]["content"], TEXT);
    assert!(events[4].get("data").is_none());
    socket.close().await;
}

#[tokio::test]
async fn interpretation_writes_down_and_speaks_a_translation() {
    let coze = Coze::start().await;
    let token = coze.token("a").await;
    let speech = spoken(&coze, &token).await;
    let mut socket = Socket::open(&coze, &token, "/v1/audio/simult_interpretation").await;

    let settings = json!({ "translate_config": { "from": "zh", "to": "en" } });
    socket.say("simult_interpretation.update", settings).await;
    for delta in sound(&speech) {
        socket.say("input_audio_buffer.append", json!({ "delta": delta })).await;
    }
    socket.say("input_audio_buffer.complete", Value::Null).await;
    let events = socket.hear_until("simult_interpretation.message.completed").await;

    assert_eq!(
        types(&events),
        [
            "simult_interpretation.created",
            "simult_interpretation.updated",
            "input_audio_buffer.completed",
            "simult_interpretation.transcription.delta",
            "simult_interpretation.translation.delta",
            "simult_interpretation.audio.delta",
            "simult_interpretation.message.completed"
        ]
    );
    assert_eq!(events[4]["data"]["delta"], format!("[en] {TEXT}"));
    socket.close().await;
}
