//! How `/v3/chat` and the rest of the API say no.

use crate::support::{CLOCK, Coze, DRAFT, ECHO, JWT_BEARER, MEMORY, question, sign, string};
use coze_emulator::EmulatorConfig;
use reqwest::Method;
use serde_json::{Value, json};

const TOKEN_INCORRECT: &str = "The token you entered is incorrect. Please double-check and try again. For more \
                               information, refer to https://coze.cn/docs/developer_guides/authentication";

/// Sends a chat request and returns status, code and message.
async fn chat(coze: &Coze, token: Option<&str>, body: Value) -> (u16, u64, String) {
    let mut request = coze.request(Method::POST, "/v3/chat").json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = response.json().await.unwrap();
    (status, body["code"].as_u64().unwrap(), string(&body["msg"]))
}

#[tokio::test]
async fn refusals_come_in_the_platforms_order() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let unknown_bot = "Requested resource bot_id=1 does not exist. Ensure you are the correct resource identifier.";

    let no_header = chat(&coze, None, json!({"bot_id": "1"})).await;
    let bad_token_and_bot = chat(&coze, Some("pat_fake"), json!({"bot_id": "1"})).await;
    let bad_token = chat(&coze, Some("pat_fake"), question(ECHO, "hi", true)).await;
    let bad_bot = chat(&coze, Some(&token), question("1", "hi", true)).await;

    assert_eq!(no_header, (200, 4101, TOKEN_INCORRECT.to_owned()));
    assert_eq!(bad_token_and_bot, (200, 4200, unknown_bot.to_owned()));
    assert_eq!(bad_token, (200, 4101, TOKEN_INCORRECT.to_owned()));
    assert_eq!(bad_bot, (200, 4200, unknown_bot.to_owned()));
}

#[tokio::test]
async fn other_endpoints_answer_a_bad_token_with_401() {
    let coze = Coze::start().await;
    for (method, path) in [
        (Method::GET, "/v3/chat/retrieve"),
        (Method::POST, "/v3/chat/cancel"),
        (Method::GET, "/v3/chat/message/list"),
        (Method::POST, "/v1/conversation/create"),
        (Method::POST, "/v1/files/upload"),
        (Method::GET, "/v1/users/me"),
        (Method::GET, "/v1/bots/7500000000000000001"),
    ] {
        let response = coze.request(method, path).bearer_auth("czs_fake").send().await.unwrap();

        let log_id = response.headers()["x-tt-logid"].to_str().unwrap().to_owned();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(
            response.text().await.unwrap(),
            format!(r#"{{"code":700012006,"msg":"access token invalid","detail":{{"logid":"{log_id}"}}}}"#)
        );
    }
}

#[tokio::test]
async fn wrong_parameters_have_their_codes() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let with = |change: fn(&mut Value)| {
        let mut body = question(ECHO, "hi", false);
        change(&mut body);
        body
    };
    for (body, code) in [
        (json!({}), 4000),
        (with(|body| body["user_id"] = json!("")), 4000),
        (with(|body| body["additional_messages"] = json!([])), 4000),
        (
            with(|body| body["additional_messages"][0]["role"] = json!("system")),
            4000,
        ),
        (
            with(|body| body["additional_messages"] = json!(vec![json!({"role": "user", "content": "x"}); 101])),
            4004,
        ),
        (with(|body| body["meta_data"] = json!({"key": ""})), 4003),
        (with(|body| body["auto_save_history"] = json!(false)), 4007),
        (with(|body| body["bot_id"] = json!(DRAFT)), 4015),
    ] {
        assert_eq!(chat(&coze, Some(&token), body.clone()).await.1, code, "{body}");
    }
}

#[tokio::test]
async fn second_chat_of_a_busy_conversation_is_refused() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let first = coze.post(&token, "/v3/chat", question(CLOCK, "go", false)).await;
    let conversation = string(&first["data"]["conversation_id"]);

    let path = format!("/v3/chat?conversation_id={conversation}");
    let second = coze.post(&token, &path, question(CLOCK, "go", false)).await;

    assert_eq!(second["code"], 4016);
}

#[tokio::test]
async fn unknown_endpoint_is_named_in_the_answer() {
    let coze = Coze::start().await;

    for (method, path) in [(Method::POST, "/v3/chat/completions"), (Method::DELETE, "/v3/chat")] {
        let response = coze.request(method.clone(), path).send().await.unwrap();

        assert_eq!(response.status(), 404);
        let body: Value = response.json().await.unwrap();
        let expected =
            format!("The requested API endpoint {method} {path} does not exist. Please verify the URL and try again.");
        assert_eq!((&body["code"], &body["msg"]), (&json!(4000), &json!(expected)));
    }
}

#[tokio::test]
async fn bot_outside_the_scope_is_refused_when_the_double_cares() {
    let config = EmulatorConfig {
        enforce_scope: true,
        ..EmulatorConfig::default()
    };
    let coze = Coze::start_with(config).await;
    let scope = json!({"attribute_constraint": {"connector_bot_chat_attribute": {"bot_id_list": [ECHO]}}});
    let jwt = sign(&coze.emulator.jwt_app(), &coze.claims());
    let order = json!({"grant_type": JWT_BEARER, "scope": scope});
    let answer: Value = coze.exchange(&jwt, order).await.json().await.unwrap();
    let token = string(&answer["access_token"]);

    let allowed = coze.post(&token, "/v3/chat", question(ECHO, "hi", false)).await;
    let refused = coze.post(&token, "/v3/chat", question(MEMORY, "hi", false)).await;

    assert_eq!((&allowed["code"], &refused["code"]), (&json!(0), &json!(4101)));
}
