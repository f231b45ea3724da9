//! The control side, for those who may use it and those who may not.

use crate::support::{Coze, ECHO};
use coze_emulator::AppKind;
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

#[tokio::test]
async fn info_names_everything_a_client_needs_and_no_private_key() {
    let coze = Coze::start().await;
    let dir = tempfile::tempdir().unwrap();

    let before: Value = coze
        .request(Method::GET, "/_emulator/info")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let file = coze.emulator.write_private_key(dir.path()).unwrap();
    let after: Value = coze
        .request(Method::GET, "/_emulator/info")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();

    let app = coze.emulator.jwt_app();
    let base = coze.emulator.addr().to_string();
    assert_eq!(before["api_base"], format!("http://{base}"));
    assert_eq!(before["ws_base"], format!("ws://{base}"));
    let redirect_uris = json!(["http://127.0.0.1:8081/callback"]);
    let listed = |kind, name| json!({"kind": kind, "name": name, "client_id": coze.app(kind).client_id});
    let (mut jwt, mut web) = (listed(AppKind::Jwt, "Demo Service"), listed(AppKind::Web, "Demo Web"));
    let (mut pkce, device) = (
        listed(AppKind::Pkce, "Demo PKCE"),
        listed(AppKind::Device, "Demo Device"),
    );
    jwt["public_key_id"] = json!(app.public_key_id);
    web["client_secret"] = json!(coze.web_secret());
    web["redirect_uris"] = redirect_uris.clone();
    pkce["redirect_uris"] = redirect_uris;
    assert_eq!(before["apps"], json!([jwt, web, pkce, device]));
    assert_eq!(
        before["bots"][0],
        json!({"id": ECHO, "name": "回声 Echo", "published": true})
    );
    assert_eq!(after["apps"][0]["private_key_file"], json!(file));
    assert_eq!(fs::read_to_string(file).unwrap(), app.private_key_pem);
    assert!(!after.to_string().contains("PRIVATE KEY") && !after.to_string().contains("pat_"));
    assert_eq!(serde_json::to_value(coze.emulator.info()).unwrap(), after);
}

#[tokio::test]
async fn web_pages_and_foreign_hosts_are_refused() {
    let coze = Coze::start().await;

    for (header, value) in [
        ("origin", "http://127.0.0.1:3000"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
    ] {
        let request = coze.request(Method::PUT, "/_emulator/clock").header(header, value);
        let response = request.json(&json!({"offset_seconds": 9_999})).send().await.unwrap();

        assert_eq!(response.status(), 403, "{header}: {value}");
        assert!(!response.headers().contains_key("access-control-allow-origin"));
    }

    assert_eq!(coze.emulator.clock().offset_seconds(), 0);
}

#[tokio::test]
async fn clock_is_moved_over_http() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;

    let request = coze
        .request(Method::PUT, "/_emulator/clock")
        .json(&json!({"offset_seconds": 901}));
    assert_eq!(request.send().await.unwrap().status(), 200);

    assert_eq!(coze.get(&token, "/v1/users/me").await["code"], 700_012_006);
}

#[tokio::test]
async fn pace_is_changed_while_a_bot_speaks() {
    let coze = Coze::start().await;
    coze.emulator.set_delta_spacing(Duration::from_millis(50));
    let token = coze.token("anna").await;
    let response = coze.stream(&token, ECHO, "", &"word ".repeat(10_000)).await;

    let request = coze
        .request(Method::PUT, "/_emulator/pace")
        .json(&json!({"delta_spacing_ms": 0}));
    assert_eq!(request.send().await.unwrap().status(), 200);

    assert!(
        response
            .text()
            .await
            .unwrap()
            .ends_with("event:done\ndata:\"[DONE]\"\n\n")
    );
}

#[tokio::test]
async fn held_answer_goes_on_one_delta_at_a_time() {
    let coze = Coze::start().await;
    let pace = async |order: Value| {
        let request = coze.request(Method::PUT, "/_emulator/pace").json(&order);
        assert_eq!(request.send().await.unwrap().status(), 200);
    };
    pace(json!({"delta_spacing_ms": 0, "hold_after": 1})).await;
    let token = coze.token("anna").await;
    let mut response = coze.stream(&token, ECHO, "", "one two three four five").await;

    let mut body = String::new();
    for deltas in 1..=3 {
        while body.matches("event:conversation.message.delta").count() < deltas {
            body.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
        }
        assert_eq!(
            body.matches("event:conversation.message.delta").count(),
            deltas,
            "{body}"
        );
        pace(json!({"hold_after": deltas + 1})).await;
    }
    pace(json!({})).await;

    assert!(
        response
            .text()
            .await
            .unwrap()
            .ends_with("event:done\ndata:\"[DONE]\"\n\n")
    );
}

#[tokio::test]
async fn senseless_orders_are_refused_with_the_reason() {
    let coze = Coze::start().await;

    for (path, body, reason) in [
        (
            "/_emulator/faults",
            json!([{"match": {"nth": 0}, "fault": {"status": 500}}]),
            "match.nth counts from 1",
        ),
        (
            "/_emulator/faults",
            json!([{"match": {}, "fault": {"stauts": 500}}]),
            "unknown field `stauts`",
        ),
        ("/_emulator/faults", json!({}), "invalid type: map, expected a sequence"),
        ("/_emulator/clock", json!({"offset": 1}), "unknown field `offset`"),
        (
            "/_emulator/consent",
            json!({"mode": "maybe"}),
            "unknown variant `maybe`",
        ),
        ("/_emulator/refresh", json!({"strict": true}), "unknown field `strict`"),
        (
            "/_emulator/apps/x",
            json!({"disabled": true}),
            "no app has the client_id",
        ),
        ("/_emulator/apps/x", json!({}), "no app has the client_id"),
        (
            "/_emulator/apps/11500000000000000000000000000002.app.coze",
            json!({"redirect_uris": ["http://evil.example/"]}),
            "redirect_uri \"http://evil.example/\" is not",
        ),
    ] {
        let response = coze.request(Method::PUT, path).json(&body).send().await.unwrap();

        assert_eq!(response.status(), 400, "{body}");
        let answer: Value = response.json().await.unwrap();
        assert!(answer["error"].as_str().unwrap().starts_with(reason), "{answer}");
    }
}

#[tokio::test]
async fn unknown_order_is_not_found() {
    let coze = Coze::start().await;

    let response = coze.request(Method::POST, "/_emulator/info").send().await.unwrap();

    assert_eq!(response.status(), 404);
    assert_eq!(
        coze.request(Method::GET, "/_emulator/x").send().await.unwrap().status(),
        404
    );
}
