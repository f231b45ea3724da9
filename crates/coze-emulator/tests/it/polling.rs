//! Chats without a stream: start, ask until it is over, read the messages.

use crate::support::{Coze, ECHO, frames, question, string};
use reqwest::Method;
use serde_json::Value;

#[tokio::test]
async fn chat_completes_by_itself_and_lists_its_messages() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let mut request = question(ECHO, "hello world", false);
    request["meta_data"] = serde_json::json!({"order": "7"});

    let started = coze.post(&token, "/v3/chat", request).await;
    let (conversation, chat) = (
        string(&started["data"]["conversation_id"]),
        string(&started["data"]["id"]),
    );
    let query = format!("?conversation_id={conversation}&chat_id={chat}");
    let over = loop {
        // cozepy and @coze/api ask with POST, the documents say GET.
        let answer = coze
            .request(Method::POST, &format!("/v3/chat/retrieve{query}"))
            .bearer_auth(&token);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        if answer["data"]["status"] != "in_progress" {
            break coze.get(&token, &format!("/v3/chat/retrieve{query}")).await;
        }
    };
    let messages = coze.get(&token, &format!("/v3/chat/message/list{query}")).await;

    assert_eq!(
        started["data"]["status"], "in_progress",
        "cozepy stops polling at any other"
    );
    assert_eq!(over["data"]["status"], "completed");
    assert_eq!(over["data"]["meta_data"]["order"], "7");
    assert_eq!(over["data"]["usage"]["token_count"], 4);
    let kinds: Vec<&Value> = messages["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["type"])
        .collect();
    assert_eq!(kinds, ["verbose", "answer", "follow_up", "follow_up", "follow_up"]);
    assert_eq!(messages["data"][1]["content"], "hello world");
}

#[tokio::test]
async fn unsaved_chat_can_not_be_retrieved() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let mut request = question(ECHO, "secret", true);
    request["auto_save_history"] = serde_json::json!(false);

    let response = coze
        .request(Method::POST, "/v3/chat")
        .bearer_auth(&token)
        .json(&request)
        .send()
        .await
        .unwrap();
    let body = response.text().await.unwrap();
    let created = frames(&body).remove(0).1;
    let (conversation, chat) = (string(&created["conversation_id"]), string(&created["id"]));
    let retrieved = coze
        .get(
            &token,
            &format!("/v3/chat/retrieve?conversation_id={conversation}&chat_id={chat}"),
        )
        .await;

    assert!(body.contains("secret"));
    assert_eq!(retrieved["code"], 4200);
}
