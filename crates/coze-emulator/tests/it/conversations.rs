//! Conversations and messages outside a chat.

use crate::support::{Coze, ECHO, string};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn conversation_has_the_documented_fields_in_order() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;

    let request = coze
        .request(Method::POST, "/v1/conversation/create")
        .bearer_auth(&token);
    let body = request
        .json(&json!({"bot_id": ECHO, "name": "n"}))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();

    let answer: Value = serde_json::from_str(&body).unwrap();
    let data = &answer["data"];
    assert_eq!(
        body,
        format!(
            r#"{{"code":0,"msg":"","data":{{"id":{},"name":"n","meta_data":{{}},"creator_id":"7500000000000000200","connector_id":"1024","created_at":{},"updated_at":{},"last_section_id":{}}},"detail":{{"logid":{}}}}}"#,
            data["id"], data["created_at"], data["updated_at"], data["last_section_id"], answer["detail"]["logid"]
        )
    );
}

#[tokio::test]
async fn conversation_is_created_without_any_body() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;

    let request = coze
        .request(Method::POST, "/v1/conversation/create")
        .bearer_auth(&token);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();

    assert_eq!(answer["code"], 0);
}

#[tokio::test]
async fn list_is_paged_newest_first_and_kept_apart_by_channel() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    for (name, connector) in [("a", "1024"), ("b", ""), ("c", "999"), ("d", "1024")] {
        let body = json!({"bot_id": ECHO, "name": name, "connector_id": connector});
        coze.post(&token, "/v1/conversation/create", body).await;
    }
    let names = |answer: &Value| -> Vec<String> {
        answer["data"]["conversations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| string(&item["name"]))
            .collect()
    };

    let path = format!("/v1/conversations?bot_id={ECHO}&page_size=2");
    let first = coze.get(&token, &path).await;
    let second = coze.get(&token, &format!("{path}&page_num=2")).await;
    let chat_sdk = coze.get(&token, &format!("{path}&connector_id=999")).await;

    assert_eq!(
        (names(&first), &first["data"]["has_more"]),
        (vec!["d".into(), "b".into()], &json!(true))
    );
    assert_eq!(
        (names(&second), &second["data"]["has_more"]),
        (vec!["a".into()], &json!(false))
    );
    assert_eq!(names(&chat_sdk), ["c"]);
}

#[tokio::test]
async fn first_message_names_a_chat_until_somebody_renames_it() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let (_, conversation) = coze.say(&token, ECHO, "", "今天天气").await;
    let retrieve = format!("/v1/conversation/retrieve?conversation_id={conversation}");
    assert_eq!(coze.get(&token, &retrieve).await["data"]["name"], "今天天气");

    let rename = coze
        .request(Method::PUT, &format!("/v1/conversations/{conversation}"))
        .bearer_auth(&token);
    rename.json(&json!({"name": "weather"})).send().await.unwrap();

    assert_eq!(coze.get(&token, &retrieve).await["data"]["name"], "weather");
}

#[tokio::test]
async fn deleted_conversation_does_not_exist() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let (_, conversation) = coze.say(&token, ECHO, "", "hi").await;

    let request = coze
        .request(Method::DELETE, &format!("/v1/conversations/{conversation}"))
        .bearer_auth(&token);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();

    assert_eq!(answer["code"], 0);
    let gone = coze
        .get(
            &token,
            &format!("/v1/conversation/retrieve?conversation_id={conversation}"),
        )
        .await;
    assert_eq!(gone["code"], 4200);
}

#[tokio::test]
async fn messages_are_added_paged_changed_and_deleted() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let created = coze
        .post(&token, "/v1/conversation/create", json!({"bot_id": ECHO}))
        .await;
    let query = format!("conversation_id={}", string(&created["data"]["id"]));
    let mut ids = Vec::new();
    for text in ["1", "2", "3"] {
        let path = format!("/v1/conversation/message/create?{query}");
        let body = json!({"role": "user", "content": text, "content_type": "text", "meta_data": null});
        ids.push(string(&coze.post(&token, &path, body).await["data"]["id"]));
    }

    let list = format!("/v1/conversation/message/list?{query}");
    let newest = coze.post(&token, &list, json!({"limit": 2})).await;
    let older = coze
        .post(&token, &list, json!({"limit": 2, "after_id": newest["last_id"]}))
        .await;
    let modify = format!("/v1/conversation/message/modify?{query}&message_id={}", ids[0]);
    let modified = coze.post(&token, &modify, json!({"content": "one"})).await;
    let delete = format!("/v1/conversation/message/delete?{query}&message_id={}", ids[1]);
    coze.post(&token, &delete, json!({})).await;
    let left = coze.post(&token, &list, json!({"order": "asc"})).await;

    assert_eq!(
        (&newest["first_id"], &newest["last_id"]),
        (&json!(ids[2]), &json!(ids[1]))
    );
    assert_eq!((&newest["has_more"], &older["has_more"]), (&json!(true), &json!(false)));
    assert_eq!(older["data"][0]["id"], json!(ids[0]));
    assert!(older["data"][0]["created_at"].is_number() && older["data"][0]["updated_at"].is_string());
    assert_eq!(
        modified["message"]["content"], "one",
        "the changed message is in `message`, not in `data`"
    );
    let contents: Vec<&Value> = left["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["content"])
        .collect();
    assert_eq!(contents, ["one", "3"]);
}
