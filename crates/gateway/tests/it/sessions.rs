//! Visitors: who is new, who comes back, and that nobody reads another's history.

use crate::world::{Answer, World, send};
use coze_emulator::AuthorizationKind;
use serde_json::{Value, json};
use std::net::SocketAddr;

async fn open(auth: SocketAddr, cookie: &str, body: &str) -> Answer {
    let request = format!(
        "POST /auth/session HTTP/1.1\r\nHost: {auth}\r\nCookie: {cookie}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    send(auth, &request).await
}

/// `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    answer
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

async fn post(proxy: SocketAddr, handle: &str, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {proxy}\r\nAuthorization: Bearer {handle}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    send(proxy, &request).await
}

async fn conversations(proxy: SocketAddr, handle: &str, bot_id: &str) -> Vec<Value> {
    let answer = send(
        proxy,
        &format!(
            "GET /v1/conversations?bot_id={bot_id}&page_num=1&page_size=10 HTTP/1.1\r\nHost: {proxy}\r\nAuthorization: Bearer {handle}\r\n\r\n"
        ),
    )
    .await;
    answer.json()["data"]["conversations"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_answer_says_all_that_a_page_needs() {
    let (world, emulator) = World::with_emulator().await;

    let answer = open(world.auth, "", "{}").await;

    let json = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(json["api_base"], format!("http://{}", world.proxy));
    assert_eq!(json["ws_base"], format!("ws://{}", world.proxy));
    assert_eq!(json["expires_in"], 86_400);
    assert_eq!(json["isolated"], true);
    assert_eq!(json["handle"].as_str().unwrap().len(), 47);
    assert!(json["user"]["id"].as_str().unwrap().starts_with("v_"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(json["upstream"]["api_base"], emulator.api_base());
    assert_eq!(
        json["upstream"]["ws_base"],
        emulator.api_base().replacen("http", "ws", 1)
    );
    assert!(
        json["upstream"]["sdk_url"]
            .as_str()
            .unwrap()
            .ends_with("/libs/cn/index.js")
    );
    world.stop().await;
}

fn text_of<'a>(answer: &'a Value, path: &str) -> &'a str {
    answer.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn where_no_cookie_comes_back_a_pass_brings_the_visitor_back() {
    let (world, _emulator) = World::with_emulator().await;
    let first = open(world.auth, "", "{}").await;
    let pass = text_of(&first.json(), "/visitor").to_owned();

    let by_pass = open(world.auth, "", &json!({"visitor": pass}).to_string()).await;
    let by_both = open(world.auth, &cookie(&first), &json!({"visitor": pass}).to_string()).await;
    let by_forged = open(world.auth, "", &json!({"visitor": format!("{pass}x")}).to_string()).await;

    let user = |answer: &Answer| text_of(&answer.json(), "/user/id").to_owned();
    assert!(pass.starts_with("cgv_"), "{pass}");
    assert_eq!(user(&by_pass), user(&first));
    assert_eq!(user(&by_both), user(&first));
    assert_ne!(user(&by_forged), user(&first));
    assert_eq!(by_pass.json()["visitor"], pass, "the page goes on needing it");
    assert_eq!(by_both.json().get("visitor"), None, "the cookie has come along");
    world.stop().await;
}

#[tokio::test]
async fn cookie_wins_over_the_pass_of_somebody_else() {
    let (world, _emulator) = World::with_emulator().await;
    let (one, other) = (open(world.auth, "", "").await, open(world.auth, "", "").await);

    let body = json!({"visitor": other.json()["visitor"]}).to_string();
    let answer = open(world.auth, &cookie(&one), &body).await;

    assert_eq!(answer.json()["user"], one.json()["user"]);
    world.stop().await;
}

#[tokio::test]
async fn fresh_start_makes_a_new_visitor_and_ends_the_handles_of_the_one_before() {
    let (world, emulator) = World::with_emulator().await;
    let bot_id = emulator.info().bots.iter().find(|bot| bot.published).unwrap().id;
    let path = format!("/v1/bots/{bot_id}");
    let ask = async |handle: &Value| {
        world
            .ask(&format!("GET {path}"), handle.as_str().unwrap(), "")
            .await
            .status
    };
    for shown in ["cookie", "pass"] {
        let before = open(world.auth, "", "").await;
        let stranger = open(world.auth, "", "").await;
        let (cookie, pass) = match shown {
            "cookie" => (cookie(&before), Value::Null),
            _ => (String::new(), before.json()["visitor"].clone()),
        };

        let fresh = open(
            world.auth,
            &cookie,
            &json!({"visitor": pass, "fresh": true}).to_string(),
        )
        .await;

        assert_eq!(fresh.status, 200, "{}", fresh.text());
        assert_ne!(fresh.json()["user"], before.json()["user"]);
        assert_ne!(fresh.json()["visitor"], before.json()["visitor"]);
        assert_eq!(ask(&before.json()["handle"]).await, 401, "{shown}");
        assert_eq!(ask(&fresh.json()["handle"]).await, 200, "{shown}");
        assert_eq!(ask(&stranger.json()["handle"]).await, 200, "{shown}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_visitor_with_the_cookie_is_the_same_and_without_it_is_new() {
    let (world, _emulator) = World::with_emulator().await;
    let first = open(world.auth, "", "").await;

    let again = open(world.auth, &cookie(&first), "{}").await;
    let stranger = open(world.auth, "", "{}").await;
    let forger = open(world.auth, &format!("{}x", cookie(&first)), "{}").await;

    let user = |answer: &Answer| answer.json()["user"]["id"].as_str().unwrap().to_owned();
    assert_eq!(user(&again), user(&first));
    assert_ne!(user(&stranger), user(&first));
    assert_ne!(user(&forger), user(&first));
    assert_ne!(
        again.json()["handle"],
        first.json()["handle"],
        "a handle of its own for every window"
    );
    world.stop().await;
}

#[tokio::test]
async fn histories_of_two_visitors_are_apart_and_follow_the_visitor_to_a_new_handle() {
    let (world, emulator) = World::with_emulator().await;
    let bot_id = emulator.info().bots.iter().find(|bot| bot.published).unwrap().id;
    let first = open(world.auth, "", "").await;
    let other = open(world.auth, "", "").await;
    let handle = |answer: &Answer| answer.json()["handle"].as_str().unwrap().to_owned();

    let created = post(
        world.proxy,
        &handle(&first),
        "/v1/conversation/create",
        &json!({"bot_id": bot_id}),
    )
    .await;

    assert_eq!(created.json()["code"], 0, "{}", created.text());
    let again = open(world.auth, &cookie(&first), "").await;
    assert_eq!(conversations(world.proxy, &handle(&again), bot_id).await.len(), 1);
    assert_eq!(conversations(world.proxy, &handle(&other), bot_id).await.len(), 0);
    let journal = emulator.journal();
    let entries = journal.entries();
    let api_calls: Vec<_> = entries.iter().filter(|entry| entry.path.starts_with("/v1/")).collect();
    assert!(!api_calls.is_empty());
    assert!(
        api_calls
            .iter()
            .all(|entry| entry.authorization_kind == AuthorizationKind::Czs),
        "{api_calls:?}"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_local_caller_may_name_the_session() {
    let (world, emulator) = World::with_emulator().await;

    let answer = open(world.auth, "", r#"{"session_name":"alice"}"#).await;
    let handle = answer.json()["handle"].as_str().unwrap().to_owned();
    post(world.proxy, &handle, "/v1/conversation/create", &json!({})).await;

    assert_eq!(answer.json()["user"], json!({"id": "alice", "kind": "named"}));
    assert_eq!(answer.header("set-cookie"), None);
    let entries = emulator.journal().entries();
    assert!(
        entries
            .iter()
            .any(|entry| entry.session_name.as_deref() == Some("alice")),
        "{entries:?}"
    );
    world.stop().await;
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_told_apart() {
    let (world, _emulator) = World::with_emulator().await;
    let cases = [
        ("[]".to_owned(), 400, "bad-request"),
        ("{".to_owned(), 400, "bad-request"),
        (r#"{"user_id":"x"}"#.to_owned(), 400, "bad-request"),
        (r#"{"session_name":"\u0000"}"#.to_owned(), 400, "session-name-invalid"),
        (
            format!(r#"{{"session_name":"{}"}}"#, "x".repeat(17_000)),
            413,
            "body-too-large",
        ),
    ];

    for (body, status, problem) in cases {
        let answer = open(world.auth, "", &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.json()["type"], format!("urn:cozegate:problem:{problem}"));
    }
    world.stop().await;
}
