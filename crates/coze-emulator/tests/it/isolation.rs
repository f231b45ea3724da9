//! Who sees whose conversations.

use crate::support::{Coze, ECHO, MEMORY, question};
use coze_emulator::{EmulatorConfig, Isolation};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn another_session_sees_nothing_of_a_conversation() {
    let coze = Coze::start().await;
    let (anna, bert) = (coze.token("anna").await, coze.token("bert").await);
    let (_, conversation) = coze.say(&anna, ECHO, "", "mine").await;
    let list = format!("/v1/conversations?bot_id={ECHO}");

    assert_eq!(
        coze.get(&anna, &list).await["data"]["conversations"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(coze.get(&bert, &list).await["data"]["conversations"], json!([]));
    for (method, path, body) in [
        (
            Method::GET,
            format!("/v1/conversation/retrieve?conversation_id={conversation}"),
            json!({}),
        ),
        (
            Method::POST,
            format!("/v1/conversation/message/list?conversation_id={conversation}"),
            json!({}),
        ),
        (
            Method::POST,
            format!("/v3/chat?conversation_id={conversation}"),
            question(ECHO, "yours", false),
        ),
        (
            Method::POST,
            format!("/v1/conversations/{conversation}/clear"),
            json!({}),
        ),
        (
            Method::PUT,
            format!("/v1/conversations/{conversation}"),
            json!({"name": "x"}),
        ),
        (Method::DELETE, format!("/v1/conversations/{conversation}"), json!({})),
    ] {
        let request = coze.request(method, &path).bearer_auth(&bert).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["code"], 4200, "{path}");
    }
}

#[tokio::test]
async fn new_token_of_the_same_session_continues_its_history() {
    let coze = Coze::start().await;
    let first = coze.token("anna").await;
    let (_, conversation) = coze.say(&first, MEMORY, "", "I like tea").await;

    let second = coze.token("anna").await;
    let (answer, _) = coze
        .say(
            &second,
            MEMORY,
            &format!("?conversation_id={conversation}"),
            "What do I like?",
        )
        .await;

    assert_ne!(first, second);
    assert!(answer.contains("2 句话") && answer.contains("I like tea"), "{answer}");
}

#[tokio::test]
async fn memory_is_one_per_identity_across_conversations() {
    let coze = Coze::start().await;
    let (anna, bert) = (coze.token("anna").await, coze.token("bert").await);
    coze.say(&anna, MEMORY, "", "anna's secret").await;

    let (annas, _) = coze.say(&anna, MEMORY, "", "again").await;
    let (berts, _) = coze.say(&bert, MEMORY, "", "hello").await;

    assert!(annas.contains("anna's secret"), "{annas}");
    assert!(berts.contains("1 句话") && !berts.contains("anna"), "{berts}");
}

#[tokio::test]
async fn clearing_the_context_makes_the_bot_forget() {
    let coze = Coze::start().await;
    let anna = coze.token("anna").await;
    let (_, conversation) = coze.say(&anna, MEMORY, "", "old").await;

    coze.post(&anna, &format!("/v1/conversations/{conversation}/clear"), json!({}))
        .await;
    let (answer, _) = coze
        .say(&anna, MEMORY, &format!("?conversation_id={conversation}"), "new")
        .await;

    assert!(answer.contains("1 句话") && !answer.contains("old"), "{answer}");
}

#[tokio::test]
async fn personal_access_token_is_one_identity_for_everybody() {
    let coze = Coze::start().await;
    let pat = coze.emulator.personal_access_token();
    coze.say(&pat, MEMORY, "", "first visitor").await;

    let (answer, _) = coze.say(&pat, MEMORY, "", "second visitor").await;

    assert!(answer.contains("first visitor"), "{answer}");
}

#[tokio::test]
async fn known_id_opens_a_foreign_conversation_where_sessions_are_not_isolated() {
    let config = EmulatorConfig {
        isolation: Isolation::None,
        delta_spacing: Duration::ZERO,
        ..EmulatorConfig::default()
    };
    let coze = Coze::start_with(config).await;
    let (anna, bert) = (coze.token("anna").await, coze.token("bert").await);
    let (_, conversation) = coze.say(&anna, ECHO, "", "mine").await;

    let (answer, _) = coze
        .say(&bert, ECHO, &format!("?conversation_id={conversation}"), "yours")
        .await;
    let path = format!("/v1/conversation/message/list?conversation_id={conversation}");
    let read = coze.post(&bert, &path, json!({})).await;
    let list = coze.get(&bert, &format!("/v1/conversations?bot_id={ECHO}")).await;
    let removed = coze.request(Method::DELETE, &format!("/v1/conversations/{conversation}"));
    let removed: Value = removed.bearer_auth(&bert).send().await.unwrap().json().await.unwrap();

    assert_eq!(answer, "yours");
    assert!(read.to_string().contains("mine"), "{read}");
    assert_eq!(list["data"]["conversations"], json!([]), "a list shows a caller's own");
    assert_eq!(removed["code"], 0);
    assert_eq!(coze.emulator.info().isolation, Isolation::None);
}
