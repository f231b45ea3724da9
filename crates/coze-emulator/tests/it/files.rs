//! Uploads.

use crate::support::{Coze, ECHO, JWT_BEARER, question, string};
use crate::tenants::{ACCOUNT, buy};
use reqwest::Method;
use serde_json::{Value, json};

/// A multipart body with one part per field name.
fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, content) in fields {
        let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"小猫.png\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

async fn upload(coze: &Coze, token: &str, fields: &[(&str, &[u8])]) -> Value {
    let request = coze.request(Method::POST, "/v1/files/upload").bearer_auth(token);
    let request = request
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form(fields));
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn uploaded_file_is_counted_and_found_again() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;

    let uploaded = upload(&coze, &token, &[("file", &vec![7; 300_000])]).await;
    let found = coze
        .get(
            &token,
            &format!("/v1/files/retrieve?file_id={}", string(&uploaded["data"]["id"])),
        )
        .await;

    assert_eq!(uploaded["data"]["bytes"], 300_000);
    assert_eq!(uploaded["data"]["file_name"], "小猫.png");
    assert_eq!(found["data"], uploaded["data"]);
}

#[tokio::test]
async fn wrong_forms_are_refused_with_their_codes() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;

    assert_eq!(upload(&coze, &token, &[("file", b"")]).await["code"], 4300);
    assert_eq!(
        upload(&coze, &token, &[("file", b"a"), ("file", b"b")]).await["code"],
        4301
    );
    assert_eq!(upload(&coze, &token, &[("document", b"a")]).await["code"], 4000);
    let no_form = coze.post(&token, "/v1/files/upload", serde_json::json!({})).await;
    assert_eq!(no_form["code"], 4000);
}

#[tokio::test]
async fn file_belongs_to_the_account_and_not_to_a_session() {
    let coze = Coze::start().await;
    let (anna, bert) = (coze.token("anna").await, coze.token("bert").await);
    let stranger = buy(&coze, ACCOUNT, json!({"grant_type": JWT_BEARER})).await;
    let id = string(&upload(&coze, &anna, &[("file", b"a")]).await["data"]["id"]);
    let path = format!("/v1/files/retrieve?file_id={id}");
    let content = json!([{"type": "file", "file_id": id}, {"type": "text", "text": "Read it"}]).to_string();
    let mut chat = question(ECHO, &content, false);
    chat["additional_messages"][0]["content_type"] = json!("object_string");

    for (token, code) in [(&anna, 0), (&bert, 0), (&stranger, 4200)] {
        assert_eq!(coze.get(token, &path).await["code"], code);
        assert_eq!(coze.post(token, "/v3/chat", chat.clone()).await["code"], code);
    }
}
