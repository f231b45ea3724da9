//! Faults on order, as a client sees them.

use crate::support::{Coze, ECHO};
use coze_emulator::FaultRule;
use reqwest::Method;
use serde_json::{Value, json};

async fn order(coze: &Coze, rules: Value) {
    let response = coze
        .request(Method::PUT, "/_emulator/faults")
        .json(&rules)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn status_replaces_the_answer_once_and_an_empty_list_heals() {
    let coze = Coze::start().await;
    let fault =
        json!({"status": 429, "body": "slow down", "content_type": "text/plain", "headers": {"Retry-After": "7"}});
    order(
        &coze,
        json!([{"match": {"path": "/v1/users/me", "method": "GET", "nth": 2}, "fault": fault}]),
    )
    .await;
    let ask = || coze.request(Method::GET, "/v1/users/me").send();

    let (first, second) = (ask().await.unwrap(), ask().await.unwrap());
    order(&coze, json!([{"match": {}, "fault": {"status": 503}}])).await;
    let third = ask().await.unwrap();
    order(&coze, json!([])).await;
    let fourth = ask().await.unwrap();

    assert_eq!((first.status().as_u16(), second.status().as_u16()), (401, 429));
    assert_eq!((third.status().as_u16(), fourth.status().as_u16()), (503, 401));
    assert_eq!(second.headers()["retry-after"], "7");
    assert!(second.headers().contains_key("x-tt-logid"));
    assert_eq!(second.text().await.unwrap(), "slow down");
}

#[tokio::test]
async fn cut_breaks_the_connection_after_exactly_so_many_bytes() {
    let coze = Coze::start().await;
    let token = coze.token("anna").await;
    let rules: Vec<FaultRule> =
        serde_json::from_value(json!([{"match": {"path": "/v3/*"}, "fault": {"cut_after_bytes": 40}}])).unwrap();
    coze.emulator.faults().set(rules).unwrap();

    let mut response = coze.stream(&token, ECHO, "", "hello").await;
    let mut received = Vec::new();
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => received.extend_from_slice(&chunk),
            end => break end,
        }
    };

    assert!(end.is_err(), "the body has to break, not to end");
    assert_eq!(received, b"event:conversation.chat.created\ndata:{\"i");
}

#[tokio::test]
async fn delayed_request_is_in_the_journal_before_it_is_answered() {
    let coze = Coze::start().await;
    order(&coze, json!([{"match": {}, "fault": {"delay_ms": 3_600_000}}])).await;

    let request = coze.request(Method::GET, "/v1/users/me").send();
    let (answer, entry) = tokio::join!(request, async {
        let entry = coze
            .emulator
            .journal()
            .wait_for(|entry| entry.path == "/v1/users/me")
            .await
            .unwrap();
        coze.emulator.shutdown().await;
        entry
    });

    assert_eq!(entry.status, None);
    assert_eq!(answer.unwrap().status(), 401, "stopping ends the delay");
}
