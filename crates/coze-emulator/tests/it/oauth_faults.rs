//! Faults that a token lifecycle has to survive, as a client sees them.

use crate::logins::Pair;
use crate::support::{Coze, JWT_BEARER, sign};
use coze_emulator::{Fault, FaultMatch, FaultRule};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TOKEN: &str = "/api/permission/oauth2/token";

fn order(coze: &Coze, fault: Fault) {
    let rule = FaultRule {
        matcher: FaultMatch {
            path: Some(TOKEN.to_owned()),
            ..FaultMatch::default()
        },
        fault,
    };
    coze.emulator.faults().set(vec![rule]).unwrap();
}

#[tokio::test]
async fn lost_answer_is_a_closed_connection_after_the_rotation() {
    let coze = Coze::start().await;
    let pair = coze.web_login().await;
    order(&coze, Fault::lost_answer());
    let body = json!({"grant_type": "refresh_token", "client_id": coze.app(coze_emulator::AppKind::Web).client_id,
        "refresh_token": pair.refresh})
    .to_string();
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Connection: close\r\n\
         Content-Length: {}\r\n\r\n",
        coze.emulator.addr(),
        coze.web_secret(),
        body.len()
    );

    let mut connection = TcpStream::connect(coze.emulator.addr()).await.unwrap();
    connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut received = Vec::new();
    connection.read_to_end(&mut received).await.unwrap();
    let entry = coze.emulator.journal().entries().pop().unwrap();
    coze.emulator.faults().set(Vec::new()).unwrap();
    let retry = coze.web_refresh(&pair.refresh).await;

    assert_eq!(received, b"", "not one byte of the answer");
    assert!(entry.is_refresh(), "{entry:?}");
    assert_eq!(retry.0, 400, "the platform did rotate");
}

#[tokio::test]
async fn late_answer_has_rotated_before_it_leaves() {
    let coze = Coze::start().await;
    let pair = coze.web_login().await;
    let fault = json!([{"match": {"path": TOKEN}, "fault": {"answer_delay_ms": 600_000}}]);
    let response = coze.request(Method::PUT, "/_emulator/faults").json(&fault).send().await;
    assert_eq!(response.unwrap().status(), 200);

    // The client gives up as soon as the platform has acted.
    let journal = coze.emulator.journal();
    let entry = tokio::select! {
        answer = coze.web_refresh(&pair.refresh) => panic!("answered: {answer:?}"),
        entry = journal.wait_for(coze_emulator::Entry::is_refresh) => entry.unwrap(),
    };
    coze.emulator.faults().set(Vec::new()).unwrap();

    assert_eq!(entry.status, None);
    assert_eq!(coze.web_refresh(&pair.refresh).await.0, 400);
}

#[tokio::test]
async fn ill_platform_leaves_the_refresh_token_alone() {
    let coze = Coze::start().await;
    let pair = coze.web_login().await;

    order(&coze, Fault::unavailable(503));
    let (status, answer) = coze.web_refresh(&pair.refresh).await;
    order(&coze, Fault::html(200));
    let request = coze.request(Method::POST, TOKEN).json(&json!({}));
    let html = request.send().await.unwrap();
    coze.emulator.faults().set(Vec::new()).unwrap();

    assert_eq!((status, &answer["error_code"]), (503, &json!("internal_error")));
    assert_eq!(html.headers()["content-type"], "text/html; charset=utf-8");
    assert!(html.text().await.unwrap().starts_with("<!doctype html>"));
    assert_eq!(coze.web_refresh(&pair.refresh).await.0, 200);
}

#[tokio::test]
async fn cut_answer_has_rotated_too() {
    let coze = Coze::start().await;
    let pair = coze.web_login().await;
    let fault = json!([{"match": {"path": TOKEN}, "fault": {"cut_after_bytes": 20}}]);
    coze.emulator
        .faults()
        .set(serde_json::from_value(fault).unwrap())
        .unwrap();

    let request = coze.request(Method::POST, TOKEN).bearer_auth(coze.web_secret());
    let body = json!({"grant_type": "refresh_token", "client_id": coze.app(coze_emulator::AppKind::Web).client_id,
        "refresh_token": pair.refresh});
    let response = request.json(&body).send().await.unwrap();
    let status = response.status();
    let read = response.bytes().await;
    coze.emulator.faults().set(Vec::new()).unwrap();

    assert_eq!(status, 200);
    assert!(read.is_err(), "the connection broke inside the body");
    assert_eq!(coze.web_refresh(&pair.refresh).await.0, 400);
}

#[tokio::test]
async fn wrong_clock_shows_in_expiry_and_date_of_one_answer() {
    let coze = Coze::start().await;
    let fault = json!([{"match": {"path": TOKEN, "nth": 1}, "fault": {"clock_skew_seconds": -3600}}]);
    coze.emulator
        .faults()
        .set(serde_json::from_value(fault).unwrap())
        .unwrap();
    let mut old = coze.claims();
    old["iat"] = json!(coze.emulator.clock().now() - 3600);
    let buy = async |claims: &Value| {
        let jwt = sign(&coze.emulator.jwt_app(), claims);
        let response = coze.exchange(&jwt, json!({"grant_type": JWT_BEARER})).await;
        let date = response.headers()["date"].to_str().unwrap().to_owned();
        (date, response.json::<Value>().await.unwrap())
    };

    let (skewed_date, skewed) = buy(&old).await;
    let (true_date, truth) = buy(&coze.claims()).await;

    let ahead = |answer: &Value| answer["expires_in"].as_i64().unwrap() - coze.emulator.clock().now();
    assert!((-2_710..=-2_690).contains(&ahead(&skewed)), "{skewed}");
    assert!((890..=900).contains(&ahead(&truth)), "{truth}");
    assert_ne!(skewed_date, true_date);
}

#[tokio::test]
async fn date_header_follows_the_platforms_clock() {
    let coze = Coze::start().await;
    let now = coze.emulator.clock().now();

    coze.emulator.clock().set_offset_seconds(-now);
    let response = coze.request(Method::GET, "/v1/users/me").send().await.unwrap();

    let date = response.headers()["date"].to_str().unwrap();
    assert!(date.starts_with("Thu, 01 Jan 1970 00:00:"), "{date}");
}

#[tokio::test]
async fn journal_tells_each_step_of_a_login_without_its_secrets() {
    let coze = Coze::start().await;
    let pair = coze.web_login().await;
    let (_, answer) = coze.web_refresh(&pair.refresh).await;
    coze.web_refresh(&pair.refresh).await;

    let entries = coze.emulator.journal().entries();
    let steps: Vec<Value> = entries.iter().map(|entry| json!(entry.oauth)).collect();

    let client_id = coze.app(coze_emulator::AppKind::Web).client_id;
    let token = |grant_type: &str| json!({"endpoint": "token", "grant_type": grant_type, "client_id": client_id});
    let with = |mut step: Value, more: Value| {
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        step
    };
    assert_eq!(
        steps,
        [
            json!({"endpoint": "authorize", "client_id": client_id, "outcome": "approved"}),
            with(token("authorization_code"), json!({"outcome": "issued", "login": 1})),
            with(
                token("refresh_token"),
                json!({"outcome": "issued", "login": 1, "rotation": 1})
            ),
            with(
                token("refresh_token"),
                json!({"outcome": "invalid_request", "error_message": "invalid request: refresh_token", "login": 1,
                    "reuse": true})
            ),
        ]
    );
    let journal = serde_json::to_string(&entries).unwrap();
    for secret in [
        &pair.access,
        &pair.refresh,
        &Pair::of(&answer).refresh,
        &coze.web_secret(),
    ] {
        assert!(!journal.contains(secret.as_str()));
    }
}
