//! Visitors: who is new, who comes back, and that nobody reads another's history.

use crate::world::servers::SharedStore;
use crate::world::{Answer, World, demo_app, send};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coze_auth::{Clock, ManualClock, SeededRandom, SystemClock, SystemRandom};
use coze_emulator::{AuthorizationKind, Emulator, EmulatorConfig};
use cozegate_config::{Config, ConfigSource};
use cozegate_gateway::store;
use cozegate_store::{GatewaySecret, HandleRegister};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

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

/// A pass as the versions before wrote it, for the visitor of `pass`.
fn undated(pass: &str) -> String {
    let id = pass.strip_prefix("cgv_").unwrap().split('.').next().unwrap();
    let secret = GatewaySecret::throw_away(&SeededRandom::new(11));
    let root = hmac::Key::new(HMAC_SHA256, secret.expose());
    let key = hmac::sign(&root, b"cozegate visitor pass v1");
    let key = hmac::Key::new(HMAC_SHA256, key.as_ref());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, id.as_bytes()));
    format!("cgv_{id}.{signature}")
}

async fn user_by(auth: SocketAddr, cookie: &str, pass: &str) -> (String, Answer) {
    let answer = open(auth, cookie, &json!({ "visitor": pass }).to_string()).await;
    (text_of(&answer.json(), "/user/id").to_owned(), answer)
}

#[tokio::test]
async fn visitor_who_was_forgotten_comes_back_with_no_pass_and_no_cookie_anywhere() {
    let store = SharedStore::sqlite();
    let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
    let start = async || World::start_on(store.open().await, demo_app(&emulator), |_| {});
    let (world, other) = (start().await, start().await);
    let first = open(world.auth, "", "{}").await;
    let bystander = open(world.auth, "", "{}").await;
    let (user, pass) = (
        text_of(&first.json(), "/user/id").to_owned(),
        text_of(&first.json(), "/visitor").to_owned(),
    );
    for world in [&world, &other] {
        assert_eq!(user_by(world.auth, "", &pass).await.0, user);
        assert_eq!(user_by(world.auth, &cookie(&first), "").await.0, user);
        assert_eq!(user_by(world.auth, "", &undated(&pass)).await.0, user);
    }

    let fresh = open(world.auth, "", &json!({"visitor": pass, "fresh": true}).to_string()).await;

    let mut let_through = 0;
    let mut tried = 0;
    for world in [&world, &other] {
        for (cookie, pass) in [
            ("", &*pass),
            (&*cookie(&first), ""),
            (&*cookie(&first), &*pass),
            ("", &*undated(&pass)),
        ] {
            tried += 1;
            let_through += i32::from(user_by(world.auth, cookie, pass).await.0 == user);
        }
    }
    let new = text_of(&fresh.json(), "/user/id").to_owned();
    let good = [
        user_by(other.auth, "", text_of(&fresh.json(), "/visitor")).await.0 == new,
        user_by(other.auth, &cookie(&fresh), "").await.0 == new,
        user_by(other.auth, &cookie(&bystander), "").await.0 == text_of(&bystander.json(), "/user/id"),
    ];
    let refused = good.iter().filter(|is_good| !**is_good).count();
    println!("withdrawn passes: bad tried {tried} / let through {let_through}; good tried 3 / refused {refused}");
    assert_eq!((let_through, refused), (0, 0));
    world.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn pass_ends_after_its_days_however_often_it_is_used() {
    const DAY: Duration = Duration::from_hours(24);
    let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let mut config = Config::for_app(ConfigSource::Demo, demo_app(&emulator));
    config.server.proxy_addr = ([127, 0, 0, 1], 0).into();
    config.server.auth_addr = ([127, 0, 0, 1], 0).into();
    config.visitors.pass_lifetime = Some(Duration::from_hours(24) * 180);
    let backend = store::in_memory(Arc::new(SystemRandom)).await.unwrap();
    let world = World::run(config, backend, Arc::clone(&clock) as Arc<dyn Clock>);
    let first = open(world.auth, "", "{}").await;
    let user = text_of(&first.json(), "/user/id").to_owned();
    let mut pass = text_of(&first.json(), "/visitor").to_owned();
    let old = undated(&pass);
    assert!(first.header("set-cookie").unwrap().contains("Max-Age=15552000"));

    for _ in 0..179 {
        clock.advance(DAY);
        let (found, answer) = user_by(world.auth, "", &pass).await;
        assert_eq!(found, user);
        text_of(&answer.json(), "/visitor").clone_into(&mut pass);
        // The store has known dates since it was made.
        assert_eq!(user_by(world.auth, "", &old).await.0, user);
    }
    let kept = cookie(&user_by(world.auth, "", &pass).await.1);
    clock.advance(DAY);

    for (cookie, pass) in [("", &*pass), (&*kept, ""), ("", &*old)] {
        assert_ne!(user_by(world.auth, cookie, pass).await.0, user, "{cookie} {pass}");
    }
    world.stop().await;
}

#[tokio::test]
async fn pass_of_an_earlier_version_is_exchanged_for_one_with_a_date() {
    let (world, _emulator) = World::with_emulator().await;
    let first = open(world.auth, "", "{}").await;
    let old = undated(text_of(&first.json(), "/visitor"));

    let (user, answer) = user_by(world.auth, "", &old).await;
    let exchanged = text_of(&answer.json(), "/visitor").to_owned();

    assert_eq!(user, text_of(&first.json(), "/user/id"));
    assert_eq!(exchanged.split('.').count(), 4, "{exchanged}");
    assert_eq!(user_by(world.auth, "", &exchanged).await.0, user);
    // A second tab that still holds the old one.
    assert_eq!(user_by(world.auth, "", &old).await.0, user);
    world.stop().await;
}

#[tokio::test]
async fn subject_that_the_operator_withdraws_comes_back_as_a_new_visitor() {
    let store = SharedStore::sqlite();
    let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
    let world = World::start_on(store.open().await, demo_app(&emulator), |_| {});
    let (one, other) = (open(world.auth, "", "{}").await, open(world.auth, "", "{}").await);
    let user = |answer: &Answer| text_of(&answer.json(), "/user/id").to_owned();
    let pass = |answer: &Answer| text_of(&answer.json(), "/visitor").to_owned();
    // As a command beside the running gateway does.
    let register = HandleRegister::new(store.open().await);
    let now = SystemClock.now();
    let record = register
        .find(text_of(&one.json(), "/handle"), now)
        .await
        .unwrap()
        .unwrap();

    assert_eq!(register.withdraw(&record.app, &record.subject, now).await.unwrap(), 1);

    assert_ne!(user_by(world.auth, "", &pass(&one)).await.0, user(&one));
    assert_ne!(user_by(world.auth, &cookie(&one), "").await.0, user(&one));
    assert_eq!(user_by(world.auth, "", &pass(&other)).await.0, user(&other));

    register.withdraw_all(now).await.unwrap();

    assert_ne!(user_by(world.auth, "", &pass(&other)).await.0, user(&other));
    let later = open(world.auth, "", "{}").await;
    assert_eq!(user_by(world.auth, "", &pass(&later)).await.0, user(&later));
    world.stop().await;
}
